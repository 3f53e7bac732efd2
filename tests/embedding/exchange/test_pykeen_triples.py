import types

import numpy as np
import pytest

from lichen.base.errors import ConfigError, DataError
from lichen.data.graph import Graph
from lichen.embedding.exchange.pykeen_triples import (
    graph_from_triples_factory,
    labels_of,
    to_triples_factory,
)


class Factory:
    """What is read of PyKEEN's TriplesFactory."""

    def __init__(self, facts, entities, relations):
        self.mapped_triples = np.array(facts)
        self.entity_to_id, self.relation_to_id = entities, relations


def test_ids_are_kept_and_splits_named():
    entities, relations = {"b": 1, "a": 0, "c": 2}, {"r": 0}
    train = Factory([[0, 0, 1], [0, 0, 1]], entities, relations)
    test = Factory([[0, 0, 1], [2, 0, 1]], entities, relations)
    graph = graph_from_triples_factory(train, test=test)
    assert list(graph.entities) == ["a", "b", "c"]
    assert graph.triples.tolist() == [[0, 0, 1], [2, 0, 1]]
    assert {k: v.tolist() for k, v in graph.splits.items()} == {"train": [0], "test": [0, 1]}
    assert not graph_from_triples_factory(train).splits


def test_labels_must_fit():
    train = Factory([[0, 0, 1]], {"a": 0, "b": 1}, {"r": 0})
    with pytest.raises(DataError, match="test: must number labels as the first factory does"):
        graph_from_triples_factory(train, test=Factory([[0, 0, 1]], {"a": 1, "b": 0}, {"r": 0}))
    with pytest.raises(DataError, match=r"entity labels must be texts; got nan\. PyKEEN reads"):
        labels_of(Factory([[0, 0, 1]], {float("nan"): 0, "b": 1}, {"r": 0}))
    with pytest.raises(DataError, match="entity ids must run from 0 to 1, each once; got 0 to 2"):
        graph_from_triples_factory(Factory([[0, 0, 2]], {"a": 0, "b": 2}, {"r": 0}))
    with pytest.raises(DataError, match=r"triples_factory must hold labels"):
        labels_of(types.SimpleNamespace())


def test_there_and_back():
    pytest.importorskip("pykeen", reason="pykeen is not installed")
    graph = Graph.from_triples(
        [("a", "r", "b"), ("b", "q", "c")], splits={"test": [("c", "r", "a")]}
    )
    parts = [to_triples_factory(graph, s, create_inverse_triples=True) for s in ("train", "test")]
    assert [part.num_triples for part in parts] == [2, 1]
    assert parts[0].real_num_relations == 2
    back = graph_from_triples_factory(parts[0], test=parts[1])
    assert back.entities == graph.entities
    assert back.relations == graph.relations
    assert back.triples.tolist() == graph.triples.tolist()
    assert {k: v.tolist() for k, v in back.splits.items()} == {"train": [0, 1], "test": [2]}
    assert to_triples_factory(graph).num_triples == 3


def test_what_is_no_graph_or_factory_is_refused():
    with pytest.raises(DataError, match=r"triples_factory must hold labels, .*; got Graph"):
        graph_from_triples_factory(Graph.from_triples([("a", "r", "b")]))
    train = Factory([[0, 0, 1]], {"a": 0, "b": 1}, {"r": 0})
    with pytest.raises(DataError, match=r"triples_factory must hold labels, .*; got str"):
        graph_from_triples_factory(train, test="test.tsv")
    with pytest.raises(ConfigError, match="to_triples_factory: graph must be of type Graph"):
        to_triples_factory(train)
