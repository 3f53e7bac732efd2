import pytest

from lichen.data.atlas.collect import Collector
from lichen.data.atlas.countries import countries, country_thing
from lichen.data.atlas.economy import (
    add_commodities,
    add_currency,
    add_partners,
    commodities,
    single_names,
)
from lichen.data.atlas.factbook import Entry

RESOURCES = "Geography/Natural resources"
CURRENCY = "Economy/Exchange rates/Currency"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cars, packaged medicine (2023)", ["cars", "packaged medicine"]),
        ("mining (copper, gold, zinc), cement", ["mining", "cement"]),
        ("small reserves of gold, some marble, and talc", ["gold", "marble", "talc"]),
        ("NEGL, none, other minerals, wine; note: x", ["wine"]),
        ("metropolitan France: coal, iron ore", ["coal", "iron ore"]),
        ("climate and beaches that foster tourism, fish", ["fish"]),
        ("", []),
    ],
)
def test_commodities_of_hard_lists(text, found):
    assert commodities(text) == found


def test_pairs_come_apart_only_when_both_are_known():
    entries = [
        Entry("aa", {RESOURCES: "gold, silver"}),
        Entry("bb", {RESOURCES: "gold and silver, terrestrial and aquatic wildlife"}),
    ]
    collector = Collector()
    thing = collector.thing("country", "X")
    add_commodities(collector, entries[1], thing, single_names(entries))
    names = [collector.display(t) for t in collector.tails(thing, "natural_resource")]
    assert names == ["gold", "silver", "terrestrial and aquatic wildlife"]


def test_spellings_and_slashes():
    collector = Collector()
    thing = collector.thing("country", "X")
    entry = Entry("xx", {
        "Economy/Exports - commodities": "automobiles, cucumbers/gherkins",
        "Economy/Imports - commodities": "cars, corn",
    })  # fmt: skip
    add_commodities(collector, entry, thing, frozenset())
    assert [collector.display(t) for t in collector.tails(thing, "exports")] == [
        "cars",
        "cucumbers",
    ]
    assert [collector.display(t) for t in collector.tails(thing, "imports")] == ["cars", "maize"]
    graph = collector.build()
    assert "cucumbers/gherkins" in graph.names_of(graph.entities.id("cucumbers"))


def test_partners_and_shares():
    collector = Collector()
    thing = collector.thing("country", "X")
    text = "Germany 25%, USA 9%, S. Korea 7%, Gambia, The 4%, other 3%, Atlantis 2% (2023)"
    add_partners(collector, Entry("xx", {"Economy/Exports - partners": text}), thing)
    names = [collector.display(t) for t in collector.tails(thing, "export_partner")]
    assert names == ["Germany", "United States", "South Korea", "Gambia"]
    assert collector.value(thing, "export_partner_share Germany") == (25.0, "%", 2023)


@pytest.mark.parametrize(
    ("code", "text", "label"),
    [
        ("au", "euros (EUR) per US dollar -", "Euro"),
        ("za", "Zambian kwacha (ZMK) per US dollar -", "Zambian Kwacha"),
        ("th", "baht per US dollar -", "Thai Baht"),
        ("sz", "", "Swiss Franc"),
    ],
)
def test_currencies_are_current_ones(code, text, label):
    collector, country = Collector(), countries()[code]
    thing = country_thing(collector, country)
    add_currency(collector, Entry(code, {CURRENCY: text} if text else {}), country, thing)
    (currency,) = collector.tails(thing, "currency")
    assert collector.display(currency) == label
