"""A whole graph into the store: everything comes back, nothing comes twice."""

from __future__ import annotations

import pytest

from lichen.base.errors import DataError
from lichen.data.builder import GraphBuilder
from lichen.data.graph import Graph, Source
from lichen.store import Store


def test_a_graph_goes_in_and_comes_out(tmp_path):
    b = GraphBuilder()
    b.add_entity("Austria", types=("country",), description="A country.")
    b.add_name("Austria", "奥地利", language="zh")
    b.add_fact("Vienna", "capital_of", "Austria", source=("p", "..."))
    b.add_literal("Austria", "area", 83871.0, unit="km2", year=2021, source=("p", "..."))
    graph = b.build()
    path = tmp_path / "facts.db"
    with Store.open(f"sqlite:///{path}") as store:
        assert store.add_graph(graph) == (2, 1, 1, 1, 1, 1)
    with Store.open(path) as store:
        found = store.snapshot()
        assert store.version == 1
    assert found.entities == graph.entities
    assert found.triples.tolist() == graph.triples.tolist()
    assert (found.names, found.types) == (graph.names, graph.types)
    assert found.descriptions == graph.descriptions
    assert (found.literals, found.sources) == (graph.literals, graph.sources)


def small():
    b = GraphBuilder()
    b.add_entity("Austria", types=("country",), description="A country.")
    b.add_name("Austria", "Österreich", language="de")
    b.add_relation("capital_of", text="is the capital of")
    b.add_fact("Vienna", "capital_of", "Austria")
    b.add_literal("Austria", "area", 83871.0, unit="km2")
    return b


def test_the_same_graph_twice_changes_nothing(store):
    store.add_graph(small().build(), source=("atlas", ""))
    version = store.version
    assert store.add_graph(small().build(), source=("atlas", "")) == (0, 0, 0, 0, 0, 0)
    assert store.version == version
    assert store.counts() == (3, 2, 2, 1, 1, 3)


def test_a_graph_adds_to_what_is_there(store):
    counts = store.add_graph(small().build(), source=("atlas", "..."))
    assert counts == (0, 0, 0, 1, 1, 1)
    (fact,) = store.facts(head="Vienna")
    assert [s.address for s in fact.sources] == ["a", "atlas"]
    graph = store.snapshot()
    austria = graph.entities.id("Austria")
    assert graph.descriptions == {austria: "A country."}
    assert graph.relation_text(graph.relations.id("capital_of")) == "is the capital of"
    assert graph.sources[graph.literals[0].source] == Source("atlas", "...")


def test_a_description_that_is_there_stays_and_types_come_after(store):
    store.add_entity("Austria", description="Ours.", types=("republic",))
    version = store.version
    store.add_graph(small().build())
    entity = store.entities()[store.snapshot().entities.id("Austria")]
    assert (entity.description, entity.types) == ("Ours.", ("republic", "country"))
    assert [e.label for e in store.changes(version).entities] == ["Austria"]


def test_ids_of_the_store_need_not_be_those_of_the_graph(store):
    store.add_graph(Graph.from_triples([("x", "r", "Austria"), ("Vienna", "r", "x")]))
    assert store.snapshot().entities.labels == ("Vienna", "Austria", "Danube", "x")
    assert {f[:3] for f in store.facts(relation="r")} == {
        ("x", "r", "Austria"),
        ("Vienna", "r", "x"),
    }


def test_an_empty_graph(store):
    version = store.version
    assert store.add_graph(Graph.from_triples([])) == (0, 0, 0, 0, 0, 0)
    assert store.version == version


def test_a_value_that_is_no_number_leaves_nothing(store):
    b = small()
    b.add_literal("Austria", "population", float("nan"))
    before = store.counts()
    with pytest.raises(DataError, match="value must be a finite number"):
        store.add_graph(b.build())
    assert store.counts() == before


def test_more_rows_than_one_statement_holds(store):
    triples = [(f"e{i}", f"r{i % 7}", f"e{i * 3 % 5000}") for i in range(9000)]
    graph = Graph.from_triples(triples)
    assert store.add_graph(graph).facts == graph.num_facts
    assert store.add_graph(graph).facts == 0
    assert store.snapshot().num_facts == graph.num_facts + 2
