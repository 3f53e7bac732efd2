"""Visits beside the pairs that a search over all paths finds."""

import itertools

import numpy as np
import pytest

from lichen.embedding.edges import Edges
from lichen.embedding.path.plan import plan_visits

ENTITIES, RELATIONS = 12, 2


@pytest.fixture(params=[0, 1, 2])
def edges(request):
    draw = np.random.default_rng(request.param)
    triples = np.column_stack(
        [
            draw.integers(0, ENTITIES, 14),
            draw.integers(0, RELATIONS, 14),
            draw.integers(0, ENTITIES, 14),
        ]
    )
    triples = np.unique(triples, axis=0)
    return Edges.of(triples, num_entities=ENTITIES, num_relations=RELATIONS)


def distances(edges):
    away = np.full((ENTITIES, ENTITIES), 99)
    np.fill_diagonal(away, 0)
    for node in range(ENTITIES):
        rows, edge = edges.leaving(np.array([node]))
        for target in edges.target[edge]:
            away[node, target] = min(away[node, target], 1)
        assert len(rows) == len(edge)
    for k, i, j in itertools.product(range(ENTITIES), repeat=3):
        away[i, j] = min(away[i, j], away[i, k] + away[k, j])
    return away


def plan_of(edges, entity, candidates, num_layers):
    return plan_visits(
        edges, entity, candidates, num_layers=num_layers, num_relations=2 * RELATIONS
    )


@pytest.mark.parametrize("num_layers", [1, 2, 3, 5])
@pytest.mark.parametrize("every", [False, True])
def test_visits_are_the_pairs_on_a_way_to_a_candidate(edges, num_layers, every):
    entity = np.array([0, 3, 3])
    candidates = np.array([[1, 5], [2, 3], [7, 7]])
    ends = np.tile(np.arange(ENTITIES), (3, 1)) if every else candidates
    away = distances(edges)
    gone = away[entity]
    to_go = np.stack([away[line].min(0) for line in ends])
    plan = plan_of(edges, entity, None if every else candidates, num_layers)
    before = gone == 0
    before &= to_go <= num_layers
    assert plan.asked.tolist() == np.flatnonzero(before.any(1)).tolist()
    for t, visit in enumerate(plan.visits, start=1):
        now = (gone <= t) & (to_go <= num_layers - t)
        queries, nodes = np.nonzero(now)
        assert visit.nodes.tolist() == nodes.tolist()
        row_before = {tuple(pair): i for i, pair in enumerate(np.argwhere(before).tolist())}
        expected = [
            row_before.get(pair, len(row_before)) for pair in zip(queries, nodes, strict=True)
        ]
        assert visit.before.tolist() == expected
        assert nodes[visit.starts.numpy()].tolist() == entity[visit.asked.numpy()].tolist()
        assert messages_of(visit, before, now) == brute_messages(edges, before, now)
        before = now
    last = {tuple(pair): i for i, pair in enumerate(np.argwhere(before).tolist())}
    wanted = [[last.get((q, v), len(last)) for v in line] for q, line in enumerate(ends.tolist())]
    assert plan.candidates.tolist() == wanted


def messages_of(visit, before, now):
    run = visit.links.by_target
    target = np.repeat(np.arange(len(run.offsets) - 1), np.diff(run.offsets))
    sources, targets = np.argwhere(before), np.argwhere(now)
    return sorted(
        (*sources[s].tolist(), r, *targets[t].tolist())
        for s, r, t in zip(run.left.tolist(), run.right.tolist(), target.tolist(), strict=True)
    )


def brute_messages(edges, before, now):
    found = []
    for query, node in np.argwhere(before).tolist():
        _, edge = edges.leaving(np.array([node]))
        pairs = zip(edges.relation[edge].tolist(), edges.target[edge].tolist(), strict=True)
        found += [(query, node, r, query, t) for r, t in pairs if now[query, t]]
    return sorted(found)


def test_a_question_that_reaches_no_candidate_visits_nothing():
    edges = Edges.of(np.array([[0, 0, 1], [2, 0, 3]]), num_entities=4, num_relations=1)
    plan = plan_of(edges, np.array([0]), np.array([[3]]), 4)
    assert plan.asked.tolist() == []
    assert [len(visit.nodes) for visit in plan.visits] == [0] * 4
    assert plan.candidates.tolist() == [[0]]
