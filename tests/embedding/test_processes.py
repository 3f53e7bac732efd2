import pytest
import torch

from lichen.base.errors import ConfigError, LichenError
from lichen.data.graph import Graph
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.processes import train_in_processes
from lichen.embedding.trainer import train_embedding

RING = [(f"e{i}", r, f"e{(i + k) % 30}") for i in range(30) for r, k in (("next", 1), ("far", 7))]


def test_two_processes_reach_what_one_reaches():
    graph = Graph.from_triples(RING, splits={"valid": RING[:10]})
    config = EmbeddingConfig(epochs=6, batch_size=32, candidates="all", valid_every=2)
    one, two = (GraphEncoder("complex", graph, dim=16) for _ in range(2))
    expected = train_embedding(one, graph, config=config)
    found = train_in_processes(two, graph, processes=2, config=config)
    torch.testing.assert_close(two.vectors(), one.vectors(), rtol=1e-3, atol=1e-4)
    assert found.losses == pytest.approx(expected.losses, rel=1e-4)
    assert found.valid_mrr == pytest.approx(expected.valid_mrr, abs=0.02)
    assert found.best_epoch == expected.best_epoch


def test_an_error_in_a_process_is_told_in_its_own_words():
    graph = Graph.from_triples(RING)
    encoder = GraphEncoder("complex", graph, dim=4)
    with torch.no_grad():
        encoder.entity_table[0, 0] = float("nan")
    with pytest.raises(LichenError, match=r"^embedding: the loss must be a number"):
        train_in_processes(encoder, graph, processes=2)
    with pytest.raises(ConfigError, match="processes must be"):
        train_in_processes(encoder, graph, processes=0)
