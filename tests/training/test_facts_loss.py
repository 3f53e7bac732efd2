import numpy as np
import pytest
import torch

from lichen.base.errors import ConfigError, DataError
from lichen.data.graph import Graph
from lichen.embedding.encoder import GraphEncoder
from lichen.fusion.model import FusedModel
from lichen.training.config import TrainConfig
from lichen.training.facts_loss import FactsLoss, facts_loss
from lichen.training.loop import train
from lichen.training.predict import predict
from lichen.training.run import Run
from lichen.training.twins import untrained_twin


def slow(nodes, facts, rivals):
    losses = []
    for h, r, t in facts.tolist():

        def score(x, y, r=r):
            return float(nodes.score([x], [r], [y]))

        def back(x, y, r=r):
            if not nodes.reciprocal:
                return score(x, y, r)
            rows = nodes.relation_table[r + nodes.num_relations]
            return float(nodes.scorer.score(nodes.vectors([y]), rows, nodes.vectors([x])))

        for ask, truth, fixed in ((score, t, h), (lambda x, y: back(y, x), h, t)):
            true = ask(fixed, truth)
            others = [ask(fixed, x) for x in rivals.tolist() if x != truth]
            losses.append(-true + np.log(np.exp([true, *others]).sum()))
    return np.mean(losses)


@pytest.mark.parametrize(("scorer", "reciprocal"), [("complex", True), ("transe", False)])
def test_the_loss_is_the_cross_entropy_written_out(lands, scorer, reciprocal):
    nodes = GraphEncoder(scorer, lands, dim=8, reciprocal=reciprocal)
    with torch.no_grad():
        nodes.entity_table.mul_(30)
        nodes.relation_table.mul_(30)
        facts, rivals = torch.from_numpy(lands.triples[:6].astype(np.int64)), torch.arange(0, 20, 3)
        assert float(facts_loss(nodes, facts, rivals)) == pytest.approx(
            slow(nodes, facts, rivals), rel=1e-4
        )


def test_a_step_draws_the_same_whenever_it_is_taken(world, world_graph):
    loss = FactsLoss(world_graph, seed=1)
    with torch.no_grad():
        first, second = (float(loss(world[1], step)) for step in (3, 4))
        assert float(FactsLoss(world_graph, seed=1)(world[1], 3)) == first
    assert first != second
    empty = Graph(
        entities=world_graph.entities,
        relations=world_graph.relations,
        triples=np.empty((0, 3), int),
    )
    with pytest.raises(DataError, match="at least one fact"):
        FactsLoss(empty, seed=0)


@pytest.fixture(scope="module")
def untold(world_graph):
    """Give vectors that were never trained."""
    return GraphEncoder("complex", world_graph, dim=16)


def test_entity_vectors_learn_the_facts_beside_the_task(world, world_graph, untold, tmp_path):
    text, _, corpus = world
    config = TrainConfig(epochs=15, batch_size=32, fusion_learning_rate=5e-2)
    after = {}
    for weight in (0.0, 1.0):
        model = FusedModel(
            text, untold, fusion="add", graph=world_graph, train_nodes=True, triple=5 * weight
        )
        run = train(model, corpus.train, config=config, out=tmp_path / str(weight))
        with torch.no_grad():
            after[weight] = float(FactsLoss(world_graph, seed=9)(run.model.nodes, 0))
    assert after[1.0] < after[0.0] - 0.5
    again = Run.load(tmp_path / "1.0")
    assert again.model.config.triple == 5.0
    samples = corpus.test.samples(run.model.labels)
    assert np.array_equal(predict(run, samples), predict(again, samples))
    assert untrained_twin(model, "none").config.triple == 0.0
    assert untrained_twin(model, "shuffled").config.triple == 5.0


def test_what_cannot_be_trained_so_is_one_clear_line(world, world_graph):
    text, nodes, _ = world
    for wrong in ({"graph": world_graph}, {"train_nodes": True}):
        with pytest.raises(ConfigError, match=r"fusion\.triple needs train_nodes=True and a graph"):
            FusedModel(text, nodes, triple=0.5, **wrong)
    with pytest.raises(ConfigError, match=r"fusion\.triple"):
        FusedModel(text, nodes, triple=-1.0)
