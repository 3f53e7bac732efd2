"""What every fusion method must hold, swept over all of them."""

import pytest
import torch

from lichen.base.errors import ChoiceError, ConfigError, ShapeError
from lichen.data.vocabulary import Vocabulary
from lichen.fusion import FUSIONS
from lichen.fusion.known import Known
from lichen.fusion.model import FusedModel
from lichen.fusion.operator import TokenFusion, fusion_class

LABELS = Vocabulary(["no", "yes"])
IN_PLACE = sorted(name for name in FUSIONS if issubclass(fusion_class(name), TokenFusion))


@pytest.fixture(params=IN_PLACE)
def fusion(request):
    torch.manual_seed(0)
    return fusion_class(request.param)(6, 4, fact_dim=9).eval()


def batch():
    """Three texts of five tokens with up to two mentions and three facts a mention."""
    draw = torch.Generator().manual_seed(0)
    mention_of = torch.tensor([[-1, 0, 0, -1, 1], [-1] * 5, [0, 0, 1, 1, 1]])
    is_linked = torch.tensor([[True, True], [False, False], [True, True]])
    is_fact = torch.tensor([[[1, 1, 1], [1, 0, 0]], [[0] * 3] * 2, [[0] * 3, [1, 1, 0]]]).bool()
    known = Known(
        mask=torch.ones(3, 5, dtype=torch.bool),
        mention_of=mention_of,
        at_mentions=torch.randn(3, 2, 4, generator=draw) * is_linked.unsqueeze(-1),
        is_linked=is_linked,
        facts=torch.randn(3, 2, 3, 9, generator=draw) * is_fact.unsqueeze(-1),
        is_fact=is_fact,
    )
    return torch.randn(3, 5, 6, generator=draw), known


def is_none(fusion):
    return type(fusion).__name__ == "NoFusion"


def test_unlinked_tokens_pass_unchanged_bit_for_bit(fusion):
    tokens, known = batch()
    out = fusion.read_in(tokens, known)
    assert out.shape == tokens.shape
    assert torch.equal(out[~known.linked], tokens[~known.linked])
    changed = (out != tokens).any(-1)
    assert torch.equal(changed, known.linked & (not is_none(fusion)))


def test_a_batch_without_any_link_passes_unchanged(fusion):
    tokens, known = batch()
    nothing = known._replace(is_linked=torch.zeros_like(known.is_linked))
    assert torch.equal(fusion.read_in(tokens, nothing), tokens)


def test_gradient_reaches_entities_and_tokens(fusion):
    tokens, known = batch()
    tokens.requires_grad_()
    known.at_mentions.requires_grad_()
    fusion.read_in(tokens, known).square().sum().backward()
    assert tokens.grad.abs().sum() > 0
    reached = known.at_mentions.grad.abs().sum(-1) > 0
    assert torch.equal(reached, known.is_linked & (not is_none(fusion)))


def test_rows_of_a_batch_do_not_touch_each_other(fusion):
    tokens, known = batch()
    whole = fusion.read_in(tokens, known)
    single = [
        fusion.read_in(tokens[i : i + 1], Known(*(x[i : i + 1] for x in known))) for i in range(3)
    ]
    assert torch.allclose(whole, torch.cat(single), atol=1e-6)


def test_state_round_trip(fusion):
    tokens, known = batch()
    twin = type(fusion)(6, 4, fact_dim=9).eval()
    twin.load_state_dict(fusion.state_dict())
    assert torch.equal(fusion.read_in(tokens, known), twin.read_in(tokens, known))


def test_what_does_not_fit_is_refused(fusion):
    tokens, known = batch()
    with pytest.raises(ShapeError, match="fusion: token states must be"):
        fusion.read_in(tokens[..., :5], known)
    with pytest.raises(ShapeError, match=r"\(3, 2, 3\)"):
        fusion.read_in(tokens, known._replace(at_mentions=known.at_mentions[..., :3]))


@pytest.mark.parametrize("name", sorted(FUSIONS))
def test_every_method_names_its_paper_and_says_its_shapes(name):
    kind = fusion_class(name)
    assert "PAPER" in vars(kind)
    assert "-> `(batch, tokens, dim)`" in " ".join(kind.__doc__.split())
    assert "Cost:" in kind.__doc__


LATE = sorted(n for n in FUSIONS if n != "input" and not fusion_class(n).NEEDS_INSIDE)
"""Those that read at the last hidden layer too."""


@pytest.mark.parametrize(("name", "at"), [*((n, None) for n in FUSIONS), *((n, 3) for n in LATE)])
def test_a_text_without_links_is_read_as_without_fusion(any_text, nodes, graph, samples, name, at):
    """Holds for every method, whatever else is in the batch, and ends in the last norm."""
    model = FusedModel(any_text, nodes, graph=graph, fusion=name, labels=LABELS, at=at)
    plain = FusedModel(any_text, nodes, fusion="none", labels=LABELS)
    found = []
    for one in (model, plain):
        batcher = one.batcher()
        made = batcher.collate(batcher.items(samples))
        found.append(one.fused_states(made)[2, : int(made["attention_mask"][2].sum())])
    assert torch.allclose(*found, atol=2e-2)


@pytest.mark.parametrize("name", sorted(set(FUSIONS) - {"none", "input"}))
def test_every_parameter_is_trained_and_knowledge_changes_the_states(
    text, nodes, graph, samples, name
):
    model = FusedModel(text, nodes, graph=graph, fusion=name, labels=LABELS)
    batcher = model.batcher()
    made = batcher.collate(batcher.items(samples))
    for _ in range(2):  # what starts at zero lets no gradient through in the first step
        model.fused_states(made).square().sum().backward()
        still = [n for n, p in model.fusion.named_parameters() if p.grad is None]
        assert not still
        with torch.no_grad():
            for p in model.fusion.parameters():
                p.sub_(0.01 * p.grad)
    plain = FusedModel(text, nodes, fusion="none", labels=LABELS)
    plain_batcher = plain.batcher()
    plain_states = plain.fused_states(plain_batcher.collate(plain_batcher.items(samples)))
    linked = made["mention_of"] >= 0
    assert (model.fused_states(made) - plain_states)[linked].abs().max() > 1e-3


def test_unknown_names_and_widths_are_refused():
    with pytest.raises(ChoiceError, match="Did you mean 'gate'"):
        fusion_class("gat")
    with pytest.raises(ConfigError, match=r"fusion\.dim"):
        fusion_class("gate")(0, 4)
