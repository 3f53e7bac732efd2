"""Major cities with their population, and their names in other languages."""

from __future__ import annotations

import re

from lichen.base.extras import need
from lichen.data.atlas.collect import Collector, Thing
from lichen.data.atlas.countries import LANGUAGES, Country, countries, table
from lichen.data.atlas.factbook import WHY, Entry
from lichen.data.atlas.fields import brackets, fold, split_list, without_notes
from lichen.data.atlas.numbers import Quantity, parse_quantity, parse_year
from lichen.data.atlas.people import quiet_capitals

PATH = "People and Society/Major urban areas - population"
_CITY = re.compile(r"^(?P<number>[\d.,]+(?: (?:million|thousand))*)\s+(?P<name>\D.*)$")


def add_cities(collector: Collector, entry: Entry, country: Country, thing: Thing) -> None:
    """Add `major_city` and each city's population."""
    text = without_notes(entry.get(PATH))
    year = parse_year(text)
    for part in split_list(text):
        base, inner = brackets(part)
        found = _CITY.match(base)
        if found is None:
            continue
        name = _quiet(found["name"].strip(" .,-"))
        if not name or len(name) > 40:
            continue
        city = collector.thing("city", name, scope=country.label)
        for other in inner:
            if re.fullmatch(r"[A-ZÀ-Þ][\w'’\- ]{2,25}", other):
                collector.name(city, _quiet(other))
        collector.fact(thing, "major_city", city, entry.source(PATH))
        collector.describe(city, f"city in {country.label}")
        population = parse_quantity(found["number"].replace("000 million", "000"), "people")
        if population is not None and population.value > 1000:
            value = Quantity(population.value, "people", year)
            collector.literal(city, "population", value, entry.source(PATH))


def _quiet(name: str) -> str:
    """Return "NEW DELHI" as "New Delhi"."""
    if not name.isupper():
        return name
    quiet = re.sub(r"[^\W\d_]+(?:'[^\W\d_]+)*", lambda found: quiet_capitals(found[0]), name)
    return re.sub(r"(?<=[ -])(?:De|La|Del|Al|Au|Es|Of|And)(?=[ -])", _lower, quiet)


def _lower(found: re.Match[str]) -> str:
    return found[0].lower()


def add_city_names(collector: Collector) -> None:
    """Add CLDR's names of time-zone cities and Atlas's own Chinese names."""
    babel = need("babel", extra="atlas", why=WHY)
    core = need("babel.core", extra="atlas", why=WHY)
    by_iso = {c.iso: c.label for c in countries().values() if c.iso}
    known = {(thing.scope, thing.key): thing for thing in collector.things("city")}
    for zone, iso in sorted(core.get_global("zone_territories").items()):
        english = babel.Locale("en").time_zones.get(zone, {}).get("city")
        english = english or zone.rsplit("/", 1)[-1].replace("_", " ")
        city = known.get((by_iso.get(iso, ""), fold(english)))
        if city is None:
            continue
        for language in LANGUAGES:
            name = babel.Locale(language).time_zones.get(zone, {}).get("city", "")
            collector.name(city, name, language)
    chinese = table("chinese.toml")["cities"]
    for thing in known.values():
        name = chinese.get(collector.display(thing))
        if name:
            collector.name(thing, name, "zh")
