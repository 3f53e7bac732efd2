import pytest

from lichen.base.errors import DataError, MissingExtraError
from lichen.data.read import read_graph, scan_graph
from lichen.data.read.rdf import decoded, local_name

E = "http://example.org/"

TURTLE = """@prefix ex: <http://example.org/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
ex:Austria a ex:Country ; rdfs:label "Austria"@en, "奥地利"@zh ; skos:altLabel "AT" ;
    rdfs:comment "A country in the Alps." ; ex:capital ex:Vienna ;
    ex:population 9000000 ; ex:area 83871.5 ; ex:motto "none" ; ex:founded "1955-07-27"^^xsd:date .
ex:capital a <http://www.w3.org/1999/02/22-rdf-syntax-ns#Property> ; rdfs:label "has capital"@en .
ex:Lower_Austria ex:part_of ex:Austria .
"""


def test_turtle_sorts_statements(tmp_path):
    path = tmp_path / "kg.ttl"
    path.write_text(TURTLE)
    g = read_graph(path)
    austria = g.entities.id(E + "Austria")
    assert g.num_facts == 2
    assert g.entities.labels == (E + "Austria", E + "Vienna", E + "Lower_Austria")
    assert g.relations.labels == (E + "capital", E + "part_of")
    assert g.relation_text(0) == "has capital"
    assert g.name(austria) == "Austria"
    assert g.names_of(austria, language="zh") == ("奥地利",)
    assert "AT" in g.names_of(austria)
    assert g.name(g.entities.id(E + "Lower_Austria")) == "Lower Austria"
    assert g.descriptions[austria] == "A country in the Alps."
    assert g.types_of(austria) == (E + "Country",)
    values = {x.attribute.removeprefix(E): x.value for x in g.literals}
    assert values == {
        "population": 9_000_000,
        "area": 83871.5,
        "motto": "none",
        "founded": "1955-07-27",
    }


def test_ntriples_error_names_file_and_line(tmp_path):
    path = tmp_path / "kg.nt"
    good = "<http://e/a> <http://e/p> <http://e/b> .\n"
    path.write_text(good + "\n# note\n<http://e/a> <http://e/p> oops .\n" + good.replace("b", "c"))
    with pytest.raises(DataError, match=r"kg.nt:4: expected an N-Triples statement, found a line"):
        read_graph(path)
    graph, report = scan_graph(path)
    assert (graph.num_facts, report.num_bad) == (2, 1)
    assert report.first_bad.startswith(f"{path}:4: ")


def test_turtle_goes_on_after_a_bad_statement(tmp_path):
    path = tmp_path / "kg.ttl"
    path.write_text(
        "@prefix ex: <http://e/> .\nex:a ex:p ex:b .\nex:a ex:p [[ .\nex:c ex:p ex:d .\n"
    )
    with pytest.raises(DataError, match=r"kg.ttl:3: expected a Turtle statement, found a line"):
        read_graph(path)
    graph, report = scan_graph(path)
    assert {"http://e/a", "http://e/c"} <= set(graph.entities)
    assert report.num_bad >= 1


def test_invalid_utf8_names_the_line(tmp_path):
    path = tmp_path / "kg.nt"
    path.write_bytes(b'<http://e/a> <http://e/p> "\xff" .\n')
    with pytest.raises(DataError, match=r"kg.nt:1: "):
        read_graph(path)


def test_blank_nodes_are_entities(tmp_path):
    path = tmp_path / "kg.nt"
    path.write_text("<http://e/a> <http://e/p> _:x .\n_:x <http://e/q> <http://e/b> .\n")
    graph = read_graph(path)
    assert graph.num_facts == 2
    assert any(label.startswith("_:") for label in graph.entities)


def test_value_with_unit_and_year(tmp_path):
    path = tmp_path / "kg.nt"
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    xsd = "http://www.w3.org/2001/XMLSchema#"
    path.write_text(
        f'_:v <{rdf}value> "9"^^<{xsd}integer> .\n<http://e/a> <http://e/area> _:v .\n'
        f'_:v <urn:lichen:unit> "km2" .\n_:v <urn:lichen:year> "2021"^^<{xsd}integer> .\n'
    )
    graph = read_graph(path)
    assert graph.num_facts == 0
    assert graph.literals == ((0, "http://e/area", 9, "km2", 2021, -1),)


def test_statement_about_a_statement_is_bad(tmp_path):
    path = tmp_path / "kg.nt"
    path.write_text(
        "<http://e/a> <http://e/p> <<( <http://e/a> <http://e/p> <http://e/b> )>> .\n"
        "<http://e/a> <http://e/p> <http://e/b> .\n"
    )
    with pytest.raises(DataError, match=r"kg.nt:1: expected"):
        read_graph(path)
    assert scan_graph(path)[0].num_facts == 1


def test_label_of_an_iri():
    assert decoded("urn:lichen:entity:a%2Fb") == "a/b"
    assert local_name("https://e.org/x#New_York/") == "New York"
    assert local_name("urn:x:y") == ""


def test_without_pyoxigraph(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyoxigraph", None)
    path = tmp_path / "kg.ttl"
    path.write_text(TURTLE)
    with pytest.raises(MissingExtraError, match=r"pip install 'lichen\[rdf\]'"):
        read_graph(path)
