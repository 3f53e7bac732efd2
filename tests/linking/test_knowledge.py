"""What the graph says about candidates, additions included."""

from __future__ import annotations

import numpy as np
import pytest

from lichen.base.errors import DataError
from lichen.data.graph import Graph
from lichen.linking.knowledge import Knowledge


@pytest.fixture
def knowledge(graph):
    return Knowledge(graph)


def test_neighbours_and_their_company(knowledge, graph):
    georgia, state = graph.entities.id("Georgia"), graph.entities.id("Georgia (state)")
    armenia = graph.entities.id("Armenia")
    assert armenia in knowledge.neighbours(georgia)
    assert georgia not in knowledge.neighbours(georgia)
    assert knowledge.coherence(georgia, [(armenia,)]) > 0
    assert knowledge.coherence(state, [(armenia,)]) == 0
    unclear = knowledge.coherence(georgia, [(armenia, state)])
    assert 0 < unclear < knowledge.coherence(georgia, [(armenia,)]) < 1


def test_prominence(knowledge, graph):
    degrees = [knowledge.degree(e) for e in range(graph.num_entities)]
    assert max(degrees) == 1.0
    assert knowledge.degree(10_000) == 0.0
    countries = [graph.entities.id(x) for x in ("Georgia", "Germany")]
    mean = np.mean([knowledge.degree(e) for e in countries])
    assert knowledge.type_prominence(countries[0]) == pytest.approx(mean)


def test_words_about_an_entity(knowledge, graph):
    words = knowledge.words(graph.entities.id("Georgia"))
    assert words.startswith("Georgia (country): A country in the Caucasus")
    assert knowledge.words(graph.entities.id("Berlin")) == "Berlin (city): Germany"


def test_type_words_beside_the_mention(knowledge, graph):
    georgia = graph.entities.id("Georgia")
    assert knowledge.has_type_in(georgia, "the country of georgia", "Georgia")
    assert not knowledge.has_type_in(georgia, "the river in georgia", "Georgia")


def test_additions(knowledge, graph):
    new = graph.num_entities
    knowledge.add(new, "Wakanda", types=("country",), description="A place in stories.")
    knowledge.connect(new, graph.entities.id("Berlin"))
    assert knowledge.has(new)
    assert not knowledge.has(new + 1)
    assert knowledge.is_a(new, frozenset({"country"}))
    assert knowledge.words(new) == "Wakanda (country): A place in stories."
    assert knowledge.neighbours(new) == {graph.entities.id("Berlin")}
    assert new in knowledge.neighbours(graph.entities.id("Berlin"))
    assert knowledge.entities()[-1] == new
    with pytest.raises(DataError, match="must be unused; it is 'Wakanda'"):
        knowledge.add(new, "Zana")


def test_ordinary_words_are_those_of_the_graphs_texts(knowledge):
    assert knowledge.is_ordinary("country")
    assert knowledge.is_ordinary("mountains")
    assert not knowledge.is_ordinary("caucasus")
    assert not knowledge.is_ordinary("germny")


def test_an_empty_graph():
    knowledge = Knowledge(Graph.from_triples([]))
    assert knowledge.entities() == []
    assert not knowledge.has(0)
