"""Edges: both ways, grouped by start, facts taken out, an entity added."""

import numpy as np
import pytest

from lichen.embedding.edges import Edges

TRIPLES = np.array([[0, 0, 1], [1, 1, 2], [0, 1, 2], [3, 0, 3]])


def listed(edges):
    starts = np.repeat(np.arange(edges.num_entities), np.diff(edges.offsets))
    return sorted(zip(*(x.tolist() for x in (starts, edges.relation, edges.target)), strict=True))


def expected(triples, num_relations):
    return sorted(
        [(h, r, t) for h, r, t in triples.tolist()]
        + [(t, r + num_relations, h) for h, r, t in triples.tolist()]
    )


@pytest.fixture
def edges():
    return Edges.of(TRIPLES, num_entities=5, num_relations=2)


def test_every_fact_goes_both_ways(edges):
    assert listed(edges) == expected(TRIPLES, 2)
    assert edges.num_entities == 5
    assert edges.offsets.tolist() == [0, 2, 4, 6, 8, 8]


def test_facts_taken_out_leave_the_others(edges):
    hide = np.array([False, True, False, True])
    kept = edges.without(hide)
    assert listed(kept) == expected(TRIPLES[~hide], 2)
    assert sorted(kept.fact.tolist()) == [0, 0, 2, 2]


def test_steps_leave_each_node_asked_for_even_twice(edges):
    rows, edge = edges.leaving(np.array([2, 4, 2]))
    assert rows.tolist() == [0, 0, 2, 2]
    assert edges.target[edge].tolist() == edges.target[[4, 5, 4, 5]].tolist()


def test_an_added_entity_gives_the_edges_of_the_grown_graph(edges):
    tails, heads = np.array([[1, 0], [0, 0], [0, 4]]), np.array([[3, 1]])
    grown = edges.with_entity(tails, heads, num_relations=2)
    facts = [[5, r, t] for r, t in tails.tolist()] + [[h, r, 5] for h, r in heads.tolist()]
    assert listed(grown) == expected(np.concatenate([TRIPLES, facts]), 2)
    assert sorted(np.bincount(grown.fact).tolist()) == [2] * 8


def test_an_added_entity_without_facts_has_no_edges(edges):
    none = np.empty((0, 2), dtype=np.int64)
    grown = edges.with_entity(none, none, num_relations=2)
    assert listed(grown) == listed(edges)
    assert grown.num_entities == 6
