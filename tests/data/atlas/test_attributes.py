from lichen.data.atlas.attributes import ATTRIBUTES, add_attributes, latest_path
from lichen.data.atlas.collect import Collector
from lichen.data.atlas.factbook import Entry, read_entries

EXPORTS = "Economy/Exports"


def test_only_the_latest_year_counts():
    entry = Entry("xx", {
        f"{EXPORTS}/Exports 2022": "$291.804 billion (2022 est.)",
        f"{EXPORTS}/Exports 2024": "$299.366 billion (2024 est.)",
        f"{EXPORTS}/note": "note: in dollars",
    })  # fmt: skip
    assert latest_path(entry, EXPORTS) == f"{EXPORTS}/Exports 2024"
    collector = Collector()
    thing = collector.thing("country", "X")
    add_attributes(collector, entry, thing)
    assert collector.value(thing, "export_value") == (299.366e9, "USD", 2024)
    assert collector.value(thing, "population") is None


def test_texts_are_kept_short():
    entry = Entry("xx", {
        "Communications/Internet country code": ".at",
        "Government/National anthem(s)/title": '"Land der Berge" (Land of Mountains)',
    })  # fmt: skip
    collector = Collector()
    thing = collector.thing("country", "X")
    add_attributes(collector, entry, thing)
    assert collector.value(thing, "internet_code") == ".at"
    assert collector.value(thing, "national_anthem") == "Land der Berge"


def test_every_attribute_is_in_the_factbook():
    entries = read_entries()
    for attribute, (path, _unit) in ATTRIBUTES.items():
        found = sum(bool(entry.get(latest_path(entry, path))) for entry in entries)
        assert found >= 30, attribute
