"""Estimated ranks against exact ones, and the estimate against planted distributions."""

import numpy as np
import pytest
import torch

from lichen.base.errors import ConfigError, DataError
from lichen.data.graph import Graph
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.evaluate import evaluate
from lichen.embedding.sampled import _Deck, evaluate_sampled


def drawn_graph(seed=0, *, num_entities=300, num_facts=900):
    draw = np.random.default_rng(seed)
    facts = np.unique(draw.integers([40, 3, num_entities], size=(num_facts, 3)), axis=0)
    labels = [(f"e{h}", f"r{r}", f"e{t}") for h, r, t in facts[draw.permutation(len(facts))]]
    return Graph.from_triples(labels[:-200], splits={"test": labels[-200:]})


def in_eighths(encoder):
    """Round the vectors so that every sum is exact, and let some entities be alike."""
    with torch.no_grad():
        for table in (encoder.entity_table, encoder.relation_table):
            table.copy_((table * 40).round() / 8)
        encoder.entity_table[::7] = encoder.entity_table[0].clone()
    return encoder


@pytest.mark.parametrize(("rows", "columns"), [(128, 32768), (7, 50), (1, 1000)])
@pytest.mark.parametrize("reciprocal", [True, False])
def test_against_all_entities_it_is_exact(monkeypatch, rows, columns, reciprocal):
    monkeypatch.setattr("lichen.embedding.sampled.ROWS", rows)
    monkeypatch.setattr("lichen.embedding.sampled.COLUMNS", columns)
    graph = drawn_graph()
    encoder = in_eighths(GraphEncoder("complex", graph, dim=8, reciprocal=reciprocal))
    exact, found = evaluate(encoder, graph).both, evaluate_sampled(encoder, graph)
    assert found.mrr.value == pytest.approx(exact.mrr)
    for k, share in exact.hits.items():
        assert found.hits[k].value == pytest.approx(share)
    assert found.num_queries == exact.num_queries
    assert found.num_candidates == graph.num_entities
    assert found.mrr.low <= found.mrr.value <= found.mrr.high


class InRows:
    """An encoder of which only whole rows of scores are known."""

    def __init__(self, encoder):
        self.num_entities, self.num_relations = encoder.num_entities, encoder.num_relations
        self.score_directed = encoder.score_directed


@pytest.mark.parametrize("chunk", [4_000_000, 900, 1])
@pytest.mark.parametrize("sample", [None, 40])
def test_what_gives_rows_of_scores_is_ranked_among_all(monkeypatch, chunk, sample):
    monkeypatch.setattr("lichen.embedding.sampled.CHUNK_SCORES", chunk)
    graph = drawn_graph(2, num_entities=120, num_facts=500)
    encoder = in_eighths(GraphEncoder("complex", graph, dim=8, reciprocal=False))
    one = evaluate_sampled(encoder, graph, num_queries=150, seed=2)
    given = {"num_queries": 150, "num_candidates": sample, "seed": 2}
    other = evaluate_sampled(InRows(encoder), graph, **given)
    assert other.mrr == pytest.approx(one.mrr)
    assert other.hits[3] == pytest.approx(one.hits[3])
    assert str(other).endswith(str(one)[str(one).index(";") :])


def test_some_queries_give_an_interval_around_all():
    graph = drawn_graph(1)
    encoder = in_eighths(GraphEncoder("distmult", graph, dim=6, seed=3))
    exact = evaluate(encoder, graph).both.mrr
    found = [evaluate_sampled(encoder, graph, num_queries=100, seed=s).mrr for s in range(20)]
    assert sum(x.low <= exact <= x.high for x in found) >= 16
    assert evaluate_sampled(encoder, graph, num_queries=1).num_queries == 1


def test_a_sample_holds_no_known_answer_and_no_truth():
    graph = drawn_graph()
    encoder = GraphEncoder("distmult", graph, dim=4)
    with torch.no_grad():  # the truth ties with every rival: half of them count
        encoder.entity_table.zero_()
    found = evaluate_sampled(encoder, graph, num_candidates=100)
    assert found.num_candidates == 100
    assert found.hits[10].value < 0.01
    assert found.mrr.value == pytest.approx(2 / graph.num_entities, rel=0.2)
    everything = evaluate_sampled(encoder, graph, num_candidates=10**6)
    assert everything.num_candidates == graph.num_entities


