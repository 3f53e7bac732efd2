import pytest
import torch

from lichen.base.errors import ChoiceError, ConfigError, ShapeError
from lichen.fusion import FUSIONS
from lichen.fusion.operator import make_fusion


@pytest.fixture(params=sorted(FUSIONS))
def fusion(request):
    torch.manual_seed(0)
    return make_fusion(request.param, 6, 4)


def batch():
    draw = torch.Generator().manual_seed(0)
    linked = torch.tensor([[False, True, True, False, True], [False] * 5, [True] * 5])
    return torch.randn(3, 5, 6, generator=draw), torch.randn(3, 5, 4, generator=draw), linked


def test_unlinked_tokens_pass_unchanged_bit_for_bit(fusion):
    tokens, entities, linked = batch()
    out = fusion(tokens, entities, linked)
    assert out.shape == tokens.shape
    assert torch.equal(out[~linked], tokens[~linked])
    changed = (out != tokens).any(-1)
    assert torch.equal(changed, linked if type(fusion).__name__ != "NoFusion" else linked & False)


def test_a_batch_without_any_link_passes_unchanged(fusion):
    tokens, entities, linked = batch()
    assert torch.equal(fusion(tokens, entities, linked & False), tokens)


def test_entities_of_unlinked_tokens_are_not_read(fusion):
    tokens, entities, linked = batch()
    other = torch.where(linked.unsqueeze(-1), entities, entities + 9.0)
    assert torch.allclose(fusion(tokens, entities, linked), fusion(tokens, other, linked))


def test_gradient_reaches_entities_and_tokens(fusion):
    tokens, entities, linked = batch()
    tokens.requires_grad_()
    entities.requires_grad_()
    fusion(tokens, entities, linked).square().sum().backward()
    assert tokens.grad.abs().sum() > 0
    reached = entities.grad.abs().sum(-1) > 0
    expected = linked if type(fusion).__name__ != "NoFusion" else linked & False
    assert torch.equal(reached, expected)


def test_rows_of_a_batch_do_not_touch_each_other(fusion):
    tokens, entities, linked = batch()
    whole = fusion(tokens, entities, linked)
    single = [fusion(tokens[i : i + 1], entities[i : i + 1], linked[i : i + 1]) for i in range(3)]
    assert torch.allclose(whole, torch.cat(single), atol=1e-6)


def test_state_round_trip(fusion):
    tokens, entities, linked = batch()
    name = next(key for key, path in FUSIONS.items() if path.endswith(type(fusion).__name__))
    twin = make_fusion(name, 6, 4)
    twin.load_state_dict(fusion.state_dict())
    assert torch.equal(fusion(tokens, entities, linked), twin(tokens, entities, linked))


def test_every_method_names_its_paper_and_says_its_shapes(fusion):
    assert "PAPER" in vars(type(fusion))
    assert "linked `(batch, tokens)` bool -> `(batch, tokens, dim)`" in type(fusion).__doc__


def test_what_does_not_fit_is_refused(fusion):
    tokens, entities, linked = batch()
    with pytest.raises(ShapeError, match=r"\(3, 5, 4\)"):
        fusion(tokens[..., :5], entities, linked)
    with pytest.raises(ShapeError, match="fusion: tokens, entities and linked"):
        fusion(tokens, entities, linked[:, :4])


def test_unknown_names_and_widths_are_refused():
    with pytest.raises(ChoiceError, match="Did you mean 'gate'"):
        make_fusion("gat", 6, 4)
    with pytest.raises(ConfigError, match=r"fusion\.dim"):
        make_fusion("gate", 0, 4)
