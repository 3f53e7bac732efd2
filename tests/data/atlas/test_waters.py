from lichen.data.atlas.collect import Collector
from lichen.data.atlas.factbook import Entry
from lichen.data.atlas.waters import (
    LAKES,
    RIVERS,
    add_lakes,
    add_rivers,
    add_watersheds,
    sea_thing,
)

DRAINAGE = "Geography/Major watersheds (area sq km)/Atlantic Ocean drainage"


def triples(collector):
    return {(collector.display(h), r, collector.display(t)) for h, r, t in collector.facts()}


def rivers_of(country, text):
    collector = Collector()
    add_rivers(collector, Entry("xx", {RIVERS: text}), collector.thing("country", country))
    return triples(collector), collector


def test_a_shared_river_gives_facts_for_all():
    found, collector = rivers_of(
        "Austria", "Donau (Danube) (shared with Germany [s], Hungary, and Romania [m]) - 2,888 km"
    )
    assert found == {
        ("Danube", "flows_through", "Austria"), ("Danube", "flows_through", "Germany"),
        ("Danube", "flows_through", "Hungary"), ("Danube", "flows_through", "Romania"),
        ("Danube", "river_source", "Germany"), ("Danube", "river_mouth", "Romania"),
    }  # fmt: skip
    danube = collector.find("river", "Donau")
    assert collector.value(danube, "length").value == 2888


def test_own_source_and_mouth_and_a_misplaced_bracket():
    found, _ = rivers_of(
        "Mozambique",
        "Zambezi river mouth (shared with Zambia [s]), Angola, and Zimbabwe) - 2,740 km; "
        "Sepik river source and mouth (shared with Indonesia) - 1,126 km",
    )
    assert {
        ("Zambezi", "river_mouth", "Mozambique"),
        ("Zambezi", "river_source", "Zambia"),
    } <= found
    assert {("Zambezi", "flows_through", c) for c in ("Angola", "Zimbabwe")} <= found
    assert {("Sepik", r, "Mozambique") for r in ("river_source", "river_mouth")} <= found


def test_a_mouth_told_before_the_countries():
    found, _ = rivers_of(
        "United States", "Rio Grande river source (mouth shared with Mexico) - 3,057 km; Red - 2 km"
    )
    assert ("Rio Grande", "river_source", "United States") in found
    assert ("Rio Grande", "river_mouth", "Mexico") in found
    assert ("Red River of the South", "flows_through", "United States") in found


def test_lakes_and_their_areas():
    collector = Collector()
    text = (
        "Lake Peipus - 4,300 sq km (shared with Estonia); Huron* - 35,972 sq km; "
        "Lake Chad (endorheic lake shared with Niger) - 10,360-25,900 sq km\nnote - varies"
    )
    add_lakes(collector, Entry("rs", {LAKES[0]: text}), collector.thing("country", "Russia"))
    assert triples(collector) == {
        ("Lake Peipus", "lake_in", "Russia"), ("Lake Peipus", "lake_in", "Estonia"),
        ("Lake Huron", "lake_in", "Russia"),
        ("Lake Chad", "lake_in", "Russia"), ("Lake Chad", "lake_in", "Niger"),
    }  # fmt: skip
    assert collector.value(collector.find("lake", "Lake Peipus"), "area").value == 4300
    assert collector.value(collector.find("lake", "Lake Huron"), "area") is None
    assert collector.value(collector.find("lake", "Lake Chad"), "area") is None


def test_rivers_flow_into_their_sea_rather_than_its_ocean():
    collector = Collector()
    for name in ("Danube", "Rhine"):
        collector.thing("river", name)
    text = "Rhine-Maas (198,735 sq km), (Black Sea) Danube (795,656 sq km), Po (76,997 sq km)"
    add_watersheds(collector, [Entry("sz", {DRAINAGE: text})])
    assert triples(collector) == {
        ("Danube", "flows_into", "Black Sea"), ("Rhine", "flows_into", "Atlantic Ocean"),
    }  # fmt: skip


def test_a_sea_that_is_a_lake_is_that_lake():
    collector = Collector()
    lake = collector.thing("lake", "Caspian Sea")
    assert sea_thing(collector, "Caspian Sea") == lake
    assert collector.display(sea_thing(collector, "Gulf of America")) == "Gulf of Mexico"