@pytest.mark.parametrize("size", [1, 20, 60, 119])
def test_intervals_from_samples_hold_the_rank_among_all(size):
    graph = drawn_graph(3, num_entities=120, num_facts=600)
    encoder = in_eighths(GraphEncoder("distmult", graph, dim=6, seed=1))
    exact = evaluate(encoder, graph).both
    given = {"num_queries": 200, "num_candidates": size}
    found = [evaluate_sampled(encoder, graph, seed=s, **given) for s in range(20)]
    for name, truth in (("mrr", exact.mrr), (1, exact.hits[1]), (10, exact.hits[10])):
        every = [x.mrr if name == "mrr" else x.hits[name] for x in found]
        assert all(0 <= x.low <= x.value <= x.high <= 1 for x in every)
        assert sum(x.low <= truth <= x.high for x in every) >= 18
    if size > 20:
        assert np.mean([x.mrr.high - x.mrr.low for x in found]) < 0.15


@pytest.mark.filterwarnings("error")
def test_one_query_and_a_few_rivals_give_a_wide_interval():
    graph = drawn_graph()
    encoder = GraphEncoder("complex", graph, dim=4)
    for seed in range(6):  # tails and heads
        found = evaluate_sampled(encoder, graph, num_queries=1, num_candidates=5, seed=seed).mrr
        assert 0 <= found.low <= found.value <= found.high <= 1
        assert found.high - found.low > 0.1


@pytest.mark.parametrize(("rows", "columns"), [(128, 32768), (7, 50), (1, 1000)])
def test_tiles_change_nothing_for_the_same_samples(monkeypatch, rows, columns):
    graph = drawn_graph(4, num_entities=120, num_facts=500)
    encoder = in_eighths(GraphEncoder("complex", graph, dim=8))
    given = {"num_queries": 64, "num_candidates": 100, "seed": 5}  # each query has its own sample
    whole = evaluate_sampled(encoder, graph, **given)
    monkeypatch.setattr("lichen.embedding.sampled.ROWS", rows)
    monkeypatch.setattr("lichen.embedding.sampled.COLUMNS", columns)
    assert evaluate_sampled(encoder, graph, **given) == whole


def test_a_deck_deals_each_entity_once_before_it_shuffles():
    deck = _Deck(10, 3, 1, np.random.default_rng(0))
    hands = [deck.deal() for _ in range(300)]
    for first in range(0, 300, 3):
        assert len(np.unique(np.concatenate(hands[first : first + 3]))) == 9
    often = np.bincount(np.concatenate(hands))
    assert often.min() > 75
    assert all((np.diff(hand) > 0).all() for hand in hands)


def test_bad_input_is_told():
    graph = drawn_graph()
    encoder = GraphEncoder("complex", graph, dim=4)
    with pytest.raises(ConfigError, match="num_queries must be between 1"):
        evaluate_sampled(encoder, graph, num_queries=0)
    with pytest.raises(ConfigError, match="num_candidates must be between 1"):
        evaluate_sampled(encoder, graph, num_candidates=0)
    for fraction in ({"num_queries": 2.5}, {"num_candidates": 2.5}):
        with pytest.raises(ConfigError, match=r"must be a whole number from 1 to .*; got 2\.5"):
            evaluate_sampled(encoder, graph, **fraction)
    with pytest.raises(ConfigError, match=r"seed must be between 0 and .*; got -1"):
        evaluate_sampled(encoder, graph, seed=-1)
    with pytest.raises(DataError, match="got 'dev'"):
        evaluate_sampled(encoder, graph, "dev")
    with torch.no_grad():
        encoder.entity_table[0] = float("nan")
    with pytest.raises(DataError, match="must hold numbers; they hold a NaN"):
        evaluate_sampled(encoder, graph)


def test_it_shows_on_one_line():
    graph = drawn_graph()
    found = evaluate_sampled(GraphEncoder("complex", graph, dim=4), graph, num_queries=50)
    assert str(found).startswith("MRR 0.")
    assert str(found).endswith(
        f"; 50 queries, {found.num_unseen} with an unseen entity, among {graph.num_entities} of "
        f"{graph.num_entities} entities"
    )


def test_queries_about_what_training_never_saw_are_counted_and_kept():
    facts = [("a", "r", "b"), ("b", "r", "c"), ("c", "s", "a")]
    odd = [("a", "r", "new"), ("a", "t", "c"), ("b", "s", "b"), ("a", "s", "c")]
    graph = Graph.from_triples(facts, splits={"test": odd})
    found = evaluate_sampled(GraphEncoder("complex", graph, dim=4), graph)
    assert found.num_queries == 8
    assert (found.num_unseen, found.num_unseen_relation, found.num_loops) == (2, 2, 2)
    assert "8 queries, 2 with an unseen entity, 2 with an unseen relation, 2 self-loops, among" in (
        str(found)
    )
    exact = evaluate(GraphEncoder("complex", graph, dim=4), graph)
    assert (exact.num_unseen, exact.num_unseen_relation, exact.num_loops) == (1, 1, 1)
