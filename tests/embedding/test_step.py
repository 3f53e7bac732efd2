import numpy as np
import pytest
import torch

from lichen.base.errors import ConfigError
from lichen.data.graph import Graph
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.step_all import AllStep
from lichen.embedding.team import Team

FACTS = [("a", "r", "b"), ("b", "s", "c"), ("c", "r", "a")]


def step(scorer="complex", *, reciprocal=True, **settings):
    graph = Graph.from_triples(FACTS)
    encoder = GraphEncoder(scorer, graph, dim=4, reciprocal=reciprocal)
    return AllStep(encoder, graph.triples, EmbeddingConfig(**settings), Team())


def test_directions_are_parted_only_when_they_share_relations():
    relation = torch.tensor([0, 3, 1, 2])
    assert [(a, rows.tolist()) for a, rows in step().directions(relation)] == [
        (False, [0, 1, 2, 3])
    ]
    plain = step(reciprocal=False)
    assert [(a, rows.tolist()) for a, rows in plain.directions(relation)] == [
        (False, [0, 2]),
        (True, [1, 3]),
    ]
    rows, place = plain.used_relations(relation)
    assert rows[place].tolist() == [0, 1, 1, 0]
    assert list(plain.directions(torch.tensor([], dtype=torch.long))) == []


def test_dropout_keeps_the_mean_and_its_own_stream():
    one, two = step(dropout=0.25), step(dropout=0.25)
    vectors = torch.ones(4000, 4)
    dropped = one.dropped(vectors)
    assert dropped.mean().item() == pytest.approx(1.0, abs=0.02)
    assert (dropped == 0).float().mean().item() == pytest.approx(0.25, abs=0.02)
    assert torch.equal(dropped, two.dropped(vectors))
    assert step().dropped(vectors) is vectors


def test_an_epoch_goes_through_every_item_once():
    order = step().order()
    assert sorted(order.tolist()) == list(range(len(order)))


def test_penalty_is_n3_and_l2_by_weight():
    vectors = torch.tensor([[3.0, 4.0, 0.0, 0.0]])
    found = step(n3=0.1, l2=0.01).penalty(vectors, torch.tensor([2.0]), torch.abs)
    assert found.item() == pytest.approx(2 * (0.1 * 91 + 0.01 * 25))


def test_half_precision_needs_a_product_and_trains_alike():
    with pytest.raises(ConfigError, match="must be float32 for a scorer that compares by distance"):
        step("transe", precision="bfloat16")
    full, half = step(), step(precision="bfloat16")
    batch = torch.arange(full.num_items)
    assert half(batch)[0] == pytest.approx(full(batch)[0], rel=0.01)
    np.testing.assert_allclose(
        half.encoder.vectors().detach(), full.encoder.vectors().detach(), atol=0.2
    )
