import pytest

from lichen.base.errors import DataError
from lichen.data.builder import GraphBuilder
from lichen.data.graph import Graph
from lichen.data.read import read_graph
from lichen.data.write import write_graph


def test_web_addresses_stay_and_other_labels_are_named(tmp_path):
    graph = Graph.from_triples([("http://e.org/a", "part of", "São Tomé")])
    text = write_graph(graph, tmp_path / "g.nt").read_text()
    assert (
        "<http://e.org/a> <urn:lichen:relation:part%20of> <urn:lichen:entity:S%C3%A3o%20Tom%C3%A9>"
    ) in text
    assert '<http://www.w3.org/2000/01/rdf-schema#label> "São Tomé"@en' in text


def test_labels_that_mean_something_to_rdf_come_back(tmp_path):
    type_ = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
    odd = [("_:b", type_, "urn:lichen:entity:x"), ("http://not an iri", "r", "a")]
    graph = Graph.from_triples(odd)
    for name in ("g.nt", "g.ttl"):
        found = read_graph(write_graph(graph, tmp_path / name))
        assert set(found.entities) == set(graph.entities)
        assert set(found.relations) == set(graph.relations)
        assert found.num_facts == 2


def test_entity_and_relation_of_one_label(tmp_path):
    builder = GraphBuilder()
    builder.add_fact("capital", "capital", "b")
    builder.add_relation("capital", text="is the capital of")
    builder.add_name("capital", "chief town")
    found = read_graph(write_graph(builder.build(), tmp_path / "g.ttl"))
    assert found.relation_text(0) == "is the capital of"
    assert found.names_of(found.entities.id("capital")) == ("capital", "chief town")


def test_language_that_is_no_code(tmp_path):
    builder = GraphBuilder()
    builder.add_name("a", "A", language="no such code")
    with pytest.raises(DataError, match="languages must be codes such as en"):
        write_graph(builder.build(), tmp_path / "g.ttl")
    assert list(tmp_path.iterdir()) == []


def test_what_is_lost_is_said(tmp_path, caplog):
    graph = Graph.from_triples([("a", "r", "b")], splits={"test": []})
    write_graph(graph, tmp_path / "g.ttl")
    assert "does not keep the graph's splits. Save" in caplog.text
