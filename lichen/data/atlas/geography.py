"""Where a country lies: borders, continent, region, coasts, highest and lowest point."""

from __future__ import annotations

import re

from lichen.data.atlas.collect import Collector, Thing
from lichen.data.atlas.countries import (
    Country,
    country_info,
    country_thing,
    find_country,
    table,
)
from lichen.data.atlas.factbook import Entry
from lichen.data.atlas.fields import brackets, fold, without_notes
from lichen.data.atlas.numbers import Quantity, parse_quantity
from lichen.data.atlas.waters import sea_thing

BORDERS = "Geography/Land boundaries/border countries"
LOCATION = "Geography/Location"
_CONTINENTS = {
    "South America": "South America", "Caribbean": "North America",
    "Central America": "North America", "Northern America": "North America",
}  # fmt: skip
_REGIONS = frozenset(
    {"Middle East", "Central America and the Caribbean", "Arctic Region", "Antarctic Region"}
)
_STRETCH = re.compile(r"[;,]\s+(?=[A-Z])| and (?=[A-Z][a-z]+ \()")
_KM = re.compile(r"(?P<name>.+?)\s+(?P<km>[\d,]+(?:\.\d+)?) km")
_ELEVATION = re.compile(
    r"(?P<name>.*?),?\s*(?P<sign>[-−]?)(?P<m>\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?)(?:\s?m\b|$)"
)
_SEA = re.compile(
    r"(?:(?:[A-Z][a-z]+ ){1,3}(?:Ocean|Sea|Gulf|Channel|Strait|Bay)|(?:Gulf|Bay|Sea) of [A-Z][a-z]+"
    r"|Kattegat|Skagerrak)\b"
)
_AWAY = re.compile(
    r"\b(?:north|south|east|west|\w+east|\w+west|km|opening|access|end) (?:of|to) (?:the )?$"
)


def add_borders(collector: Collector, entry: Entry, thing: Thing) -> None:
    """Add `borders` both ways, with the length of each stretch added up in km."""
    if not entry.get(BORDERS):
        return
    source, lengths = entry.source(BORDERS), dict[Thing, float]()
    for part in _STRETCH.split(without_notes(entry.get(BORDERS))):
        found = _KM.match(part)
        other = find_country(found["name"]) if found else None
        if found is None or other is None:
            continue
        neighbour = country_thing(collector, other)
        lengths[neighbour] = lengths.get(neighbour, 0.0) + float(found["km"].replace(",", ""))
    for neighbour, km in lengths.items():
        collector.fact(thing, "borders", neighbour, source)
        collector.fact(neighbour, "borders", thing, source)
        label = collector.display(neighbour)
        collector.literal(thing, f"border_with {label}", Quantity(km, "km"), source)


def add_region(collector: Collector, entry: Entry, country: Country, thing: Thing) -> None:
    """Add continent and region: countryinfo's, the package's own where it has none."""
    tables = table("geography.toml")
    if country.code in tables["no_continent"]:
        return
    own = tables["regions"].get(country.code)
    record = country_info().get(country.iso) or {}
    region = own[0] if own else record.get("region", "")
    subregion = own[1] if own else record.get("intermediateregion") or record.get("subregion", "")
    if not region or (region == "Americas" and subregion not in _CONTINENTS):
        return
    source = (f"countryinfo:{country.iso}#region", f"region: {region}; subregion: {subregion}")
    if own:
        source = entry.source(LOCATION)
    continent = collector.thing("continent", _CONTINENTS.get(subregion, region))
    collector.fact(thing, "continent", continent, source)
    if subregion != "South America":
        part = collector.thing("region", tables["names"].get(subregion, subregion))
        collector.fact(thing, "region", part, source)
        collector.fact(part, "part_of", continent, source)


def add_map_region(collector: Collector, entry: Entry, thing: Thing) -> None:
    """Add the Factbook's own region, such as the Middle East."""
    path = "Geography/Map references"
    if entry.get(path) in _REGIONS:
        region = collector.thing("region", entry.get(path))
        collector.fact(thing, "region", region, entry.source(path))


def add_coasts(collector: Collector, entry: Entry, thing: Thing) -> None:
    """Add `coast_on`: the waters that a country with a coast borders or lies in."""
    coast = parse_quantity(entry.get("Geography/Coastline"))
    text = re.split(r"[;\n]", entry.get(LOCATION))[0]
    if coast is None or coast.value <= 0:
        return
    for found in _SEA.finditer(text):
        if not _AWAY.search(text[: found.start()]):
            name = re.sub(r"^(?:Southern|Northern|Eastern|Western) ", "", found[0])
            collector.fact(thing, "coast_on", sea_thing(collector, name), entry.source(LOCATION))


