import torch

from lichen.fusion.concat import ConcatFusion


def test_it_starts_as_the_token_plus_its_entity_at_full_length(by_token):
    torch.manual_seed(0)
    concat = ConcatFusion(6, 4)
    x, e = torch.randn(2, 3, 6), torch.randn(2, 3, 4)
    added = concat.read_in(x, by_token(e, torch.ones(2, 3, dtype=torch.bool))) - x
    assert torch.allclose(added.norm(dim=-1), e.norm(dim=-1), atol=1e-5)


def test_it_is_the_formula_after_training_too(by_token):
    torch.manual_seed(0)
    concat = ConcatFusion(3, 2)
    torch.nn.init.normal_(concat.project.weight)
    torch.nn.init.normal_(concat.project.bias)
    x, e = torch.randn(1, 1, 3), torch.randn(1, 1, 2)
    want = concat.project.weight @ torch.cat([x[0, 0], e[0, 0]]) + concat.project.bias
    out = concat.read_in(x, by_token(e, torch.tensor([[True]])))
    assert torch.allclose(out[0, 0], want, atol=1e-6)
