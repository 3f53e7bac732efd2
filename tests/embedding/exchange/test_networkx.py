import pytest

from lichen.base.errors import ConfigError
from lichen.data.graph import Graph
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.exchange.networkx import to_networkx

pytest.importorskip("networkx", reason="networkx is not installed")


def test_facts_are_edges_under_their_relation(lands):
    found = to_networkx(lands)
    assert found.number_of_nodes() == lands.num_entities
    assert found.number_of_edges() == lands.num_facts
    edge = found.edges["Austria", "Vienna", "capital"]
    row = edge["row"]
    h, r, t = lands.triples[row].tolist()
    assert (lands.entities[h], lands.relations[r], lands.entities[t]) == (
        "Austria",
        "capital",
        "Vienna",
    )
    assert edge == {"id": r, "row": row, "source": "book Austria"}


def test_nodes_say_what_is_known_of_them(lands):
    found = to_networkx(lands)
    assert found.nodes["Vienna"] == {
        "id": lands.entities.id("Vienna"),
        "names": ("维也纳",),
        "types": ("city",),
    }


def test_two_relations_between_two_entities_and_splits():
    graph = Graph.from_triples(
        [("a", "r", "b"), ("a", "q", "b")], splits={"test": [("a", "q", "b")]}
    )
    found = to_networkx(graph)
    assert {key: edge["splits"] for _, _, key, edge in found.edges(keys=True, data=True)} == {
        "r": ("train",),
        "q": ("train", "test"),
    }


def test_what_is_no_graph_is_refused(lands):
    encoder = GraphEncoder("distmult", lands, dim=2)
    with pytest.raises(ConfigError, match="to_networkx: graph must be of type Graph; got GraphEnc"):
        to_networkx(encoder)
