import numpy as np
import pytest
import torch

from lichen.data.graph import Graph
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.step_all import AllStep
from lichen.embedding.step_pool import PoolStep
from lichen.embedding.team import Team


def graph(num_entities=60, num_facts=40):
    draw = np.random.default_rng(0)
    drawn = draw.integers(0, (num_entities, 3, num_entities), (num_facts, 3))
    facts = [(f"e{h}", f"r{r}", f"e{t}") for h, r, t in drawn]
    return Graph.from_triples([*facts, *((f"e{i}", "is", f"e{i}") for i in range(num_entities))])


def step(kind=PoolStep, scorer="complex", *, reciprocal=True, **settings):
    given = {"candidates": "pool", "hide_known": False, "n3": 0.05} | settings
    encoder = GraphEncoder(scorer, graph(), dim=8, reciprocal=reciprocal)
    return kind(encoder, graph().triples, EmbeddingConfig(**given), Team())


@pytest.mark.parametrize("reciprocal", [True, False])
@pytest.mark.parametrize("scorer", ["complex", "transe"])
def test_a_pool_of_everything_moves_as_a_step_on_all_does(scorer, reciprocal):
    pool, every = (
        step(kind, scorer, reciprocal=reciprocal, negatives=20_000, degree_power=0.0)
        for kind in (PoolStep, AllStep)
    )
    batch = torch.arange(30)
    assert pool(batch) == pytest.approx(every(batch), rel=1e-5)
    torch.testing.assert_close(pool.encoder.vectors(), every.encoder.vectors())
    torch.testing.assert_close(pool.encoder.relation_table, every.encoder.relation_table)


def test_only_the_pool_moves():
    pool = step(negatives=5)
    before = pool.encoder.vectors().detach().clone()
    batch = torch.arange(6)
    drawn = pool.negatives.draw(torch.Generator().manual_seed(0))
    answers = pool.queries.answers_of(batch).columns
    pool(batch)
    moved = (pool.encoder.vectors() != before).any(1).nonzero()[:, 0].tolist()
    expected = {*drawn.tolist(), *answers.tolist(), *pool.queries.entity[batch].tolist()}
    assert set(moved) == expected


@pytest.mark.parametrize("degree_power", [0.0, 0.75])
def test_the_pool_stands_for_all_entities_on_average(degree_power):
    pool = step(negatives=20, degree_power=degree_power)
    found, rounds = np.zeros(pool.encoder.num_entities), 3000
    for _ in range(rounds):
        met = pool.read(pool.order()[:8])
        found[met.ids.numpy()] += met.stands_for.exp().numpy() / rounds
    assert found == pytest.approx(np.ones(len(found)), abs=0.15)
