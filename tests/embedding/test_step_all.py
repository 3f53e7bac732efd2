import pytest
import torch

from lichen.data.graph import Graph
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.step_all import MOST_ANSWERS, AllStep
from lichen.embedding.team import Team

FACTS = [("a", "r", "b"), ("a", "r", "c"), ("b", "s", "c"), ("c", "r", "a"), ("d", "s", "d")]


def slow_loss(encoder, facts, config):
    """The mean over directed facts, one by one, under autograd, with both ends' penalties."""
    total = torch.zeros(())
    num = encoder.num_relations
    asked = [(h, r, t) for h, r, t in facts] + [(t, r + num, h) for h, r, t in facts]
    for e, r, answer in asked:
        known = encoder.vectors([e])
        if encoder.reciprocal or r < num:
            row = encoder.relation_table[[r]]
            scores = encoder.scorer.score_tails(known, row, encoder.vectors())[0]
        else:
            row = encoder.relation_table[[r - num]]
            scores = encoder.scorer.score_heads(row, known, encoder.vectors())[0]
        total = total + scores.logsumexp(0) - scores[answer]
        sizes = [
            encoder.scorer.moduli(known),
            encoder.scorer.moduli(encoder.vectors([answer])),
            encoder.scorer.relation_moduli(row),
        ]
        total = total + config.n3 * sum(x.pow(3).sum() for x in sizes)
        if config.dura:
            head, tail = known, encoder.vectors([answer])
            if not encoder.reciprocal and r >= num:
                head, tail = tail, head
            ends = head.square().sum() + tail.square().sum()
            forth, back = encoder.scorer.tail_query(head, row), encoder.scorer.head_query(row, tail)
            products = forth.square().sum() + back.square().sum()
            total = total + config.dura * (0.5 * ends + 1.5 * products)
        if config.relation_weight:
            every = encoder.relation_table
            ends = (known, encoder.vectors([answer]))
            first, second = ends if encoder.reciprocal or r < num else ends[::-1]
            told = encoder.scorer.score_relations(first, second, every)[0]
            right = r if encoder.reciprocal else r % num
            total = total + config.relation_weight * (told.logsumexp(0) - told[right])
    return total / len(asked)


@pytest.mark.parametrize("reciprocal", [True, False])
@pytest.mark.parametrize(
    ("scorer", "relation_weight", "dura"),
    [
        ("complex", 0.0, 0.0),
        ("complex", 0.3, 0.0),
        ("complex", 0.3, 0.2),
        ("transe", 0.0, 0.0),
        ("cp", 0.2, 0.0),
        ("cp", 0.0, 0.2),
        ("rescal", 0.0, 0.0),
        ("rescal", 0.0, 0.2),
    ],
)
def test_a_step_on_everything_follows_the_gradient_of_the_slow_formula(
    scorer, reciprocal, relation_weight, dura, monkeypatch
):
    monkeypatch.setattr("lichen.embedding.step.FACTS_AT_ONCE", 3)
    graph = Graph.from_triples(FACTS)
    config = EmbeddingConfig(
        n3=0.1,
        dura=dura,
        hide_known=False,
        relation_weight=relation_weight,
        learning_rate=0.1,
    )
    encoder = GraphEncoder(scorer, graph, dim=4, reciprocal=reciprocal)
    slow = GraphEncoder(scorer, graph, dim=4, reciprocal=reciprocal)
    loss = slow_loss(slow, graph.triples.tolist(), config)
    loss.backward()
    reference = torch.optim.Adagrad(slow.parameters(), lr=0.1, eps=1e-10)
    reference.step()
    step = AllStep(encoder, graph.triples, config, Team())
    found, weight = step(torch.arange(step.num_items))
    assert found / weight == pytest.approx(loss.item(), rel=1e-4)
    torch.testing.assert_close(encoder.vectors(), slow.vectors(), rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(encoder.relation_table, slow.relation_table, rtol=1e-3, atol=1e-4)


def test_queries_may_weigh_alike_however_many_answers_they_have():
    graph = Graph.from_triples(FACTS)
    found = {}
    for count in ("facts", "queries"):
        encoder = GraphEncoder("distmult", graph, dim=4)
        config = EmbeddingConfig(count=count, n3=0.0, hide_known=False)
        step = AllStep(encoder, graph.triples, config, Team())
        found[count] = step(torch.arange(step.num_items))
    assert found["facts"][1] == 2 * len(FACTS)
    assert found["queries"][1] == pytest.approx(step.num_items)


def test_a_query_of_many_answers_comes_in_parts_unless_they_must_stay_together():
    facts = [("a", "r", f"e{i}") for i in range(MOST_ANSWERS + 1)]
    graph = Graph.from_triples(facts)
    found = {}
    for name, settings in {
        "parts": {"hide_known": False},
        "hidden": {"hide_known": True},
        "queries": {"hide_known": False, "count": "queries"},
        "binary": {"hide_known": False, "loss": "binary"},
    }.items():
        encoder = GraphEncoder("distmult", graph, dim=4)
        found[name] = AllStep(encoder, graph.triples, EmbeddingConfig(**settings), Team()).num_items
    asked = 1 + len(facts)
    assert found == {"parts": asked + 1, "hidden": asked, "queries": asked, "binary": asked}
