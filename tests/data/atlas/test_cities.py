import pytest

from lichen.data.atlas.cities import PATH, add_cities, add_city_names
from lichen.data.atlas.collect import Collector
from lichen.data.atlas.countries import countries, country_thing
from lichen.data.atlas.factbook import Entry
from lichen.data.atlas.politics import add_capital


def cities_of(code, text):
    collector, country = Collector(), countries()[code]
    thing = country_thing(collector, country)
    add_cities(collector, Entry(code, {PATH: text}), country, thing)
    return collector, thing


@pytest.mark.parametrize(
    ("text", "name", "people"),
    [
        ("1.975 million VIENNA (capital) (2023)", "Vienna", 1_975_000),
        ("936,000 Oran (2022)", "Oran", 936_000),
        ("872,000 million Hufuf-Mubarraz (2023)", "Hufuf-Mubarraz", 872_000),
        ("35,000 NUKU'ALOFA (capital) (2018)", "Nuku'alofa", 35_000),
        ("6.1 million DAR ES SALAAM (2023)", "Dar es Salaam", 6_100_000),
    ],
)
def test_a_city_and_its_people(text, name, people):
    collector, thing = cities_of("au", text)
    (city,) = collector.tails(thing, "major_city")
    assert collector.display(city) == name
    assert collector.value(city, "population").value == people


def test_a_number_that_forgot_its_million_is_no_population():
    collector, thing = cities_of("th", "1.454 Chon Buri (2023)")
    (city,) = collector.tails(thing, "major_city")
    assert collector.value(city, "population") is None


def test_a_capital_under_its_other_name():
    collector, country = Collector(), countries()["kz"]
    thing = country_thing(collector, country)
    add_capital(collector, Entry("kz", {"Government/Capital/name": "Astana"}), country, thing)
    text = "1.987 million Almaty, 1.291 million NUR-SULTAN (capital) (2023)"
    add_cities(collector, Entry("kz", {PATH: text}), country, thing)
    assert collector.tails(thing, "major_city")[1:] == collector.tails(thing, "capital")


def test_names_of_cities_in_other_languages():
    collector, thing = cities_of("au", "1.975 million VIENNA (capital) (2023)")
    beijing = collector.thing("city", "Beijing", scope="China")
    collector.fact(thing, "major_city", beijing, ("a", "b"))
    add_city_names(collector)
    graph = collector.build()
    assert graph.names_of(graph.entities.id("Vienna"), language="zh") == ("维也纳",)
    assert graph.names_of(graph.entities.id("Vienna"), language="de") == ("Wien",)
    assert graph.names_of(graph.entities.id("Beijing"), language="zh") == ("北京",)
