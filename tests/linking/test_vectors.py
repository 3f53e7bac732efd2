"""Entity vectors: encoded once, together, and searched exactly."""

from __future__ import annotations

import numpy as np

from lichen.data.graph import Graph
from lichen.linking.knowledge import Knowledge
from lichen.linking.vectors import EntityVectors


def test_an_entity_is_encoded_once(graph, encoder):
    vectors = EntityVectors(encoder, Knowledge(graph))
    first = vectors.of([0, 1, 0])
    assert (encoder.num_calls, encoder.num_texts) == (1, 2)
    np.testing.assert_array_equal(first[0], first[2])
    vectors.of([1, 0])
    assert encoder.num_calls == 1


def test_the_nearest_by_meaning(graph, encoder):
    knowledge = Knowledge(graph)
    vectors = EntityVectors(encoder, knowledge)
    found = vectors.nearest("wine and mountains in the Caucasus", limit=3)
    assert found[0][0] == graph.entities.id("Georgia")
    assert [cosine for _, cosine in found] == sorted((c for _, c in found), reverse=True)
    knowledge.add(graph.num_entities, "Zana", description="wine wine mountains mountains Caucasus")
    assert vectors.nearest("wine mountains Caucasus", limit=1)[0][0] == graph.num_entities


def test_an_empty_graph(encoder):
    vectors = EntityVectors(encoder, Knowledge(Graph.from_triples([])))
    assert vectors.nearest("x", limit=3) == []
