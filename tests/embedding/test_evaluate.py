import numpy as np
import pytest
import torch

from lichen.base.errors import ConfigError, DataError, ShapeError
from lichen.data.graph import Graph
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.evaluate import (
    _count_in_blocks,
    count_rivals,
    evaluate,
    rank_triples,
)
from lichen.embedding.known import KnownAnswers


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


def test_ties_rules_bracket_one_another():
    graph = random_graph()
    encoder = GraphEncoder("distmult", graph, dim=4)
    with torch.no_grad():
        encoder.entity_table[::2] = encoder.entity_table[0].clone()
    low, mid, high = (
        evaluate(encoder, graph, ties=ties) for ties in ("optimistic", "realistic", "pessimistic")
    )
    for side in ("tail_ranks", "head_ranks"):
        a, b, c = (getattr(found, side) for found in (low, mid, high))
        assert (a <= b).all()
        assert (a < c).any()
        np.testing.assert_array_equal(b, (a + c) / 2)


class Fixed:
    """Scores from a table; it takes no memory to write to."""

    def __init__(self, scores, num_relations):
        self.scores, self.num_relations = scores, num_relations
        self.num_entities = scores.shape[-1]

    def score_directed(self, entity, relation, *, out=None):
        del out
        return self.scores[torch.from_numpy(relation), torch.from_numpy(entity)].clone()


@pytest.mark.parametrize("chunk", [1, 50, 10**9])
@pytest.mark.parametrize("hides", [True, False])
def test_infinite_scores_and_many_truths_of_one_query(monkeypatch, chunk, hides):
    monkeypatch.setattr("lichen.embedding.evaluate.CHUNK_SCORES", chunk)
    draw = np.random.default_rng(3)
    scores = draw.integers(0, 4, (6, 12, 12)).astype(np.float32)
    scores[draw.random(scores.shape) < 0.3] = -np.inf
    scores[draw.random(scores.shape) < 0.1] = np.inf
    triples = np.unique(draw.integers([12, 3, 12], size=(70, 3)), axis=0)
    stated = triples if hides else triples[:0]
    known = KnownAnswers(stated, num_relations=3)
    found = rank_triples(Fixed(torch.from_numpy(scores), 3), triples, known=known)
    facts = set(map(tuple, stated.tolist()))
    for ranks, is_tail in zip(found, (True, False), strict=True):
        for (h, r, t), rank in zip(triples.tolist(), ranks, strict=True):
            row = scores[r, h] if is_tail else scores[r + 3, t]
            truth = t if is_tail else h
            rivals = [
                row[e]
                for e in range(12)
                if e != truth and ((h, r, e) if is_tail else (e, r, t)) not in facts
            ]
            above = sum(s > row[truth] for s in rivals)
            assert rank == 1 + above + sum(s == row[truth] for s in rivals) / 2


def test_counting_in_blocks_equals_counting_by_row_in_any_number_of_threads():
    draw = torch.Generator().manual_seed(0)
    scores = torch.randint(0, 5, (7, 30), generator=draw).float()
    scores[3, 4] = float("nan")
    row = torch.tensor([0, 0, 1, 3, 3, 3, 4, 5, 6, 6])
    true = scores[row, torch.randint(0, 30, (10,), generator=draw)]
    expected = _count_in_blocks(scores, row, true)
    before = torch.get_num_threads()
    try:
        for threads in (1, 2, 16):
            torch.set_num_threads(threads)
            for a, b in zip(count_rivals(scores, row, true), expected, strict=True):
                np.testing.assert_array_equal(a, b)
    finally:
        torch.set_num_threads(before)


def test_figures_by_relation_and_by_mapping_class():
    graph = random_graph()
    found = evaluate(GraphEncoder("complex", graph, dim=8), graph)
    relation = graph.split("test")[:, 1]
    for label, sides in found.by_relation.items():
        rows = relation == graph.relations.id(label)
        assert sides.tails.mrr == pytest.approx((1 / found.tail_ranks[rows]).mean())
        assert sides.heads.mrr == pytest.approx((1 / found.head_ranks[rows]).mean())
        assert sides.both.num_queries == 2 * rows.sum()
    assert list(found.by_relation) == [graph.relations[r] for r in np.unique(relation)]
    assert sum(x.tails.num_queries for x in found.by_mapping.values()) == len(relation)
    assert set(found.by_mapping) <= {"1-1", "1-N", "N-1", "N-N"}
    lines = found.table().splitlines()
    assert len(lines) == 2 + len(found.by_mapping) + len(found.by_relation)
    assert lines[1].split()[:2] == ["all", str(len(relation))]


def test_odd_facts_are_counted_and_kept():
    facts = [("a", "r", "b"), ("b", "r", "c"), ("c", "r", "a")]
    splits = {"test": [("a", "r", "a"), ("b", "s", "a"), ("z", "r", "a")]}
    graph = Graph.from_triples(facts, splits=splits)
    found = evaluate(GraphEncoder("complex", graph, dim=4), graph)
    assert (found.num_unseen, found.num_unseen_relation, found.num_loops) == (1, 1, 1)
    assert found.both.num_queries == 6
    assert str(found).endswith(
        "1 facts with an unseen entity, 1 with an unseen relation, 1 self-loops"
    )


def test_one_relation_and_one_fact():
    graph = Graph.from_triples([("a", "r", "b")], splits={"test": [("b", "r", "a")]})
    found = evaluate(GraphEncoder("transe", graph, dim=4), graph)
    assert found.both.num_queries == 2


def test_an_empty_split_and_another_graph_are_refused():
    empty = Graph.from_triples([("a", "r", "b")], splits={"test": []})
    encoder = GraphEncoder("complex", empty, dim=4)
    with pytest.raises(DataError, match="the test split must hold at least one fact to rank"):
        evaluate(encoder, empty)
    with pytest.raises(DataError, match="graph must have the encoder's 2 entities"):
        evaluate(encoder, random_graph())


def test_scores_of_another_shape_are_refused():
    graph = random_graph()
    wrong = Fixed(torch.zeros(6, 13, 5), 3)
    wrong.num_entities = graph.num_entities
    known = KnownAnswers(graph.triples, num_relations=3)
    with pytest.raises(ShapeError, match="score_directed must give"):
        rank_triples(wrong, graph.triples[:1], known=known)


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
    with pytest.raises(DataError, match="must hold numbers; they hold a NaN"):
        evaluate(encoder, graph)


def test_what_is_no_encoder_or_no_graph_is_told_in_one_line():
    graph = random_graph()
    encoder = GraphEncoder("complex", graph, dim=4)
    with pytest.raises(ConfigError, match=r"^graph must be of type Graph; got str\. Load it by"):
        evaluate(encoder, "facts.tsv")
    with pytest.raises(
        ConfigError, match=r"^evaluate: encoder must score entities.*; got Graph\. Give the trained"
    ):
        evaluate(graph, graph)


def test_a_graph_with_its_labels_in_another_order_is_refused():
    facts = [("a", "r", "b"), ("b", "r", "c"), ("c", "s", "a")]
    encoder = GraphEncoder("distmult", Graph.from_triples(facts), dim=4)
    with pytest.raises(DataError, match=r"entities in their order; number 0 is 'c' for 'a'"):
        evaluate(encoder, Graph.from_triples(facts[::-1]), "train")
