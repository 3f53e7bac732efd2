import numpy as np
import pytest
import torch

from lichen.base.errors import DataError
from lichen.data.graph import Graph
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.evaluate import KnownAnswers, evaluate, rank_triples


def random_graph(seed=0):
    rng = np.random.default_rng(seed)
    facts = {
        (f"e{rng.integers(12)}", f"r{rng.integers(3)}", f"e{rng.integers(12)}") for _ in range(90)
    }
    ordered = sorted(facts)
    splits = {"valid": ordered[50:60], "test": [*ordered[60:], ("stranger", "r0", "e1")]}
    return Graph.from_triples(ordered[:50], splits=splits)


def by_hand(encoder, graph, split):
    """Rank by asking about one candidate at a time."""
    entities, shift = range(graph.num_entities), graph.num_relations
    tails, heads = [], []
    for h, r, t in graph.split(split).tolist():
        for truth, known, asked, relation, ranks in (
            (t, graph.tails(h, r), h, r, tails),
            (h, graph.heads(r, t), t, r + shift, heads),
        ):
            scores = encoder.score_directed([asked], [relation])[0].tolist()
            rivals = [scores[e] for e in entities if e not in known]
            above = sum(s > scores[truth] for s in rivals)
            ranks.append(1 + above + sum(s == scores[truth] for s in rivals) / 2)
    return tails, heads


@pytest.mark.parametrize("name", ["complex", "transe"])
@pytest.mark.parametrize("chunk", [1, 40, 10**9])
def test_equals_ranking_by_hand_in_any_chunk(monkeypatch, name, chunk):
    monkeypatch.setattr("lichen.embedding.evaluate.CHUNK_SCORES", chunk)
    graph = random_graph()
    encoder = GraphEncoder(name, graph, dim=8)
    with torch.no_grad():  # equal rows give equal scores: ties
        encoder.entity_table[3] = encoder.entity_table[4]
    found = evaluate(encoder, graph)
    tails, heads = by_hand(encoder, graph, "test")
    assert found.tail_ranks.tolist() == tails
    assert found.head_ranks.tolist() == heads
    assert found.both.mrr == pytest.approx(np.mean([1 / x for x in tails + heads]))
    assert found.tails.mrr == pytest.approx(np.mean([1 / x for x in tails]))
    assert found.heads.num_queries == len(graph.split("test"))


def test_facts_with_an_unseen_entity_are_counted_and_kept():
    graph = random_graph()
    found = evaluate(GraphEncoder("complex", graph, dim=8), graph)
    assert found.num_unseen == 1
    assert found.both.num_queries == 2 * len(graph.split("test"))
    assert "1 facts with an unseen entity" in str(found)


def test_known_answers_are_the_facts_of_every_split():
    graph = random_graph()
    known = KnownAnswers(graph.triples, num_relations=graph.num_relations)
    h, r, t = graph.triples.T
    tails = known.mask(h, r, num_entities=graph.num_entities)
    heads = known.mask(t, r + graph.num_relations, num_entities=graph.num_entities)
    for row, (head, relation, tail) in enumerate(graph.triples.tolist()):
        assert set(np.flatnonzero(tails[row])) == set(graph.tails(head, relation))
        assert set(np.flatnonzero(heads[row])) == set(graph.heads(relation, tail))
    nothing = known.mask(np.array([0]), np.array([5]), num_entities=graph.num_entities)
    assert set(np.flatnonzero(nothing[0])) == set(graph.heads(2, 0))


def test_all_scores_alike_rank_in_the_middle():
    graph = random_graph()
    encoder = GraphEncoder("distmult", graph, dim=4)
    with torch.no_grad():
        encoder.entity_table.zero_()
    none = KnownAnswers(graph.triples[:0], num_relations=graph.num_relations)
    tails, heads = rank_triples(encoder, graph.split("test"), known=none)
    assert set(tails) == set(heads) == {(graph.num_entities + 1) / 2}


def test_missing_split_and_nan_are_refused():
    graph = random_graph()
    encoder = GraphEncoder("complex", graph, dim=4)
    with pytest.raises(DataError, match="got 'dev'"):
        evaluate(encoder, graph, "dev")
    with torch.no_grad():
        encoder.entity_table[0] = float("nan")
    with pytest.raises(DataError, match="must hold numbers; it holds a NaN"):
        evaluate(encoder, graph)
