"""Estimated ranks against exact ones, and the estimate against planted distributions."""

import numpy as np
import pytest
import torch

from lichen.base.errors import ConfigError, DataError
from lichen.data.graph import Graph
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.evaluate import evaluate
from lichen.embedding.sampled import _from_sample, _likeliest, evaluate_sampled


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


@pytest.mark.parametrize("sample", [20_000, 5_000])
def test_the_estimate_finds_planted_ranks_where_averaging_does_not(sample):
    draw, count, size = np.random.default_rng(0), 50_000, 4000
    ranks = np.exp(draw.uniform(0, np.log(count), size)).round()
    above = draw.hypergeometric(ranks.astype(int) - 1, count - ranks.astype(int), sample)
    filled = np.full(size, float(sample)), np.full(size, count - 1.0)
    mrr, *hits = _from_sample(above.astype(float), *filled, draw)
    truth = [(ranks <= k).mean() for k in (1, 3, 10)]
    naive = (1 / (1 + above * (count - 1) / sample)).mean()
    assert abs(mrr.value - (1 / ranks).mean()) < 0.02
    assert abs(naive - (1 / ranks).mean()) > 0.02
    assert abs(hits[2].value - truth[2]) < 0.02
    assert hits[2].low < hits[2].value < hits[2].high


def test_expectation_maximisation_equals_a_slow_step():
    draw = np.random.default_rng(0)
    prior, likelihood = draw.dirichlet(np.ones(4))[None], draw.random((5, 4))
    counts = np.array([[3, 0, 2, 1, 4]])
    expected = np.zeros(4)
    for outcome, times in enumerate(counts[0]):
        posterior = prior[0] * likelihood[outcome]
        expected += times * posterior / posterior.sum()
    found = _likeliest(prior, likelihood, counts, steps=1)
    np.testing.assert_allclose(found[0], expected / expected.sum())


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
