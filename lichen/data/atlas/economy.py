"""What a country makes, sells and buys, with whom, and in which currency."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lichen.base.extras import need
from lichen.data.atlas.collect import Collector, Thing
from lichen.data.atlas.countries import LANGUAGES, Country, country_thing, find_country, table
from lichen.data.atlas.factbook import WHY, Entry
from lichen.data.atlas.fields import (
    brackets,
    fold,
    split_list,
    without_notes,
    without_shares,
)
from lichen.data.atlas.numbers import Quantity, parse_year

_PARTNER = re.compile(r"(?P<name>[A-Z][^\d%<]*?)\s+[<]?\s?(?P<percent>\d+(?:\.\d+)?)\s?%")
_COMMODITY_STOP = re.compile(
    r"\b(?:none|NA|other|others|various|unknown|negligible|note|potential|world's|largest|"
    r"one of|undeveloped|unexploited|not|are|is|was|were|that|which|most|amounts?|based on|"
    r"virtually|little|few|no|negl|negligible|nil|including|world|highly|using|innovator|"
    r"facilities|enterprises|poor|locally|likely|possibly|strategic|under|outstanding|staff|"
    r"subsistence|harbors?|deepwater|climate|scenic)\b|^[A-Z]\w+ - ",
    re.IGNORECASE,
)
_LEADING = re.compile(
    r"^(?:and|or|some|small|minor|major|limited|large|significant|extensive|abundant|possible|"
    r"modest|vast|important|reserves of|deposits of|quantities of|production of|traces of|"
    r"small-scale|industrial|tiny|light|heavy)\s+(?=(?:deposits|reserves|quantities|production|"
    r"small|major|some)\b)|^(?:and|or|some|small|major|minor|limited|extensive|possible|abundant|"
    r"significant)\s+|^(?:deposits|reserves|quantities|production|traces|pockets) of\s+",
    re.IGNORECASE,
)

_TRAILING = re.compile(r"\s+(?:deposits|reserves|that foster.*|foster\w* tourism|for export)$")


def commodities(text: str) -> list[str]:
    """Return the things of a list such as "mining (copper, gold), some wine (2023)".

    What stands in brackets specifies and is left out, as are remarks.

    >>> commodities("cars, packaged medicine; small deposits of gold, other (2023)")
    ['cars', 'packaged medicine', 'gold']
    """
    found = []
    for part in split_list(without_notes(text)):
        name = without_shares(brackets(part)[0]).strip(" .*:-")
        name = re.sub(r"^[^:]{0,40}:\s*", "", name)
        name = _TRAILING.sub("", name)
        for _ in range(3):
            name = _LEADING.sub("", name).strip()
        is_short = 1 < len(name) <= 45 and len(name.split()) <= 5
        if is_short and not _COMMODITY_STOP.search(name) and not re.search(r"[\d$%]", name):
            found.append(name)
    return found


_FIELDS = (
    ("Economy/Exports - commodities", "exports", "product"),
    ("Economy/Imports - commodities", "imports", "product"),
    ("Economy/Agricultural products", "agricultural_product", "product"),
    ("Economy/Industries", "industry", "industry"),
    ("Geography/Natural resources", "natural_resource", "resource"),
)


def single_names(entries: Iterable[Entry]) -> frozenset[str]:
    """Return the commodities that stand alone in some field.

    They tell "gold and silver", two commodities, from "terrestrial and aquatic wildlife", one.
    """
    fields = (path for path, _relation, _type in _FIELDS)
    texts = [entry.get(path) for path in fields for entry in entries]
    return frozenset(
        fold(name) for text in texts for name in commodities(text) if " and " not in name
    )


def _apart(names: Iterable[str], singles: frozenset[str]) -> Iterator[str]:
    for name in names:
        parts = name.split(" and ")
        are_known = all(fold(part) in singles for part in parts)
        yield from parts if len(parts) == 2 and are_known else [name]


def add_commodities(
    collector: Collector, entry: Entry, thing: Thing, singles: frozenset[str]
) -> None:
    """Add `exports`, `imports`, `agricultural_product`, `industry` and `natural_resource`."""
    known = table("economy.toml")["commodities"]
    for path, relation, type_ in _FIELDS:
        for spelled in _apart(commodities(entry.get(path)), singles):
            name = known.get(spelled, spelled)
            product = collector.thing(type_, name.split("/")[0] if type_ != "industry" else name)
            if "/" in name:
                collector.name(product, name)
            collector.name(product, spelled)
            collector.fact(thing, relation, product, entry.source(path))


def add_partners(collector: Collector, entry: Entry, thing: Thing) -> None:
    """Add `export_partner` and `import_partner`; the share is a literal."""
    for path, relation in (
        ("Economy/Exports - partners", "export_partner"),
        ("Economy/Imports - partners", "import_partner"),
    ):
        text = without_notes(entry.get(path)).replace(", The", "")
        for found in _PARTNER.finditer(text):
            country = find_country(found["name"].strip(" ,;"))
            if country is None or country.type == "organisation":
                continue
            partner = country_thing(collector, country)
            collector.fact(thing, relation, partner, entry.source(path))
            share = Quantity(float(found["percent"]), "%", parse_year(text))
            attribute = f"{relation}_share {country.label}"
            collector.literal(thing, attribute, share, entry.source(path))


def add_currency(collector: Collector, entry: Entry, country: Country, thing: Thing) -> None:
    """Add `currency`: the one in use by CLDR, which the Factbook's code confirms where current."""
    if not country.iso:
        return
    babel = need("babel", extra="atlas", why=WHY)
    numbers = need("babel.numbers", extra="atlas", why=WHY)
    current = list(numbers.get_territory_currencies(country.iso))
    path = "Economy/Exchange rates/Currency"
    text = entry.get(path)
    stated = re.search(r"\((?P<code>[A-Z]{3})\)", text)
    code = stated["code"] if stated and stated["code"] in current else next(iter(current), None)
    if code is None:
        return
    source = entry.source(path) if text else (f"cldr:territory/{country.iso}#currency", code)
    english = babel.Locale("en").currencies.get(code, code)
    currency = collector.thing("currency", english)
    collector.name(currency, code)
    for language in LANGUAGES:
        collector.name(currency, babel.Locale(language).currencies.get(code, ""), language)
    spelled = re.sub(r"\s*(?:\(|per US).*", "", text)
    if stated and stated["code"] == code and fold(spelled):
        collector.name(currency, spelled)
    collector.fact(thing, "currency", currency, source)
