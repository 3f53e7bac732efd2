"""First-order administrative divisions, with the names that brackets give them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lichen.data.atlas.collect import Collector, Thing
from lichen.data.atlas.countries import Country
from lichen.data.atlas.factbook import Entry
from lichen.data.atlas.fields import brackets, split_list, without_notes

PATH = "Government/Administrative divisions"
_NONE = re.compile(r"^none|no first-order|no formal|^NA\b", re.IGNORECASE)
_LANGUAGE = re.compile(
    r"^(?:Finnish|Swedish|French|Dutch|German|Arabic|Kurdish|long form|\w+ form)$"
)
_ALIAS = re.compile(r"[A-ZÀ-Þ'][\w'’\- ]{2,40}")
_LINE_HEAD = re.compile(r"^[^:;,]{0,80}:")


def list_divisions(text: str) -> Iterator[tuple[str, ...]]:
    """Go through the divisions of a field: each one's name, then its other names.

    >>> list(list_divisions("9 states (Laender; singular - Land); Tirol (Tyrol), Wien*"))
    [('Tirol', 'Tyrol'), ('Wien',)]
    >>> list(list_divisions("2 regions: regions: Aland (Swedish), Ahvenanmaa (Finnish); Lappi"))
    [('Aland', 'Ahvenanmaa'), ('Lappi',)]
    """
    text = without_notes(text)
    if not text or _NONE.search(text):
        return
    for line in _body(text).split("\n"):
        has_languages = re.search(r"\((?:Finnish|Dutch|Kurdish)", line) is not None
        is_semicolon_list = has_languages or _is_semicolon_list(split_list(line, ";"))
        for part in split_list(line, ";" if is_semicolon_list else ",;"):
            names = [name for piece in split_list(part) for name in _names(piece)]
            if names and is_division(names[0]):
                yield tuple(dict.fromkeys(name for name in names if is_division(name)))


def _is_semicolon_list(parts: list[str]) -> bool:
    """Tell "A; B, also C; D" from "A, B, C; note"."""
    return len(parts) > 8 and sum("," in part for part in parts) < len(parts) / 3


def _body(text: str) -> str:
    """Return the lists of a field without "9 states (...);" and "provinces:"."""
    lines = text.split("\n")
    parts = split_list(lines[0], ";:")
    stated = re.match(r"\d+ |one |two |includes ", parts[0])
    head = len(parts[0]) if stated else 0
    first = lines[0][head:].lstrip(" ;:") if len(parts) > 1 else _after_bracket(lines[0])
    rest = [_LINE_HEAD.sub("", line) for line in lines[1:]]
    if stated:
        return "\n".join([_LINE_HEAD.sub("", first), *rest])
    return "\n".join(rest) if rest else text


def _after_bracket(line: str) -> str:
    """Return what follows "3 precincts (circonscriptions)" or "3 divisions -"."""
    found = re.match(r"\d+[^(),]*(?:\([^()]*\)| - )\s*", line)
    return line[found.end() :] if found else ""


def _names(piece: str) -> list[str]:
    square = re.findall(r"\[([^\[\]]+)\]", piece)
    base, inner = brackets(re.sub(r"\[[^\[\]]*\]", "", piece).replace("*", ""))
    base = re.sub(r"^(?:and|also known as)\s+", "", base).strip(" .:/")
    others = [name for name in (*inner, *square) if _ALIAS.fullmatch(name)]
    return [base, *(name for name in others if not _LANGUAGE.match(name))]


def is_division(name: str) -> bool:
    """Say whether a list part is a name, rather than a number, a remark or a plural form."""
    return (
        1 < len(name) <= 60
        and (name[0].isupper() or name[0] == "'")
        and len(name.split()) <= 10
        and not re.search(r"\d|\bsingular\b|\bplural\b|[:;%]|\bis\b|\bare\b", name)
    )


def add_divisions(collector: Collector, entry: Entry, country: Country, thing: Thing) -> None:
    """Add `administrative_division`; "Tirol (Tyrol)" gives both names."""
    for names in list_divisions(entry.get(PATH)):
        division = collector.thing("division", names[0], scope=country.label)
        for other in names[1:]:
            collector.name(division, other)
        collector.fact(thing, "administrative_division", division, entry.source(PATH))
        collector.describe(division, f"administrative division of {country.label}")
