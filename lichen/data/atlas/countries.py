"""Countries and territories: codes, types, names in many languages, and finding one by name."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from lichen.base.extras import need
from lichen.data.atlas.collect import Collector, Thing
from lichen.data.atlas.factbook import WHY, Entry
from lichen.data.atlas.fields import brackets, fold, split_list, without_notes

LANGUAGES = ("zh", "de", "fr", "es", "ru", "ar", "ja")
"""Languages whose country names are taken from CLDR."""

_NOT_NAMES = frozenset({"", "none", "na", "n a"})


@dataclass(frozen=True)
class Country:
    """A row of `countries.toml`."""

    code: str
    label: str
    iso: str
    type: str
    names: tuple[str, ...]


@cache
def table(file: str) -> dict[str, Any]:
    """Read one of the package's own TOML tables."""
    text = resources.files("lichen.data.atlas").joinpath(file).read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def countries() -> Mapping[str, Country]:
    """Return every country and territory by Factbook code."""
    return {
        code: Country(code, row["label"], row["iso"], row["type"], tuple(row.get("names", ())))
        for code, row in table("countries.toml").items()
    }


@cache
def _by_name() -> Mapping[str, Country]:
    found: dict[str, Country] = {}
    for country in countries().values():
        for name in (country.label, *country.names):
            found.setdefault(fold(name), country)
    return found


def find_country(text: str) -> Country | None:
    """Return the country that a field means by a name, or None.

    >>> [find_country(n).label for n in ("Korea, South", "the US", "Czech Republic", "DRC")]
    ['South Korea', 'United States', 'Czechia', 'Democratic Republic of the Congo']
    """
    whole = _by_name().get(fold(text))
    if whole is not None:
        return whole
    return _by_name().get(fold(brackets(text)[0]))


def country_thing(collector: Collector, country: Country) -> Thing:
    """Return the thing that a country is."""
    return collector.thing(country.type, country.label, label=country.label)


@cache
def country_info() -> Mapping[str, dict[str, Any]]:
    """Return the countryinfo package's records by ISO code."""
    need("countryinfo", extra="atlas", why=WHY)
    found: dict[str, dict[str, Any]] = {}
    folder = resources.files("countryinfo").joinpath("data")
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".json"):
            record = json.loads(file.read_text(encoding="utf-8"))
            found.setdefault(record.get("ISO", {}).get("alpha2", ""), record)
    return found


def _local_names(text: str) -> list[str]:
    """Return the names in a "Suisse (French)/ Svizzera (Italian)" field."""
    names = []
    for part in re.split(r"/|; | or ", without_notes(text)):
        name = brackets(part)[0].strip(" ,")
        if fold(name) not in _NOT_NAMES and len(name) > 2 and name.casefold() != "the":
            names.append(name)
    return names


def add_names(collector: Collector, entry: Entry, country: Country, thing: Thing) -> None:
    """Add a country's names: the table's, the Factbook's own, and CLDR's in other languages."""
    for name in country.names:
        collector.name(thing, name)
    for field in ("conventional long form", "conventional short form"):
        text = brackets(without_notes(entry.get(f"Government/Country name/{field}")))[0]
        if fold(text) not in _NOT_NAMES and ";" not in text and len(split_list(text)) < 3:
            collector.name(thing, text)
    for field in ("local long form", "local short form"):
        for name in _local_names(entry.get(f"Government/Country name/{field}")):
            collector.name(thing, name, "mul")
    if not country.iso:
        return
    babel = need("babel", extra="atlas", why=WHY)
    for language in LANGUAGES:
        name = babel.Locale(language).territories.get(country.iso, "")
        collector.name(thing, name, language)
    native = country_info().get(country.iso, {}).get("nativeName", "")
    if native and country.type == "country":
        collector.name(thing, native, "mul")
