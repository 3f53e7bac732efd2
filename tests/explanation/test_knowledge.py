import pytest
import torch

from lichen.base.errors import ConfigError
from lichen.data.corpus import Mention, Sample, Span
from lichen.explanation.knowledge import knowledge_used
from lichen.fusion import FUSIONS
from lichen.fusion.batch import to_device
from lichen.fusion.model import FusedModel
from lichen.training.config import TrainConfig
from lichen.training.run import Run

WEIGHING = ("attention", "dim_gate", "gate", "input", "interaction", "neighbours")


def model(world, graph, fusion, **settings):
    text, nodes, corpus = world
    return FusedModel(text, nodes, graph=graph, fusion=fusion, labels=corpus.labels(), **settings)


def claims(world, number):
    corpus = world[2]
    return corpus.test.samples(corpus.labels())[:number]


def linked_text(graph, words):
    """Give a text all of whose cities and lands are linked."""
    mentions, start = [], 0
    for word in words.split():
        if word in graph.entities:
            mentions.append(Mention(Span(start, start + len(word)), graph.entities.id(word)))
        start += len(word) + 1
    return Sample("1", words, tuple(mentions), None)


def telling_apart(rows, wanted):
    """Give w with w . row = 1 for the wanted row and -1 for all others."""
    signs = -torch.ones(len(rows))
    signs[wanted] = 1.0
    return torch.linalg.pinv(rows.double()).float() @ signs


@pytest.mark.parametrize("fusion", WEIGHING)
def test_weights_of_facts_entities_and_nothing_sum_to_one(world, world_graph, fusion):
    samples = claims(world, 5)
    found = knowledge_used(model(world, world_graph, fusion), samples, batch_size=2)
    assert [len(uses) for uses in found] == [2] * 5
    for use in (use for uses in found for use in uses):
        read = sum(weight for _, weight in (*use.facts, *use.others)) + use.nothing
        assert read + (use.entity or 0.0) == pytest.approx(1.0, abs=1e-5)
        assert bool(use.facts) == (fusion in ("input", "interaction", "neighbours"))
        assert len(use.others) == (fusion == "attention")
        assert (use.entity is None) == (fusion == "interaction")
    first = found[0][0]
    assert first.mention in samples[0].text
    assert f"nothing {first.nothing:.2f}" in str(first)


def test_facts_are_told_in_words(world, world_graph):
    for fusion in ("input", "neighbours", "interaction"):
        uses = knowledge_used(model(world, world_graph, fusion), claims(world, 1))[0]
        city = next(use for use in uses if use.mention.startswith("c"))
        assert city.facts[0][0].startswith(f"{city.mention} lies in l")


@pytest.mark.parametrize("fusion", ["gate", "input", "interaction", "neighbours"])
def test_facts_that_were_not_shown_are_counted(world, world_graph, fusion):
    land = world_graph.entities.id("l3")
    num_facts = sum(land in (h, t) for h, _, t in world_graph.triples.tolist())
    for limit in (2, 1000):
        made = model(world, world_graph, fusion, facts=limit)
        use = knowledge_used(made, [linked_text(world_graph, "land l3")])[0][0]
        not_shown = max(0, num_facts - limit)
        if fusion == "gate":  # reads none
            assert (use.num_facts, use.not_shown) == (0, 0)
            assert "not shown" not in str(use)
        else:
            assert (use.num_facts, use.not_shown) == (num_facts, not_shown)
            assert len(use.facts) + use.not_shown == num_facts
            assert str(use).endswith(f"; not shown: {not_shown} of {num_facts} facts of the entity")


@torch.no_grad()
def test_the_gate_of_input_is_the_weight_of_the_facts_written(world, world_graph):
    made = model(world, world_graph, "input", facts=4)
    for bias, share in ((-100.0, 0.0), (0.0, 0.5), (100.0, 1.0)):
        made.fusion.gate.bias.fill_(bias)
        use = knowledge_used(made, [linked_text(world_graph, "land l3")])[0][0]
        assert [weight for _, weight in use.facts] == pytest.approx([share / 4] * 4)
        assert (use.entity, use.nothing) == (0.0, pytest.approx(1 - share))


