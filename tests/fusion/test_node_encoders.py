"""Entity vectors that are computed, from texts or from neighbours, in the place of a table."""

from functools import partial

import numpy as np
import pytest
import torch

from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.described import DescribedEncoder
from lichen.embedding.gnn.encoder import GraphNetwork
from lichen.embedding.trainer import train_embedding
from lichen.fusion.model import FusedModel
from lichen.training.config import TrainConfig
from lichen.training.loop import train
from lichen.training.predict import predict

CONFIG = TrainConfig(epochs=12, batch_size=64)
ENCODERS = {
    "described": partial(DescribedEncoder, learned=False),
    "described and learned": DescribedEncoder,
    "sage": partial(GraphNetwork, layers="sage"),
    "gcn": partial(GraphNetwork, layers="gcn"),
}


@pytest.fixture(scope="module", params=list(ENCODERS))
def nodes(request, world_graph):
    if request.param in ("sage", "gcn"):
        pytest.importorskip("torch_geometric")
    rng = np.random.default_rng(0)
    told = rng.normal(size=(world_graph.num_entities, 64)).astype(np.float32)
    made = ENCODERS[request.param]("complex", world_graph, features=told, dim=16)
    train_embedding(made, world_graph, config=EmbeddingConfig(epochs=60, learning_rate=0.05))
    return made


@pytest.mark.parametrize("train_nodes", [False, True])
def test_claims_are_judged_by_computed_vectors(world, world_graph, nodes, train_nodes, tmp_path):
    text, _, corpus = world
    model = FusedModel(text, nodes, graph=world_graph, fusion="add", train_nodes=train_nodes)
    before = {name: x.clone() for name, x in model.nodes.state_dict().items()}
    run = train(model, corpus.train, config=CONFIG)
    moved = [n for n, x in model.nodes.state_dict().items() if not torch.equal(x, before[n])]
    assert bool(moved) == train_nodes
    samples = corpus.test.samples(model.labels)
    chances = predict(run, samples)
    right = chances.argmax(1) == [sample.label for sample in samples]
    assert right.mean() > 0.75  # words alone cannot judge them
    model.save_pretrained(tmp_path / "model")
    again = FusedModel.from_pretrained(tmp_path / "model")
    assert type(again.nodes) is type(nodes)
    assert np.allclose(predict(again, samples), chances, atol=1e-5)
