import re

import pytest

from lichen.data.atlas.collect import Collector
from lichen.data.atlas.countries import countries
from lichen.data.atlas.divisions import PATH, add_divisions, list_divisions
from lichen.data.atlas.factbook import Entry, read_entries


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("9 states (Bundeslaender, singular - Bundesland); Tirol (Tyrol), Wien (Vienna)*",
         ["Tirol", "Wien"]),
        ("2 regions, 1 ward\nregions: Arima, Siparia\nward: Tobago",
         ["Arima", "Siparia", "Tobago"]),
        ("3 provinces; Province Nord (North Province), and Province Sud",
         ["Province Nord", "Province Sud"]),
        ("5 provinces: Buhumuza, Gitega", ["Buhumuza", "Gitega"]),
        ("3 precincts (circonscriptions, singular - circonscription) Alo, Uvea", ["Alo", "Uvea"]),
        ("2 regions; Aland (Swedish), Ahvenanmaa (Finnish); Lappi (Finnish), Lappland (Swedish)",
         ["Aland", "Lappi"]),
        ("17 provinces; Batys [West Kazakhstan] (Oral), Almaty*", ["Batys", "Almaty"]),
        ("none (territory of the US)", []),
        ("no first-order administrative divisions, but 10 parishes: Vale, Forest", []),
        ("", []),
    ],
)  # fmt: skip
def test_lists_of_divisions(text, names):
    assert [found[0] for found in list_divisions(text)] == names


def test_other_names_come_along():
    (found,) = list_divisions("1 oblast; Batys [West Kazakhstan] (Oral)")
    assert found == ("Batys", "Oral", "West Kazakhstan")
    collector, austria = Collector(), countries()["au"]
    thing = collector.thing("country", "Austria")
    add_divisions(collector, Entry("au", {PATH: "2 states; Wien (Vienna), Tirol"}), austria, thing)
    graph = collector.build()
    assert "Vienna" in graph.names_of(graph.entities.id("Wien"))
    assert graph.types_of(graph.entities.id("Tirol")) == ("division",)


def test_most_fields_give_as_many_as_they_say():
    wrong = checked = 0
    for entry in read_entries():
        names = [found[0] for found in list_divisions(entry.get(PATH))]
        head = re.split(r";|\n|:", re.sub(r"\([^)]*\)", "", entry.get(PATH)))[0]
        said = sum(int(number) for number in re.findall(r"\b(\d+)\b", head))
        if names and said:
            checked += 1
            wrong += abs(said - len(names)) > 1
    assert checked > 150
    assert wrong <= 6
