import torch

from lichen.fusion.none import NoFusion


def test_nothing_changes_and_nothing_is_learned():
    fusion = NoFusion(6, 4)
    x = torch.randn(2, 3, 6)
    assert torch.equal(fusion(x, torch.randn(2, 3, 4), torch.ones(2, 3, dtype=torch.bool)), x)
    assert not list(fusion.parameters())
