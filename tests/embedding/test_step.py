import numpy as np
import pytest
import torch

from lichen.base.errors import ConfigError
from lichen.data.graph import Graph
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.described import DescribedEncoder
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.step import _warn_of_slow_half
from lichen.embedding.step_all import AllStep
from lichen.embedding.team import Team

FACTS = [("a", "r", "b"), ("b", "s", "c"), ("c", "r", "a")]


def step(scorer="complex", *, dim=4, reciprocal=True, **settings):
    graph = Graph.from_triples(FACTS)
    encoder = GraphEncoder(scorer, graph, dim=dim, reciprocal=reciprocal)
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
    assert list(plain.directions(torch.tensor([], dtype=torch.long))) == []


def test_relations_are_read_row_by_row_unless_they_are_told_apart():
    relation = torch.tensor([3, 3, 1])
    used = step().read_relations(relation)
    assert used.rows is not None
    assert (used.rows.tolist(), used.rows[used.place].tolist()) == ([1, 3], relation.tolist())
    assert used.table.shape == (2, 4)
    shared = step(reciprocal=False).read_relations(relation)
    assert (shared.rows.tolist(), shared.place.tolist()) == ([1], [0, 0, 0])
    every = step(relation_weight=0.1).read_relations(relation)
    assert (every.rows, every.place.tolist(), len(every.table)) == (None, relation.tolist(), 4)


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


@pytest.mark.parametrize("scorer", ["transe", "conve"])
def test_dura_needs_a_product_that_can_ask_for_heads(scorer):
    with pytest.raises(ConfigError, match=r"dura must be 0 for a scorer .*; got 0\.1\."):
        step(scorer, dim=6, dura=0.1)


def test_half_precision_needs_a_product():
    with pytest.raises(ConfigError, match="must be float32 for a scorer that compares by distance"):
        step("transe", precision="bfloat16")


@pytest.mark.parametrize("is_fast", [True, False])
def test_half_precision_is_warned_of_once_where_it_is_slow(is_fast, caplog, monkeypatch):
    monkeypatch.setattr("lichen.embedding.step.has_fast_half", lambda _device: is_fast)
    _warn_of_slow_half.cache_clear()
    for _ in range(3):
        step(precision="bfloat16")
        step(precision="float32")
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == (0 if is_fast else 1)
    assert is_fast or "cpu has no fast products" in said[0]
    assert is_fast or "\n" not in said[0]


@pytest.mark.parametrize("optimiser", ["adagrad", "rowwise_adagrad", "adam"])
def test_half_precision_pulls_the_same_way_and_keeps_its_state_in_float32(optimiser):
    drawn = np.random.default_rng(0).integers(40, size=(200, 2)).tolist()
    graph = Graph.from_triples([(f"e{h}", "r", f"e{t}") for h, t in drawn])
    gradients, losses = [], []
    for precision in ("float32", "bfloat16"):
        encoder = GraphEncoder("complex", graph, dim=32)
        with torch.no_grad():
            encoder.entity_table.mul_(10)  # scores of about 1, which rounding can move
            encoder.relation_table.mul_(10)
        settings = EmbeddingConfig(precision=precision, optimiser=optimiser, n3=0.0)
        one = AllStep(encoder, graph.triples, settings, Team())
        losses.append(one(torch.arange(one.num_items))[0])
        gradients.append(one.into.clone())
        for _ in range(2):
            one(torch.arange(one.num_items))
    assert losses[1] == pytest.approx(losses[0], rel=2**-8)
    assert losses[1] != losses[0]
    assert torch.cosine_similarity(*gradients).min() > 0.999
    assert torch.cosine_similarity(*(x.flatten() for x in gradients), dim=0) > 0.9999
    kept = {k: x for k, x in one.state().items() if not k.startswith("stream.")}
    assert kept
    for tensor in (encoder.entity_table.detach(), encoder.relation_table.detach(), *kept.values()):
        assert tensor.dtype == torch.float32
    moved = encoder.vectors().detach()
    assert (moved != moved.bfloat16()).float().mean() > 0.9


def test_a_longest_vector_needs_vectors_that_are_learned():
    graph = Graph.from_triples(FACTS)
    encoder = DescribedEncoder("transe", graph, features=np.ones((3, 2)), dim=4)
    with pytest.raises(ConfigError, match=r"max_norm must be 0 for .* computed; got 2\.0"):
        AllStep(encoder, graph.triples, EmbeddingConfig(max_norm=2.0), Team())
