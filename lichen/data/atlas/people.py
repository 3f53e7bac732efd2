"""Persons: the chief of state and the head of government, their names and titles."""

from __future__ import annotations

import re
from typing import NamedTuple

from lichen.data.atlas.collect import Collector, Thing
from lichen.data.atlas.countries import Country, find_country, table
from lichen.data.atlas.factbook import Entry
from lichen.data.atlas.fields import brackets, fold, without_notes

SHORTEST_FAMILY = 4
"""A shorter family name is no name by itself: it would be found in too many texts."""

_ROMAN = re.compile(r"^[IVX]+$")
_SMALL = frozenset({"BIN", "DER", "DOS", "BINT", "IBN"})
_VACANT = re.compile(r"\bvacant\b|\bco-chiefs\b", re.IGNORECASE)


class Person(NamedTuple):
    """A person as a field names one."""

    title: str
    name: str
    family: str


def parse_person(text: str) -> Person | None:
    """Read "President Javier Gerardo MILEI (since ...)"; the name in capitals is the family's.

    Returns:
        The person, or None when the text does not name exactly one.

    >>> parse_person("President of the Government of Spain Pedro SANCHEZ (since 2018)")
    Person(title='President of the Government of Spain', name='Pedro Sanchez', family='Sanchez')
    >>> parse_person("King CHARLES III").name
    'Charles III'
    """
    if _VACANT.search(text):
        return None
    words = re.sub(r",(?= [A-Z])", "", brackets(text)[0]).split(" also referred")[0].split()
    start = _start_of_name(words)
    title, name = words[:start], words[start:]
    for i, word in enumerate(name):
        if i > 0 and word in ("of", "is", "represented"):
            name = name[:i]
            break
    loud = [word for word in name if _is_loud(word)] or name[:1] * _is_xi(name)
    if not loud or not 1 <= len(name) <= 8:
        return None
    family = " ".join(_quiet(word, is_first=i == 0) for i, word in enumerate(loud))
    full = " ".join(_quiet(word, is_first=i == 0) for i, word in enumerate(name))
    if _is_xi(name):
        family, full = "Xi", f"Xi {name[1]}"
    return Person(" ".join(title).strip(" ,"), full, family)


def _is_xi(name: list[str]) -> bool:
    """Tell the family name of "XI Jinping" from a Roman numeral."""
    return len(name) == 2 and name[0] == "XI"


def _is_loud(word: str) -> bool:
    parts = [re.sub(r"[^\w]", "", part) for part in word.strip(",.;").split("-")]
    return (
        not _ROMAN.match(word)
        and "." not in word[:-1]
        and any(len(p) > 1 and p.isupper() for p in parts)
    )


def _start_of_name(words: list[str]) -> int:
    """Return where the name starts: after the last title, and the country that it is of."""
    known = table("politics.toml")["titles"]
    loud = [i for i, word in enumerate(words) if _is_loud(word)]
    last = max(loud, default=len(words) - 2 if _is_xi(words[-2:]) else 0)
    titles = [i for i in range(last) if words[i].strip(".,;").casefold() in known]
    start = titles[-1] + 1 if titles else 0
    while start < last and words[start] in ("of", "for"):
        start = _after_realm(words, start, last)
    return start


def _after_realm(words: list[str], start: int, last: int) -> int:
    """Skip "of the Government of Spain", or "of China"."""
    for end in range(last, start + 1, -1):
        realm = " ".join(words[start + 1 : end])
        if find_country(realm) or find_country(realm.rsplit(" of ", 1)[-1]):
            return end
    lower = [i for i in range(start, last) if words[i] in ("of", "the", "for", "and", "to")]
    return min(lower[-1] + 2, last)


def _quiet(word: str, *, is_first: bool = True) -> str:
    """Return "EL-SISI" as "El-Sisi"; small words inside a name are lower case."""
    if not is_first and word in _SMALL:
        return word.lower()
    return "-".join(_quiet_part(part) for part in word.strip(",;").split("-"))


def _quiet_part(part: str) -> str:
    letters = re.sub(r"[^\w]", "", part)
    if len(letters) < 2 or not letters.isupper() or _ROMAN.match(part):
        return part
    return quiet_capitals(part)


def quiet_capitals(word: str) -> str:
    """Return a word in capitals with only its first letter, and one after "O'", capital.

    >>> quiet_capitals("NUKU'ALOFA"), quiet_capitals("N'DJAMENA")
    ("Nuku'alofa", "N'Djamena")
    """
    head, sign, tail = word.partition("'")
    quiet = head.capitalize()
    if sign:
        quiet += sign + (tail.capitalize() if len(head) == 1 else tail.lower())
    return quiet


def add_leaders(collector: Collector, entry: Entry, country: Country, thing: Thing) -> None:
    """Add `chief_of_state` and `head_of_government`."""
    for role in ("chief of state", "head of government"):
        path = f"Government/Executive branch/{role}"
        text = without_notes(entry.get(path))
        first = re.split(r";|\n|,? represented by", text)[0]
        person = parse_person(first)
        if person is None or person.title.startswith("Vice President"):
            continue
        who = collector.thing("person", person.name)
        if len(person.family) >= SHORTEST_FAMILY:
            collector.name(who, person.family)
        words = person.name.split()
        if len(words) > 2 and fold(words[-1]) == fold(person.family):
            collector.name(who, f"{words[0]} {words[-1]}")
        if country.type == "country" and "represented by" not in text:
            collector.describe(who, f"{person.title} of {country.label}".removeprefix(" of "))
        collector.fact(thing, role.replace(" ", "_"), who, entry.source(path))
