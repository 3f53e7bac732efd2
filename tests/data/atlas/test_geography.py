import pytest

from lichen.data.atlas.collect import Collector
from lichen.data.atlas.countries import countries, country_thing
from lichen.data.atlas.factbook import Entry
from lichen.data.atlas.geography import (
    BORDERS,
    LOCATION,
    add_area,
    add_borders,
    add_coasts,
    add_dependency,
    add_map_region,
    add_points,
    add_region,
)


@pytest.fixture
def collector():
    return Collector()


def display(collector, thing, relation):
    return [collector.display(t) for t in collector.tails(thing, relation)]


def test_border_stretches_add_up(collector):
    thing = collector.thing("country", "Morocco")
    text = "Algeria 1,941 km; Spain (Ceuta) 8 km and Spain (Melilla) 10.5 km, Atlantis 3 km"
    add_borders(collector, Entry("mo", {BORDERS: text}), thing)
    assert display(collector, thing, "borders") == ["Algeria", "Spain"]
    assert collector.value(thing, "border_with Spain").value == 18.5
    assert display(collector, collector.find("country", "Spain"), "borders") == ["Morocco"]


@pytest.mark.parametrize(
    ("code", "continent", "region"),
    [
        ("au", ["Europe"], ["Western Europe"]), ("mx", ["North America"], ["Central America"]),
        ("br", ["South America"], []), ("kv", ["Europe"], ["Southern Europe"]), ("ay", [], []),
    ],
)  # fmt: skip
def test_continents(collector, code, continent, region):
    country = countries()[code]
    thing = country_thing(collector, country)
    add_region(collector, Entry(code, {LOCATION: "somewhere"}), country, thing)
    assert display(collector, thing, "continent") == continent
    assert display(collector, thing, "region") == region


def test_map_regions_are_the_ones_people_name(collector):
    thing = collector.thing("country", "X")
    for text in ("Middle East", "Europe", "Political Map of the World"):
        add_map_region(collector, Entry("xx", {"Geography/Map references": text}), thing)
    assert display(collector, thing, "region") == ["Middle East"]


@pytest.mark.parametrize(
    ("location", "coast", "seas"),
    [
        ("Northern Europe, bordering the Baltic Sea, Gulf of Bothnia, and Gulf of Finland",
         "1,250 km", ["Baltic Sea", "Gulf of Bothnia", "Gulf of Finland"]),
        ("Eastern Asia, between the Sea of Japan and the Yellow Sea", "2,413 km",
         ["Sea of Japan", "Yellow Sea"]),
        ("Africa, west of the Red Sea", "10 km", []),
        ("Europe, north of the Adriatic Sea", "0 km (landlocked)", []),
    ],
)  # fmt: skip
def test_coasts(collector, location, coast, seas):
    thing = collector.thing("country", "X")
    add_coasts(collector, Entry("xx", {LOCATION: location, "Geography/Coastline": coast}), thing)
    assert display(collector, thing, "coast_on") == seas


def points(collector, code, which, text):
    country = countries()[code]
    thing = country_thing(collector, country)
    add_points(collector, Entry(code, {f"Geography/Elevation/{which}": text}), country, thing)
    relation = which.replace(" ", "_")
    height = collector.value(thing, f"{relation}_elevation")
    return display(collector, thing, relation), height.value if height else None


@pytest.mark.parametrize(
    ("which", "text", "names", "metres"),
    [
        ("highest point", "Mount Fuji 3,776 m", ["Mount Fuji"], 3776),
        ("highest point", "Mont Blanc 4,810", ["Mont Blanc"], 4810),
        ("highest point", "Dufourspitze on Monte Rosa 4,634 m", ["Dufourspitze"], 4634),
        ("highest point", "unnamed location 5 m", [], None),
        ("lowest point", "Dead Sea -431 m", ["Dead Sea"], -431),
        ("lowest point", "Atlantic/Indian Oceans 0 m", ["Atlantic Ocean", "Indian Ocean"], 0),
        ("lowest point", "Denman Glacier more than -3,500 m below", ["Denman Glacier"], None),
        ("lowest point", "junction of the Limpopo and Shashe Rivers 513 m", [], None),
    ],
)
def test_points(collector, which, text, names, metres):
    assert points(collector, "ja", which, text) == (names, metres)


def test_a_summit_on_a_border_is_one_place(collector):
    points(collector, "al", "highest point", "Maja e Korabit (Golem Korab) 2,764 m")
    points(collector, "mk", "highest point", "Golem Korab (Maja e Korabit) 2,764 m")
    points(collector, "cy", "highest point", "Mount Olympus 1,951 m")
    points(collector, "gr", "highest point", "Mount Olympus 2,917")
    assert len(collector.things("mountain")) == 3


def test_a_lowest_point_may_be_a_known_river(collector):
    river = collector.thing("river", "Mekong")
    points(collector, "la", "lowest point", "Mekong River 70 m")
    assert collector.tails(collector.find("country", "Laos"), "lowest_point") == [river]


@pytest.mark.parametrize(
    ("text", "owner"),
    [
        ("overseas territory of the UK; also claimed by Argentina", ["United Kingdom"]),
        ("British crown dependency", ["United Kingdom"]),
        ("part of the Kingdom of Denmark; self-governing", ["Denmark"]),
        ("special administrative region of the People's Republic of China", ["China"]),
        ("self-governing in free association with New Zealand", []),
        ("", []),
    ],
)
def test_dependencies(collector, text, owner):
    thing = collector.thing("territory", "X")
    add_dependency(collector, Entry("xx", {"Government/Dependency status": text}), thing)
    assert display(collector, thing, "dependency_of") == owner


def test_areas(collector):
    thing = collector.thing("country", "X")
    add_area(collector, Entry("xx", {"Geography/Area/total": "83,871 sq km"}), thing)
    assert collector.value(thing, "area") == (83_871.0, "km2", None)