def add_points(collector: Collector, entry: Entry, country: Country, thing: Thing) -> None:
    """Add the highest and lowest point with their elevation in metres."""
    for which in ("highest_point", "lowest_point"):
        path = f"Geography/Elevation/{which.replace('_', ' ')}"
        text = without_notes(entry.get(path))
        if ";" in text or "unnamed" in text:
            continue
        base, inner = brackets(text)
        found = _ELEVATION.match(base)
        name = re.sub(r"\s+(?:more|less) than$", "", found["name"].strip(" ,")) if found else ""
        if found is None or not name[:1].isupper() or " and Flamingo" in name or len(name) > 60:
            continue
        exact = name == found["name"].strip(" ,")
        metres = float(found["m"].replace(",", "")) * (-1 if found["sign"] else 1)
        height = Quantity(metres, "m")
        for point in _points(collector, which, [name, *inner], height, country):
            collector.fact(thing, which, point, entry.source(path))
            if exact and point.group == "place":
                collector.literal(point, "elevation", height, entry.source(path))
        if exact:
            collector.literal(thing, f"{which}_elevation", height, entry.source(path))


def _points(
    collector: Collector, which: str, spelled: list[str], height: Quantity, country: Country
) -> list[Thing]:
    """Return the waters or the place of a name; a summit that countries share is one place."""
    name, *inner = spelled
    several = re.fullmatch(r"(?P<names>.+) (?P<kind>Ocean|Sea)s", name)
    if several:
        return [sea_thing(collector, f"{n} {several['kind']}") for n in several["names"].split("/")]
    if name.endswith(" Rivers"):
        rivers = [_water(collector, part) for part in name.removesuffix(" Rivers").split(" and ")]
        return [river for river in rivers if river is not None]
    parts = re.split(r"/|,\s*(?:and )?", name)
    if all(_SEA.fullmatch(part) for part in parts):
        return [sea_thing(collector, part) for part in parts]
    water = _water(collector, name, *inner)
    if water is not None:
        return [water]
    short = re.split(r" on (?=[A-Z])", name)[0]
    short = table("geography.toml")["summits"].get(short, short)
    others = [other for other in inner if re.fullmatch(r"[A-ZÀ-Þ][\w'. -]{2,28}", other)]
    names = [short, *short.split("/"), name, *others]
    place = _same_place(collector, names, height)
    if place is None:
        type_ = _kind_of_place(short, which)
        scope = "" if type_ in ("lake", "river") else country.label
        place = collector.thing(type_, short, scope=scope)
    for other in names:
        collector.name(place, other)
    return [place]


_KINDS = (
    ("lake", re.compile(r"\b(?:Lake|Lac|Lago|Laguna|See)\b")),
    (
        "river",
        re.compile(r"\b(?:River|Rio|Río|Riu|Torrente|Chhu|Nile)$|^(?:Rio|Río|Riu|Torrente)\b"),
    ),
)


def _kind_of_place(name: str, which: str) -> str:
    for type_, pattern in _KINDS:
        if which == "lowest_point" and pattern.search(name):
            return type_
    is_summit = which == "highest_point" and not re.search(r"\b(?:Island|Gardens)\b", name)
    return "mountain" if is_summit else "place"


def _water(collector: Collector, *names: str) -> Thing | None:
    """Return the river or lake of a name when the graph has it."""
    for name in names:
        plain = re.sub(r" [Rr]iver$", "", name)
        plain = table("waters.toml")["rivers"].get(plain, plain)
        for type_, wanted in (("lake", name), ("river", plain), ("river", f"{plain} River")):
            known = collector.find(type_, wanted)
            if known is not None:
                return known
    return None


def _same_place(collector: Collector, names: list[str], height: Quantity) -> Thing | None:
    folded = {fold(name) for name in names}
    for place in collector.things("mountain"):
        known = collector.value(place, "elevation")
        is_near = isinstance(known, Quantity) and abs(known.value - height.value) < 1
        if is_near and folded & {fold(name) for name in collector.names(place)}:
            return place
    return None


def add_area(collector: Collector, entry: Entry, thing: Thing) -> None:
    """Add areas and coastline."""
    for attribute, path, unit in (
        ("area", "Geography/Area/total", "km2"),
        ("land_area", "Geography/Area/land", "km2"),
        ("water_area", "Geography/Area/water", "km2"),
        ("coastline", "Geography/Coastline", "km"),
    ):
        quantity = parse_quantity(entry.get(path), unit)
        if quantity is not None:
            collector.literal(thing, attribute, quantity, entry.source(path))


_STATUS = re.compile(
    r"(?:(?:territor(?:y|ies)|country|collectivity|possession) of|part of the Kingdom of|"
    r"countries of the Kingdom of|sovereignty of|region of)(?: the)?(?: People's Republic of)? "
    r"(?P<who>[A-Z][A-Za-z]+(?: Zealand)?)|(?P<british>British crown dependency|"
    r"UK overseas territory)",
    re.IGNORECASE,
)


def add_dependency(collector: Collector, entry: Entry, thing: Thing) -> None:
    """Add `dependency_of` from an entry's status, such as "overseas territory of the UK"."""
    path = "Government/Dependency status"
    found = _STATUS.search(entry.get(path).split(";")[0])
    if found is None:
        return
    owner = find_country("UK" if found["british"] else found["who"])
    if owner is not None:
        collector.fact(thing, "dependency_of", country_thing(collector, owner), entry.source(path))
