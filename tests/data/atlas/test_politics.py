import pytest

from lichen.data.atlas.collect import Collector
from lichen.data.atlas.countries import countries, table
from lichen.data.atlas.factbook import Entry, read_entries
from lichen.data.atlas.fields import brackets, split_list, without_notes
from lichen.data.atlas.politics import (
    add_capital,
    add_government,
    add_independence,
    add_memberships,
    add_symbols,
)

MEMBERSHIPS = "Government/International organization participation"


@pytest.mark.parametrize(
    ("code", "text", "capitals"),
    [
        ("au", "Vienna", ["Vienna"]),
        ("ci", "Santiago; note - Valparaiso is the seat of the legislature", ["Santiago"]),
        ("tp", "none", []),
        ("us", "Washington, D.C.", ["Washington, D.C."]),
        ("ri", "Belgrade (Beograd)", ["Belgrade"]),
    ],
)
def test_capitals(code, text, capitals):
    collector, country = Collector(), countries()[code]
    thing = collector.thing("country", country.label)
    add_capital(collector, Entry(code, {"Government/Capital/name": text}), country, thing)
    assert [collector.display(t) for t in collector.tails(thing, "capital")] == capitals
    if code == "ri":
        assert collector.find("city", "Beograd", "Serbia") is not None


def test_memberships_by_role(facts_of):
    text = "ADB, C, EU (candidate country), ICC (NGOs), OAS (observer), MONUSCO, UN, XYZ"
    found, _ = facts_of(add_memberships, MEMBERSHIPS, text)
    assert found == {
        ("member_of", "Asian Development Bank"),
        ("member_of", "Commonwealth of Nations"),
        ("member_of", "United Nations"),
        ("associated_with", "European Union"),
        ("represented_in", "International Chamber of Commerce"),
        ("observer_of", "Organization of American States"),
        (
            "contributes_to",
            "United Nations Stabilization Mission in the Democratic Republic of the Congo",
        ),
    }


def test_nearly_all_abbreviations_are_known():
    names = table("organisations.toml")
    known = {*names["organisations"], *names["missions"]}
    parts = [
        brackets(part)[0]
        for entry in read_entries()
        for part in split_list(without_notes(entry.get(MEMBERSHIPS)))
    ]
    assert sum(part in known for part in parts) / len(parts) > 0.995


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("presidential republic", {"presidential republic"}),
        ("parliamentary democracy (Parliament); a Commonwealth realm", {"parliamentary democracy"}),
        ("Republic of Cyprus - presidential republic; self-declared", {"presidential republic"}),
        ("in transition", set()),
        ("overseas territory of the UK", set()),
    ],
)
def test_government_types(facts_of, text, found):
    assert {t for _r, t in facts_of(add_government, "Government/Government type", text)[0]} == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mixed system of English common law, Islamic law (in 12 states), and traditional law",
         {"common law", "Islamic law", "customary law"}),
        ("civil law system with regional variations", {"civil law"}),
        ("the laws of the UK apply", set()),
    ],
)  # fmt: skip
def test_legal_systems(facts_of, text, found):
    assert {t for _r, t in facts_of(add_government, "Government/Legal system", text)[0]} == found


def test_symbols_and_colours(facts_of):
    text = "lion (old), merlion; note: x"
    found, _ = facts_of(add_symbols, "Government/National symbol(s)", text)
    assert found == {("national_symbol", "lion"), ("national_symbol", "merlion")}
    assert facts_of(add_symbols, "Government/National color(s)", "NA")[0] == set()


@pytest.mark.parametrize(
    ("text", "former", "year"),
    [
        ("1 October 1960 (from the UK)", "United Kingdom", 1960),
        ("9 April 1991 (from the Soviet Union); notable earlier date: 1008", "Soviet Union", 1991),
        ("3 May 1947 (current constitution adopted)", None, 1947),
        ("none (territory of the US)", None, None),
    ],
)
def test_independence(facts_of, text, former, year):
    found, collector = facts_of(add_independence, "Government/Independence", text)
    assert {t for _r, t in found} == ({former} if former else set())
    value = collector.value(collector.find("country", "X"), "independence_year")
    assert (value.value if value else None) == year
