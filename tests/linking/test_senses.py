import numpy as np
import pytest
import torch

from lichen.base.errors import ConfigError, DataError
from lichen.data.builder import GraphBuilder
from lichen.data.corpus import Span
from lichen.linking.lessons import Inventory
from lichen.linking.senses import Ambiguous, SenseConfig, SenseRanker
from lichen.lm.span_states import SpanStates

RIVER = "They fished from the bank of the stream."
MONEY = "She asked the bank for a loan."


@pytest.fixture(scope="module")
def banks():
    builder = GraphBuilder()
    for label, name, about in (
        ("bank.n.01", "bank", "sloping land beside a river or a lake"),
        ("bank.n.02", "bank", "an institution that keeps and lends money"),
        ("slope.n.01", "slope", "an elevated geological formation"),
        ("firm.n.01", "firm", "a business that offers services"),
    ):
        builder.add_entity(label, description=about)
        builder.add_name(label, name)
    builder.add_fact("bank.n.01", "hypernym", "slope.n.01")
    builder.add_fact("bank.n.02", "hypernym", "firm.n.01")
    return builder.build()


@pytest.fixture
def ranker(banks, packaged_text, tmp_path):
    return SenseRanker(banks, SpanStates(packaged_text, folder=tmp_path))


def mention(graph, text):
    start = text.index("bank")
    return Ambiguous(text, Span(start, start + 4), Inventory(graph).of("bank"))


def test_context_matters_before_anything_is_learned(banks, ranker):
    river, money = ranker.probabilities([mention(banks, RIVER), mention(banks, MONEY)])
    assert river[0] > money[0]
    assert river.sum() == pytest.approx(1) == money.sum()


def test_scores_are_the_slow_formula(banks, ranker):
    ranker.shares.data.fill_(0.3)
    (scores,) = ranker.scores([mention(banks, RIVER)])
    place = mention(banks, RIVER)[:2]
    state = ranker.states.get([place])[0].astype(np.float64).ravel()
    query = ranker.query.weight.detach().double().numpy() @ state
    for score, (own, near) in zip(scores, ((0, 2), (1, 3)), strict=True):
        lines = ranker.states.get([ranker.line(own), ranker.line(near)])[:, -1].astype(np.float64)
        key = ranker.key.weight.detach().double().numpy() @ (lines[0] + 0.3 * lines[1])
        cosine = query @ key / np.linalg.norm(query) / np.linalg.norm(key)
        assert score == pytest.approx(15.0 * cosine, abs=2e-2)


def test_keys_of_some_are_rows_of_the_keys_of_all(ranker):
    ranker.shares.data.fill_(0.5)
    table = ranker.eval().table([0, 1, 2])
    whole = ranker.keys(table, torch.arange(3))
    torch.testing.assert_close(ranker.keys(table, torch.tensor([2, 0])), whole[[2, 0]])


def test_the_prior_speaks_where_the_context_does_not(banks, ranker):
    ranker.context_weight, ranker.prior_weight = 0.0, 1.0
    (found,) = ranker.probabilities([mention(banks, MONEY)])
    np.testing.assert_allclose(found, [2 / 3, 1 / 3])


def test_counts_are_a_prior_of_weight_one_in_place_of_the_order(banks, ranker):
    asked = mention(banks, MONEY)
    (scores,) = ranker.scores([asked])
    ranker.prior_weight = 5.0
    (found,) = ranker.probabilities([asked._replace(counts=(1, 8))])
    odds = np.exp(scores) * [2, 9]
    np.testing.assert_allclose(found, odds / odds.sum())


@pytest.mark.parametrize("counts", [(1,), (1, -1), (1, float("nan"))])
def test_counts_that_tell_nothing_are_refused(banks, ranker, counts):
    with pytest.raises(DataError, match="counts must hold a number of 0 or more for each of 2"):
        ranker.probabilities([mention(banks, MONEY)._replace(counts=counts)])


def test_no_tails_leaves_the_facts_unread(banks, packaged_text, tmp_path):
    config = SenseConfig(max_tails=0)
    ranker = SenseRanker(banks, SpanStates(packaged_text, folder=tmp_path), config=config)
    assert len(ranker.table([0, 1]).near) == 0
    assert len(ranker.scores([mention(banks, RIVER)])[0]) == 2


def test_a_line_is_names_and_definition(ranker):
    line = "bank: sloping land beside a river or a lake"
    assert ranker.line(0) == (line, Span(0, 4))


def test_an_entity_without_description_is_its_name(lands, packaged_text, tmp_path):
    ranker = SenseRanker(lands, SpanStates(packaged_text, folder=tmp_path))
    assert ranker.line(lands.entities.id("Malta")) == ("Malta", Span(0, 5))


def test_no_mentions_no_scores(ranker):
    assert ranker.scores([]) == []


def test_a_mention_without_candidates_is_refused(banks, ranker):
    alone = mention(banks, RIVER)._replace(candidates=())
    with pytest.raises(DataError, match="at least one candidate; 'bank' has none"):
        ranker.scores([mention(banks, MONEY), alone])


def test_a_candidate_unknown_to_the_graph_is_refused(banks, ranker):
    with pytest.raises(DataError, match="entity ids"):
        ranker.scores([mention(banks, RIVER)._replace(candidates=(0, 99))])


def test_bad_settings_are_refused():
    with pytest.raises(ConfigError, match=r"sense\.dropout must be between"):
        SenseConfig(dropout=1.0)
