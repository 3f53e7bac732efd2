"""Rivers and lakes: the countries that share them, where rivers rise and end, lengths, areas."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lichen.data.atlas.collect import Collector, Thing
from lichen.data.atlas.countries import country_thing, find_country, table
from lichen.data.atlas.factbook import Entry
from lichen.data.atlas.fields import brackets, fold, split_list, without_notes
from lichen.data.atlas.numbers import Quantity

RIVERS = "Geography/Major rivers (by length in km)"
LAKES = (
    "Geography/Major lakes (area sq km)/fresh water lake(s)",
    "Geography/Major lakes (area sq km)/salt water lake(s)",
)
_LENGTH = re.compile(r"[-–]\s*(?P<km>[\d,]+)\s*km")
_AREA = re.compile(r"[-–]?\s*(?P<km>\d[\d,]*)(?P<range>\s?-\s?\d[\d,]*)?(?:\s*sq km|$)")
_ROLE = re.compile(
    r"\briver source and mouth|\briver source|\briver mouth|\bsource\b|(?:\briver )?\[s\]|\briver\b"
)


def add_rivers(collector: Collector, entry: Entry, thing: Thing) -> None:
    """Add `flows_through`, `river_source`, `river_mouth` for all countries that share a river."""
    if not entry.get(RIVERS):
        return
    text = re.sub(r"(\[[sm]\])\),", r"\1,", without_notes(entry.get(RIVERS)))
    for part in split_list(text, ";"):
        head = re.split(r"\((?:\w+ )?\s*shared with|\s[-–]\s", part, maxsplit=1)[0]
        if " join to " in head:
            continue
        own_roles = _roles(head.replace("Red river) source", "Red) river source"))
        river = _river(collector, head)
        _add_river(collector, river, thing, own_roles, entry)
        shared = re.search(r"shared with (?P<list>[^()]*)", part)
        for other in re.split(r",\s*(?:and\s+)?|\s+and\s+", shared["list"] if shared else ""):
            country = find_country(re.sub(r"\[.*", "", other).strip())
            if country is not None:
                roles = _roles(other) | ({"river_mouth"} if "(mouth shared" in part else set())
                _add_river(collector, river, country_thing(collector, country), roles, entry)
        found = _LENGTH.search(part)
        if found:
            km = Quantity(float(found["km"].replace(",", "")), "km")
            collector.literal(river, "length", km, entry.source(RIVERS))


def _roles(text: str) -> set[str]:
    roles = set()
    if re.search(r"\[s|source", text):
        roles.add("river_source")
    if re.search(r"\[m|/m\]|mouth", text):
        roles.add("river_mouth")
    return roles


def _river(collector: Collector, head: str) -> Thing:
    """Return the river of "Donau (Danube) river source": the bracketed name is the English one."""
    name, inner = brackets(head)
    name = _ROLE.sub("", name).strip(" -,")
    inner = [_ROLE.sub("", part).strip() for part in inner if "[" not in part]
    english = inner[0] if inner and inner[0] else name
    aliases = table("waters.toml")["rivers"]
    label = aliases.get(english, english)
    river = collector.thing("river", label)
    for other in sorted({name, english, *inner, *english.split("/"), *name.split("/")}):
        if fold(other) != fold(label):
            collector.merge(river, other)
    for plain in (label, english):
        if "river" not in fold(plain):
            collector.name(river, f"{plain} River")
    return river


def _add_river(
    collector: Collector, river: Thing, country: Thing, roles: set[str], entry: Entry
) -> None:
    source = entry.source(RIVERS)
    collector.fact(river, "flows_through", country, source)
    for role in sorted(roles):
        collector.fact(river, role, country, source)


def add_lakes(collector: Collector, entry: Entry, thing: Thing) -> None:
    """Add `lake_in` for all countries that share a lake, and its area in km2."""
    for path in LAKES:
        text = re.split(r"\bnote\b", entry.get(path))[0].replace("\n", " ").strip()
        for part in split_list(text, ";") if text else ():
            base, inner = brackets(part)
            found = _AREA.search(base)
            name = re.split(r"\s[-–]\s|\s\d", base, maxsplit=1)[0].strip(" *-–").replace("*", "")
            lake = _lake(collector, name)
            collector.fact(lake, "lake_in", thing, entry.source(path))
            _share_lake(collector, lake, inner, entry.source(path))
            if found and not found["range"] and "*" not in part:
                area = Quantity(float(found["km"].replace(",", "")), "km2")
                collector.literal(lake, "area", area, entry.source(path))


def _lake(collector: Collector, name: str) -> Thing:
    label = table("waters.toml")["lakes"].get(name, name)
    lake = collector.thing("lake", label)
    for other in (name, *name.split("/")):
        if fold(other) != fold(label):
            collector.name(lake, other)
    return lake


def _share_lake(
    collector: Collector, lake: Thing, inner: list[str], source: tuple[str, str]
) -> None:
    for part in inner:
        shared = re.search(r"shared with (?P<list>.*)", part)
        for other in re.split(r",\s*(?:and\s+)?|\s+and\s+", shared["list"] if shared else ""):
            country = find_country(other)
            if country is not None:
                collector.fact(lake, "lake_in", country_thing(collector, country), source)


_DRAINED = re.compile(r"Geography/Major watersheds \(area sq km\)/(?P<ocean>\w+ Ocean) drainage")
_BASIN = re.compile(
    r"^(?:\((?P<sea>[^()]+)\)\s*)?(?P<river>[A-Z][^()*]+?)\*?\s*(?:\((?P<after>[A-Z][^()\d]+)\)\s*)?\("
)


def add_watersheds(collector: Collector, entries: Iterable[Entry]) -> None:
    """Add `flows_into` for known rivers: the sea of their watershed, else its ocean."""
    oceans: dict[Thing, tuple[str, tuple[str, str]]] = {}
    for entry in entries:
        for path in sorted(entry.fields):
            drained = _DRAINED.fullmatch(path)
            for part in split_list(entry.get(path)) if drained else ():
                found = _BASIN.match(part)
                sea = (found["sea"] or found["after"] or "") if found else ""
                for name in found["river"].split(" and ") if found else ():
                    river = collector.find("river", _watershed_river(name.split("/")[0].strip()))
                    if river is not None and sea:
                        water = sea_thing(collector, sea.strip())
                        collector.fact(river, "flows_into", water, entry.source(path))
                    elif river is not None and drained:
                        oceans.setdefault(river, (drained["ocean"], entry.source(path)))
    for river, (ocean, source) in oceans.items():
        if not collector.tails(river, "flows_into"):
            collector.fact(river, "flows_into", sea_thing(collector, ocean), source)


def sea_thing(collector: Collector, name: str) -> Thing:
    """Return a sea or ocean, or the lake where the graph has it as one."""
    lake = collector.find("lake", name)
    if lake is not None:
        return lake
    label = table("waters.toml")["seas"].get(name, name)
    sea = collector.thing("ocean" if label.endswith("Ocean") else "sea", label)
    collector.name(sea, name)
    return sea


def _watershed_river(name: str) -> str:
    label = table("waters.toml")["rivers"].get(name, name)
    return "Rhine" if name == "Rhine-Maas" else str(label)
