import torch

from lichen.fusion.add import AddFusion


def test_it_is_the_formula(by_token):
    torch.manual_seed(0)
    add = AddFusion(6, 4)
    x, e = torch.randn(1, 2, 6), torch.randn(1, 2, 4)
    out = add.read_in(x, by_token(e, torch.tensor([[True, False]])))
    assert torch.allclose(out[0, 0], x[0, 0] + add.write.weight @ e[0, 0], atol=1e-6)
    assert torch.equal(out[0, 1], x[0, 1])
