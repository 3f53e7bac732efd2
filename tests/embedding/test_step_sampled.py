import pytest
import torch

from lichen.data.graph import Graph
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.step_all import AllStep
from lichen.embedding.step_sampled import SampledStep
from lichen.embedding.team import Team

FACTS = [("a", "r", "b"), ("a", "r", "c"), ("b", "s", "c"), ("c", "r", "a"), ("d", "s", "d")]


@pytest.mark.parametrize("reciprocal", [True, False])
@pytest.mark.parametrize("hide_known", [True, False])
@pytest.mark.parametrize(
    ("scorer", "relation_weight", "dura"),
    [("complex", 0.0, 0.0), ("complex", 0.2, 0.1), ("transe", 0.2, 0.0), ("simple", 0.0, 0.1)],
)
def test_a_sample_of_everything_takes_the_step_against_all(
    scorer, relation_weight, dura, hide_known, reciprocal, monkeypatch
):
    monkeypatch.setattr("lichen.embedding.step.FACTS_AT_ONCE", 2)
    graph = Graph.from_triples(FACTS)
    config = EmbeddingConfig(
        n3=0.1,
        dura=dura,
        hide_known=hide_known,
        negatives=4000,
        relation_weight=relation_weight,
        degree_power=0.0,
    )
    moved = []
    for kind in (SampledStep, AllStep):
        encoder = GraphEncoder(scorer, graph, dim=4, reciprocal=reciprocal)
        step = kind(encoder, graph.triples, config, Team())
        loss, weight = step(torch.arange(step.num_items))
        moved.append((loss / weight, encoder.vectors().detach(), encoder.relation_table.detach()))
    assert moved[0][0] == pytest.approx(moved[1][0], rel=1e-4)
    torch.testing.assert_close(moved[0][1], moved[1][1], rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(moved[0][2], moved[1][2], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("loss", ["softmax", "margin", "self_adversarial"])
def test_every_loss_sets_facts_above_samples(loss):
    graph = Graph.from_triples([(f"e{i}", "next", f"e{(i + 1) % 20}") for i in range(20)])
    encoder = GraphEncoder("complex", graph, dim=16)
    config = EmbeddingConfig(loss=loss, margin=1.0, negatives=8, n3=0.0)
    step = SampledStep(encoder, graph.triples, config, Team())
    losses = [step(torch.arange(step.num_items))[0] for _ in range(60)]
    assert losses[-1] < losses[0] / 2
    h, r, t = graph.triples.T
    assert (encoder.score_tails(h, r).argmax(1).numpy() == t).all()


def test_rows_out_of_use_stay():
    graph = Graph.from_triples([*FACTS, *[(f"x{i}", "r", f"y{i}") for i in range(300)]])
    encoder = GraphEncoder("complex", graph, dim=4)
    before = encoder.vectors().detach().clone()
    step = SampledStep(encoder, graph.triples, EmbeddingConfig(negatives=4), Team())
    step(torch.tensor([0, 1]))
    moved = (encoder.vectors() != before).any(1).sum().item()
    assert 3 <= moved <= 3 + 4
