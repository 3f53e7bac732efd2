"""The sampler beside a search edge by edge."""

import numpy as np
import pytest

from lichen.base.errors import ConfigError
from lichen.embedding.edges import Edges
from lichen.embedding.gnn.sampler import neighbourhood

ENTITIES, RELATIONS = 30, 3


@pytest.fixture(scope="module")
def triples():
    draw = np.random.default_rng(0)
    columns = [draw.integers(0, n, 70) for n in (ENTITIES, RELATIONS, ENTITIES)]
    return np.unique(np.column_stack(columns), axis=0)


@pytest.fixture(scope="module")
def edges(triples):
    return Edges.of(triples, num_entities=ENTITIES, num_relations=RELATIONS)


def around(edges, seeds, fan_out, seed=0):
    return neighbourhood(
        edges,
        np.array(seeds),
        num_relations=RELATIONS,
        fan_out=fan_out,
        draw=np.random.default_rng(seed),
    )


def named(hood, hops):
    """Return the edges into the nodes within some hops, as (source, relation, target) ids."""
    last = hood.num_edges[hops]
    source, target = hood.nodes[hood.source[:last]], hood.nodes[hood.target[:last]]
    return sorted(zip(source.tolist(), hood.relation[:last].tolist(), target.tolist(), strict=True))


def incoming(triples, node):
    found = [(h, r, t) for h, r, t in triples.tolist() if t == node]
    return found + [(t, r + RELATIONS, h) for h, r, t in triples.tolist() if h == node]


@pytest.mark.parametrize("seeds", [[3], [7, 2, 11], list(range(ENTITIES))])
def test_without_a_fan_out_it_holds_every_edge_within_the_hops(triples, edges, seeds):
    hood = around(edges, seeds, [None, None, None])
    assert hood.nodes[: len(seeds)].tolist() == seeds
    within = set(seeds)
    for hops in range(3):
        assert set(hood.nodes[: hood.num_nodes[hops]].tolist()) == within
        expected = sorted(edge for node in within for edge in incoming(triples, node))
        assert named(hood, hops) == expected
        within |= {edge[0] for edge in expected}
    assert set(hood.nodes.tolist()) == within
    assert len(hood.nodes) == len(within) == hood.num_nodes[3]
    assert (np.diff(hood.target) >= 0).all()
    assert (hood.share == 1).all()


def test_a_fan_out_draws_that_many_real_edges_without_repeating(triples, edges):
    hood = around(edges, [0, 5, 9], [2, 3])
    counts = np.bincount(hood.target, minlength=len(hood.nodes))
    for place, node in enumerate(hood.nodes[: hood.num_nodes[1]].tolist()):
        every = incoming(triples, node)
        most = 2 if place < hood.num_nodes[0] else 3
        assert counts[place] == min(most, len(every))
        here = hood.target == place
        drawn = list(
            zip(
                hood.nodes[hood.source[here]].tolist(),
                hood.relation[here].tolist(),
                [node] * counts[place],
                strict=True,
            )
        )
        assert len(set(drawn)) == len(drawn)
        assert set(drawn) <= set(every)
        np.testing.assert_allclose(hood.share[here], len(every) / max(1, counts[place]))
        kinds, kept = [x for _, x, _ in every], hood.relation[here].tolist()
        shares = [kept.count(x) / kinds.count(x) for x in kept]
        np.testing.assert_allclose(hood.of_mean[here], hood.share[here] * shares)


def test_the_stream_decides_the_draw(edges):
    draws = [named(around(edges, [0, 5, 9], [1, 1], seed), 1) for seed in (0, 0, 1)]
    assert draws[0] == draws[1] != draws[2]


def test_every_edge_is_drawn_alike(edges):
    node = int(np.diff(edges.offsets).argmax())
    degree = int(np.diff(edges.offsets).max())
    draw = np.random.default_rng(1)
    seen = {}
    for _ in range(2000):
        hood = neighbourhood(
            edges, np.array([node]), num_relations=RELATIONS, fan_out=[2], draw=draw
        )
        for edge in named(hood, 0):
            seen[edge] = seen.get(edge, 0) + 1
    expected = 2000 * 2 / degree
    assert len(seen) == degree
    assert all(abs(count - expected) < 6 * expected**0.5 for count in seen.values())


def test_an_isolated_seed_has_only_itself():
    edges = Edges.of(np.empty((0, 3), dtype=np.int64), num_entities=4, num_relations=RELATIONS)
    hood = around(edges, [2], [None, 5])
    assert hood.nodes.tolist() == [2]
    assert hood.num_nodes == (1, 1, 1)
    assert hood.num_edges == (0, 0)


def test_a_fan_out_of_zero_is_refused(edges):
    with pytest.raises(ConfigError, match="fan_out must be between 1"):
        around(edges, [0], [0])
