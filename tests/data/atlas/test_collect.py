import pytest

from lichen.data.atlas.collect import Collector
from lichen.data.atlas.numbers import Quantity

SOURCE = ("book#1", "it says so")


@pytest.fixture
def collector():
    return Collector()


def test_spellings_of_one_thing_are_one_thing(collector):
    a = collector.thing("product", "tomatoes")
    b = collector.thing("resource", "Tomato")
    collector.thing("product", "tomatoes")
    assert a == b
    land = collector.thing("country", "Spain")
    collector.fact(land, "exports", a, SOURCE)
    graph = collector.build()
    assert list(graph.entities) == ["Spain", "tomatoes"]
    assert graph.types_of(1) == ("product", "resource")
    assert "Tomato" in graph.names_of(1)


def test_the_prominent_thing_keeps_a_shared_name(collector):
    land = collector.thing("country", "Luxembourg")
    city = collector.thing("city", "Luxembourg", scope="Luxembourg")
    part = collector.thing("division", "Luxembourg", scope="Belgium")
    twin = collector.thing("division", "Luxembourg", scope="Luxembourg")
    for thing in (part, twin, city):
        collector.fact(land, "has", thing, SOURCE)
    labels = collector.labels()
    assert labels[land] == "Luxembourg"
    assert labels[city] == "Luxembourg (city)"
    assert labels[part] == "Luxembourg (division of Belgium)"
    assert labels[twin] == "Luxembourg (division of Luxembourg)"
    graph = collector.build()
    assert all("Luxembourg" in graph.names_of(e) for e in range(graph.num_entities))


def test_divisions_that_share_a_name_are_all_bracketed(collector):
    land = collector.thing("country", "X")
    for scope in ("Peru", "Brazil"):
        collector.fact(land, "has", collector.thing("division", "Amazonas", scope=scope), SOURCE)
    assert set(collector.labels().values()) == {
        "X", "Amazonas (division of Peru)", "Amazonas (division of Brazil)",
    }  # fmt: skip


def test_merged_names_mean_the_same_later(collector):
    river = collector.thing("river", "Danube")
    collector.merge(river, "Donau")
    assert collector.thing("river", "Donau") == river
    assert collector.find("river", "donau") == river
    assert collector.find("river", "Rhine") is None
    assert collector.names(river) == ["Danube", "Donau"]


def test_first_sources_and_values_stay_and_loops_go(collector):
    a, b = collector.thing("country", "A"), collector.thing("country", "B")
    collector.fact(a, "borders", b, SOURCE)
    collector.fact(a, "borders", b, ("book#2", "again"))
    collector.fact(a, "borders", a, SOURCE)
    collector.literal(a, "area", Quantity(1.0, "km2", 2020), SOURCE)
    collector.literal(a, "area", Quantity(2.0, "km2", 2021), SOURCE)
    collector.describe(a, "first")
    collector.describe(a, "second")
    assert collector.tails(a, "borders") == [b]
    assert collector.value(a, "area").value == 1.0
    graph = collector.build()
    assert graph.num_facts == 1
    assert graph.source(0).address == "book#1"
    assert (graph.literals[0].value, graph.literals[0].unit) == (1.0, "km2")
    assert graph.descriptions[0] == "first"


def test_things_without_facts_are_left_out(collector):
    collector.thing("person", "Nobody")
    assert collector.build().num_entities == 0
