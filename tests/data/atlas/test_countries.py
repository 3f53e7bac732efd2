import pytest

from lichen.data.atlas.collect import Collector
from lichen.data.atlas.countries import (
    add_names,
    countries,
    country_info,
    country_thing,
    find_country,
    table,
)
from lichen.data.atlas.factbook import Entry, read_entries


def test_every_entry_has_a_row():
    codes = {entry.code for entry in read_entries()}
    assert codes == set(countries())
    labels = [country.label for country in countries().values()]
    assert len(set(labels)) == len(labels)
    assert {c.type for c in countries().values()} == {
        "country", "territory", "organisation", "world",
    }  # fmt: skip


def test_no_name_means_two_countries():
    owners = {}
    for country in countries().values():
        for name in (country.label, *country.names):
            assert owners.setdefault(name, country.code) == country.code


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Korea, North", "North Korea"), ("S. Korea", "South Korea"),
        ("UAE", "United Arab Emirates"),
        ("Turkey (Turkiye)", "Turkey"), ("The Gambia", "Gambia"), ("Cote d'Ivoire", "Ivory Coast"),
        ("Spain (Ceuta)", "Spain"), ("Republic of Congo", "Republic of the Congo"),
        ("Holy See (Vatican City)", "Vatican City"), ("Macedonia", "North Macedonia"),
    ],
)  # fmt: skip
def test_names_in_fields(text, label):
    assert find_country(text).label == label


@pytest.mark.parametrize("text", ["", "Atlantis", "French Guiana", "other"])
def test_names_of_no_country(text):
    assert find_country(text) is None


def test_names_in_many_languages():
    collector, country = Collector(), countries()["sz"]
    thing = country_thing(collector, country)
    path = "Government/Country name/"
    entry = Entry("sz", {
        path + "conventional long form": "Swiss Confederation",
        path + "local short form": "Schweiz (German)/ Suisse (French)",
        path + "local long form": "none",
    })  # fmt: skip
    add_names(collector, entry, country, thing)
    collector.fact(thing, "borders", collector.thing("country", "Italy"), ("a", "b"))
    graph = collector.build()
    entity = graph.entities.id("Switzerland")
    assert graph.names_of(entity, language="zh") == ("瑞士",)
    assert graph.names_of(entity, language="ja") == ("スイス",)
    assert "Swiss Confederation" in graph.names_of(entity, language="en")
    assert {"Schweiz", "Suisse"} <= set(graph.names_of(entity, language="mul"))
    assert "none" not in graph.names_of(entity)


def test_tables_and_records_are_there():
    assert country_info()["AT"]["region"] == "Europe"
    assert table("organisations.toml")["organisations"]["UN"] == "United Nations"
