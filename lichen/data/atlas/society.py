"""Languages, religions and ethnic groups, with their shares."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from lichen.base.extras import need
from lichen.data.atlas.collect import Collector, Thing
from lichen.data.atlas.countries import (
    LANGUAGES,
    Country,
    country_info,
    find_country,
    table,
)
from lichen.data.atlas.factbook import WHY, Entry
from lichen.data.atlas.fields import brackets, fold, split_list, without_notes, without_shares
from lichen.data.atlas.numbers import Quantity, parse_year

_SHARE = re.compile(r"\s(?P<percent>\d+(?:\.\d+)?|\.\d+)\s?%")
_INEXACT = re.compile(r"than\s|[<>]|approximately|about|\d\s?%?\s?[-–]\s?\.?\d")
_NOT_ONE = re.compile(
    r"\b(?:other|others|none|unspecified|unknown|undeclared|no answer|no response|not|stated|"
    r"unaffiliated|no religion|don't know|refused|mixed|two|three|or more|various|many|several|"
    r"numerous|minority|minorities|approximately|languages|dialects|groups?|populations?|"
    r"predominantly|mostly|mainly|including|includes|ancestry|less than|more than|any|"
    r"undetermined|foreign|foreigners?|local|tribal|small|remaining|widely|also|national|"
    r"spoken|speakers|official|data|est|do not|atheist|agnostic|persons?|people|peoples|tribes?|"
    r"descent|non-\w+|vernaculars|and related|some|number|largest|one|recognized|residents?|"
    r"immigrants?|only|used|communication|multilingual|political|nothing|objected|answering|"
    r"beliefs?|believers?|castes|historics|homogeneous|ethnicities|current|part|ethnic|countries|"
    r"outer|travelers|traditionally|influenced|cults|at least|"
    r"variants|citizens|lapsed|virtually|world's|born|a|in the|with|schismatic)\b|-$",
    re.IGNORECASE,
)
_INCLUDES = re.compile(r"^(?:\(?)(?:includes?|including|such as)\s+", re.IGNORECASE)
_NOT_OFFICIAL = re.compile(
    r"official(?:ly)? (?:in|for|minority|regional|purposes|recogni)|unofficial|not official|"
    r"semi-official|co-official|working language"
)


class Item(NamedTuple):
    """One entry of a list of shares."""

    name: str
    inside: str
    """What stands in its brackets."""
    percent: float | None
    """Its share; None where the list gives none, or only bounds."""


def items(text: str) -> Iterator[Item]:
    """Go through a list such as "German (official) 88.6%, other (includes Czech) 5.3%".

    What a bracket breaks down by shares, or says to be included, is gone through as well.

    >>> [(i.name, i.percent) for i in items("German (official) 88.6%, other (includes Czech) 5%")]
    [('German', 88.6), ('Czech', None)]
    """
    for part in split_list(without_notes(text)):
        base, inner = brackets(part)
        found = None if _INEXACT.search(base) else _SHARE.search(base)
        name = without_shares(base).strip(" .*:-")
        name = re.sub(r"^(?:and|or|the|predominantly|mostly)\s+|\s+only$|\s+and \d.*$", "", name)
        if is_name(name):
            yield Item(name, " ".join(inner), float(found["percent"]) if found else None)
        for inside in inner:
            if _INCLUDES.match(inside):
                yield from items(re.sub(r"\sand\s", ", ", _INCLUDES.sub("", inside)))
            elif "%" in inside:
                yield from items(inside)


def is_name(name: str) -> bool:
    """Say whether a list part names one thing, rather than a rest, a remark or a clause."""
    return (
        1 < len(name) <= 40
        and len(name.split()) <= 5
        and not _NOT_ONE.search(name)
        and not re.search(r"[\d<>;:%()]", name)
    )


def _spellings(name: str, known: dict[str, str]) -> list[str]:
    """Return the names of "isiZulu or Zulu", each under the label that Atlas uses."""
    whole = known.get(name)
    if whole is not None:
        return [whole]
    return [known.get(part.strip(), part.strip()) for part in re.split(r"/| or |; ", name)]


@cache
def _cldr_languages() -> dict[str, str]:
    babel = need("babel", extra="atlas", why=WHY)
    found: dict[str, str] = {}
    for code, name in sorted(babel.Locale("en").languages.items()):
        if "(" not in name and "_" not in code:
            found.setdefault(fold(name), code)
    return found


def language_thing(collector: Collector, name: str) -> Thing:
    """Return a language, under its CLDR name where one of its spellings is known there."""
    spellings = _spellings(name, table("society.toml")["languages"])
    codes = _cldr_languages()
    best = next((s for s in spellings if fold(s) in codes), spellings[0])
    thing = collector.thing("language", best)
    for other in (*spellings, *re.split(r"/| or ", name)):
        collector.name(thing, other.strip())
    code = codes.get(fold(best))
    if code is not None:
        babel = need("babel", extra="atlas", why=WHY)
        for language in LANGUAGES:
            collector.name(thing, babel.Locale(language).languages.get(code, ""), language)
    return thing


def add_languages(collector: Collector, entry: Entry, thing: Thing) -> None:
    """Add `official_language` and `language`; shares become literals."""
    stem = "People and Society/Languages"
    path = f"{stem}/Languages" if entry.get(f"{stem}/Languages") else stem
    skip = table("society.toml")["not_languages"]
    for item in items(entry.get(path)):
        source, year = entry.source(path), parse_year(entry.get(path))
        inside = item.inside.lower()
        for name in re.split(r"\s+and\s+", item.name):
            if not is_name(name) or name in skip:
                continue
            language = language_thing(collector, name)
            collector.fact(thing, "language", language, source)
            if re.search(r"\bofficial\b", inside) and not _NOT_OFFICIAL.search(inside):
                collector.fact(thing, "official_language", language, source)
            if item.percent is not None and name == item.name:
                share = Quantity(item.percent, "%", year)
                collector.literal(thing, f"speaks {collector.display(language)}", share, source)


def add_official_languages(collector: Collector, country: Country, thing: Thing) -> None:
    """Add the first language of countryinfo where the entry marks none as official.

    Its further languages are not all official, so they are left out.
    """
    codes = country_info().get(country.iso, {}).get("languages", [])[:1]
    if collector.tails(thing, "official_language") or not codes:
        return
    source = (f"countryinfo:{country.iso}#languages", f"languages: {', '.join(codes)}")
    english = need("babel", extra="atlas", why=WHY).Locale("en").languages
    for code in codes:
        name = english.get(code, "")
        if name and "(" not in name:
            language = language_thing(collector, name)
            collector.fact(thing, "official_language", language, source)


def add_religions(collector: Collector, entry: Entry, thing: Thing) -> None:
    """Add `religion`; what a bracket names by shares counts as well."""
    path = "People and Society/Religions"
    known = table("society.toml")["religions"]
    skip = table("society.toml")["not_religions"]
    for item in items(entry.get(path)):
        for part in re.split(r"\s+and\s+", item.name):
            for name in _spellings(part, known):
                if is_name(name) and name not in skip:
                    religion = collector.thing("religion", name)
                    collector.fact(thing, "religion", religion, entry.source(path))


def add_ethnic_groups(collector: Collector, entry: Entry, thing: Thing) -> None:
    """Add `ethnic_group`; where a field counts countries of birth, those are left out."""
    path = "People and Society/Ethnic groups"
    known = table("society.toml")["ethnic_groups"]
    skip = table("society.toml")["not_ethnic_groups"]
    for item in items(entry.get(path)):
        parts = item.name.split(" and ") if item.name.count(" ") == 2 else [item.name]
        for part in parts:
            names = _spellings(part, known)
            starts_well = names[0][:1].isupper() or names[0] == "iTaukei"
            if not is_name(names[0]) or not starts_well or names[0] in skip:
                continue
            if find_country(names[0]) is not None:
                continue
            group = collector.thing("ethnic group", names[0])
            for other in names[1:]:
                collector.name(group, other)
            collector.fact(thing, "ethnic_group", group, entry.source(path))
