import pytest

from lichen.base.errors import ConfigError
from lichen.explanation.knowledge import knowledge_used
from lichen.fusion.model import FusedModel


def model(world, graph, fusion):
    text, nodes, corpus = world
    return FusedModel(text, nodes, graph=graph, fusion=fusion, labels=corpus.labels())


def test_weights_of_facts_entity_and_nothing_sum_to_one(world, world_graph):
    corpus = world[2]
    samples = corpus.test.samples(corpus.labels())[:5]
    for fusion, num_facts in (("neighbours", 1), ("gate", 0), ("dim_gate", 0)):
        found = knowledge_used(model(world, world_graph, fusion), samples)
        assert len(found) == 5
        assert [len(uses) for uses in found] == [2] * 5
        for use in (use for uses in found for use in uses):
            total = sum(weight for _, weight in use.facts) + use.entity + use.nothing
            assert total == pytest.approx(1.0, abs=1e-5)
            assert len(use.facts) >= num_facts
    first = found[0][0]
    assert first.mention in samples[0].text
    assert str(first).endswith(f"nothing {first.nothing:.2f}")


def test_facts_are_told_in_words(world, world_graph):
    corpus = world[2]
    samples = corpus.test.samples(corpus.labels())[:1]
    uses = knowledge_used(model(world, world_graph, "neighbours"), samples)[0]
    city = next(use for use in uses if use.mention.startswith("c"))
    assert city.facts[0][0].startswith(f"{city.mention} lies in l")


def test_methods_that_do_not_weigh_are_refused(world, world_graph):
    with pytest.raises(ConfigError, match="'concat' does not"):
        knowledge_used(model(world, world_graph, "concat"), [])
