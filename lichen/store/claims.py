"""What a source claims, and the checks that it must pass before it is written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from rapidfuzz import process
from sqlalchemy import Table

from lichen.base.errors import DataError
from lichen.data.graph import Source
from lichen.store import schema

Key = tuple[Any, ...]


class Claim(NamedTuple):
    """One source's word for a fact or literal; `key` are the row's identifying columns."""

    key: Key
    source: int | None
    confidence: float


class Kind(NamedTuple):
    """How claims of one kind are stored."""

    table: Table
    support: Table
    foreign: str
    """The column of `support` that points to `table`."""
    columns: tuple[str, ...]
    """What makes two rows the same; the first two are indexed."""


FACT = Kind(
    schema.fact,
    schema.fact_support,
    "fact_id",
    ("head", "relation", "tail", "valid_from", "valid_to"),
)
LITERAL = Kind(
    schema.literal,
    schema.literal_support,
    "literal_id",
    ("entity_id", "attribute", "number", "text", "unit", "year", "valid_from", "valid_to"),
)


def unknown(what: str, label: str, known: Sequence[str]) -> DataError:
    """Return the error for a label that is not there, with the nearest that is.

    Args:
        what: entity, relation or source.
        label: what came.
        known: what there is.
    """
    near = process.extractOne(label, known, score_cutoff=60)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return DataError(f"{what} must be one of the {len(known)} in the store; got {label!r}.{hint}")


def checked_text(what: str, text: str) -> str:
    """Return a label or name that can be stored.

    Args:
        what: what it names, for the message.
        text: what came.

    Raises:
        DataError: it is empty, no string, or not valid Unicode.
    """
    if not isinstance(text, str) or not text.strip():
        raise DataError(f"{what} must be a text with at least one letter; got {text!r}.")
    return checked_unicode(what, text)


def checked_unicode(what: str, text: str) -> str:
    """Return a text, perhaps empty, that can be stored.

    Args:
        what: what it is, for the message.
        text: what came.

    Raises:
        DataError: it cannot be written as UTF-8.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise DataError(
            f"{what} must be valid Unicode; got {text!r}. Read the file with its own encoding."
        ) from None
    return text


def checked_confidence(confidence: float) -> float:
    """Return a confidence as a float.

    Args:
        confidence: above 0 and at most 1.

    Raises:
        DataError: it is outside, no number, or NaN.
    """
    is_number = isinstance(confidence, int | float) and not isinstance(confidence, bool)
    if not is_number or not 0 < confidence <= 1:
        raise DataError(f"confidence must be above 0 and at most 1; got {confidence!r}.")
    return float(confidence)


def checked_days(first: date | None, last: date | None) -> tuple[date | None, date | None]:
    """Return a period of validity as days.

    Args:
        first: first day; None is since ever.
        last: last day; None is for ever.

    Raises:
        DataError: one is no date, or the last comes before the first.
    """
    for key, day in (("valid_from", first), ("valid_to", last)):
        if day is not None and not isinstance(day, date):
            raise DataError(f"{key} must be a datetime.date or None; got {day!r}.")
    days = as_day(first), as_day(last)
    if days[0] and days[1] and days[0] > days[1]:
        raise DataError(
            f"valid_from must not come after valid_to; got {days[0]} and {days[1]}. Swap them."
        )
    return days


def as_day(moment: date | None) -> date | None:
    """Return the day of a date or a datetime."""
    return moment.date() if isinstance(moment, datetime) else moment


def checked_value(value: float | str) -> tuple[float | None, str | None]:
    """Return a literal's value as (number, None) or (None, text).

    Args:
        value: a finite number, or a text.

    Raises:
        DataError: it is NaN, infinite, empty or of another type.
    """
    if isinstance(value, str):
        return None, checked_text("value", value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value):
        raise DataError(f"value must be a finite number or a text; got {value!r}.")
    return float(value), None


def as_source(source: Source | tuple[str, str] | None) -> tuple[str, str] | None:
    """Return a plain (address, text) pair, or None for none."""
    return None if source is None else (source[0], source[1])
