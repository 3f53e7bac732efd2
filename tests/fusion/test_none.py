import torch

from lichen.fusion.none import NoFusion


def test_nothing_changes_and_nothing_is_learned(by_token):
    fusion = NoFusion(6, 4)
    x = torch.randn(2, 3, 6)
    known = by_token(torch.randn(2, 3, 4), torch.ones(2, 3, dtype=torch.bool))
    assert torch.equal(fusion.read_in(x, known), x)
    assert not list(fusion.parameters())