def test_a_run_and_a_corpus_are_taken_as_a_model_and_samples(world, world_graph):
    made, corpus = model(world, world_graph, "neighbours"), world[2].test
    run = Run(model=made, data=corpus, config=TrainConfig())
    assert knowledge_used(run, corpus) == knowledge_used(made, corpus.samples(corpus.labels()))
    with pytest.raises(ConfigError, match="model must be of type FusedModel; got TrainConfig"):
        knowledge_used(run.config, corpus)


@torch.no_grad()
@pytest.mark.parametrize("fusion", ["neighbours", "interaction"])
def test_the_fact_that_a_method_is_made_to_read_has_nearly_all(world, world_graph, fusion):
    made = model(world, world_graph, fusion)
    sample = linked_text(world_graph, "c0 lies in l3")
    batcher = made.batcher()
    batch = to_device(batcher.collate(batcher.items([sample])), made.text.device)
    _, known = made.passage(batch)
    wanted = 2
    weight = telling_apart(known.facts[0, 1][known.is_fact[0, 1]], wanted)
    if fusion == "neighbours":
        parts = [made.fusion.query]
        made.fusion.fact_key.weight.zero_()[0] = weight
        made.fusion.entity_key.weight.zero_()
    else:
        parts = [made.fusion.relevance, *(step.query for step in made.fusion.rounds)]
        made.fusion.fact.weight.zero_()[0] = weight
        made.fusion.fact.bias.zero_()
    for part in parts:
        part.weight.zero_()
        part.bias.zero_()[0] = 1000.0
    land = knowledge_used(made, [sample])[0][1]
    other = int(batch["facts"][0, 1, wanted, 1])
    assert land.facts[0][0] == f"{world_graph.entities[other]} lies in l3"
    assert land.facts[0][1] > 0.99
    assert len(land.facts) > wanted


@torch.no_grad()
def test_the_entity_that_attention_is_made_to_read_has_nearly_all(world, world_graph):
    made = model(world, None, "attention")
    sample = linked_text(world_graph, "c0 of l3 the city c7 in l3")
    ids = torch.tensor([world_graph.entities.id(name) for name in ("c0", "l3", "c7")])
    fusion = made.fusion
    fusion.key.weight.zero_()[0] = telling_apart(made.nodes.vectors(ids), 1)
    fusion.query.weight.zero_()
    fusion.query.bias.zero_()[0] = 1000.0
    uses = knowledge_used(made, [sample])[0]
    assert [use.mention for use in uses] == ["c0", "l3", "c7", "l3"]
    for use in (uses[0], uses[2]):
        assert use.others[0][0] == "l3"
        assert use.others[0][1] > 0.99
    for use in (uses[1], uses[3]):
        assert use.entity > 0.99
        assert {name for name, _ in use.others} == {"c0", "c7"}


@pytest.mark.parametrize("fusion", WEIGHING)
def test_a_text_without_a_link_reports_nothing(world, world_graph, fusion):
    mention = Mention(Span(0, 2), None)
    samples = [
        Sample("1", "c1 lies in l2", (), None),
        Sample("2", "c1 lies in l2", (mention,), None),
        linked_text(world_graph, "c1 lies in"),
    ]
    found = knowledge_used(model(world, world_graph, fusion), samples)
    assert found[:2] == [[], []]
    assert [use.mention for use in found[2]] == ["c1"]
    assert not found[2][0].others


def test_a_model_in_training_is_asked_without_dropout_and_left_in_training(world, world_graph):
    made = model(world, world_graph, "interaction", train_text=True)
    samples = claims(world, 3)
    want = knowledge_used(made, samples)
    made.train()
    assert knowledge_used(made, samples) == want
    assert made.training
    assert made.fusion.training


@pytest.mark.parametrize("fusion", sorted(set(FUSIONS) - set(WEIGHING)))
def test_methods_that_do_not_weigh_are_refused(world, world_graph, fusion):
    with pytest.raises(ConfigError, match=f"'{fusion}' does not") as caught:
        knowledge_used(model(world, world_graph, fusion), [])
    assert f"({', '.join(WEIGHING)})" in str(caught.value)
    assert "\n" not in str(caught.value)
