"""Entries in, graph out: every field's parser in turn, then descriptions and names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lichen.base.progress import track
from lichen.data.atlas import (
    attributes,
    cities,
    divisions,
    economy,
    geography,
    people,
    politics,
    society,
    waters,
)
from lichen.data.atlas.collect import Collector
from lichen.data.atlas.countries import (
    Country,
    add_names,
    countries,
    country_thing,
    table,
)
from lichen.data.atlas.describe import describe_things
from lichen.data.atlas.factbook import Entry
from lichen.data.graph import Graph

_CHINESE = {
    "rivers": "river", "lakes": "lake", "continents": "continent", "seas": "sea",
    "oceans": "ocean", "regions": "region", "mountains": "mountain", "religions": "religion",
    "colours": "colour", "organisations": "organisation",
}  # fmt: skip
"""Section of `chinese.toml` to the type of what it names."""


def build_graph(entries: Iterable[Entry]) -> Graph:
    """Build the graph of all entries; the same entries give the same graph."""
    collector = Collector()
    known = [(entry, countries()[entry.code]) for entry in entries if entry.code in countries()]
    singles = economy.single_names([entry for entry, _country in known])
    for _entry, country in known:
        country_thing(collector, country)
    for entry, country in track(known, what="building Atlas"):
        _add_entry(collector, entry, country, singles)
    waters.add_watersheds(collector, [entry for entry, _country in known])
    for entry, country in known:
        if country.type in ("country", "territory"):
            geography.add_points(collector, entry, country, country_thing(collector, country))
    cities.add_city_names(collector)
    _add_chinese(collector)
    describe_things(collector)
    return collector.build()


def _add_entry(
    collector: Collector, entry: Entry, country: Country, singles: frozenset[str]
) -> None:
    thing = country_thing(collector, country)
    add_names(collector, entry, country, thing)
    collector.describe(thing, _description(entry))
    geography.add_area(collector, entry, thing)
    attributes.add_attributes(collector, entry, thing)
    if country.type in ("world", "organisation"):
        return
    geography.add_region(collector, entry, country, thing)
    geography.add_map_region(collector, entry, thing)
    geography.add_borders(collector, entry, thing)
    geography.add_coasts(collector, entry, thing)
    geography.add_dependency(collector, entry, thing)
    waters.add_rivers(collector, entry, thing)
    waters.add_lakes(collector, entry, thing)
    politics.add_capital(collector, entry, country, thing)
    cities.add_cities(collector, entry, country, thing)
    divisions.add_divisions(collector, entry, country, thing)
    politics.add_government(collector, entry, thing)
    politics.add_memberships(collector, entry, thing)
    politics.add_symbols(collector, entry, thing)
    politics.add_independence(collector, entry, thing)
    people.add_leaders(collector, entry, country, thing)
    society.add_languages(collector, entry, thing)
    society.add_official_languages(collector, country, thing)
    society.add_religions(collector, entry, thing)
    society.add_ethnic_groups(collector, entry, thing)
    economy.add_commodities(collector, entry, thing, singles)
    economy.add_partners(collector, entry, thing)
    economy.add_currency(collector, entry, country, thing)


def _description(entry: Entry) -> str:
    """Return where a country lies, then the first two sentences of its background."""
    location = re.split(r"[;\n]", entry.get("Geography/Location"))[0].strip()
    background = entry.get("Introduction/Background").split("\n")[0]
    sentences = re.split(r"(?<=[a-z0-9)][.!?])\s+(?=[A-Z])", background)
    parts = [f"{location}." if location else "", *sentences[:2]]
    return " ".join(part for part in parts if part)


def _add_chinese(collector: Collector) -> None:
    tables = table("chinese.toml")
    for section, type_ in _CHINESE.items():
        for thing in collector.things(type_):
            collector.name(thing, tables[section].get(collector.display(thing), ""), "zh")
