"""Quantities: field text in, number with unit and year out."""

from __future__ import annotations

import re
from typing import NamedTuple

_SCALES = {"": 1.0, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_NUMBER = re.compile(
    r"(?P<sign>[-−–]?)\s?(?P<dollar>\$?)\s?(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    r"(?:\s?(?P<scale>thousand|million|billion|trillion)\b)?",
    re.IGNORECASE,
)
_YEAR = re.compile(
    r"\((?:FY ?|(?:\d{1,2} )?[A-Z][a-z]+ )?(?P<first>\d{4})(?:\s?[-/]\s?(?P<last>\d{2,4}))?"
    r"(?: est\.?)?\)"
)
_RANGE = re.compile(r"\d\s?(?:-|–|to)\s?\d")
_INEXACT = re.compile(r"(?:less|more|fewer|greater) than|\bNA\b|[<>]", re.IGNORECASE)


class Quantity(NamedTuple):
    """A number with its unit, and the year that it holds for."""

    value: float
    unit: str | None = None
    year: int | None = None


def parse_year(text: str) -> int | None:
    """Return the year of a "(2023 est.)" or "(FY2019/20)" mark, the later of two.

    >>> parse_year("14.8% (2021 est.)"), parse_year("(2020-25 est.)"), parse_year("5 (male 1945)")
    (2021, 2025, None)
    """
    found = _YEAR.search(text)
    if found is None:
        return None
    first, last = found["first"], found["last"]
    year = int(last if last and len(last) == 4 else first[:2] + last if last else first)
    return year if 1900 <= int(first) <= year <= 2100 else None


def parse_quantity(text: str, unit: str | None = None) -> Quantity | None:
    """Read the first number of a text.

    Bounds ("less than 1%"), ranges ("15-20%") and "NA" are not numbers.

    Args:
        text: field text without markup.
        unit: the unit that the field is known to have.

    Returns:
        The quantity, or None when the text states none exactly.

    >>> parse_quantity("-$3.911 billion (2022 est.)", "USD")
    Quantity(value=-3911000000.0, unit='USD', year=2022)
    >>> parse_quantity("1,234,567.5 sq km", "km2").value, parse_quantity("less than 1%", "%")
    (1234567.5, None)
    """
    head = re.split(r"[(;\n]", text, maxsplit=1)[0]
    found = _NUMBER.search(head)
    if found is None or _INEXACT.search(head[: found.end()]) or _RANGE.search(head):
        return None
    scale = _SCALES[(found["scale"] or "").lower()]
    value = float(found["number"].replace(",", "")) * scale
    at_start = not head[: found.start()].strip() or head[: found.start()].endswith((" ", ":"))
    is_negative = bool(found["sign"]) and at_start
    return Quantity(round(-value if is_negative else value, 6), unit, parse_year(text))
