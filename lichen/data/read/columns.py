"""Which column of a table holds the head, the relation and the tail, and rows made into facts."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lichen.base.errors import ConfigError
from lichen.data.builder import GraphBuilder
from lichen.data.read.lines import shown
from lichen.data.read.split_names import split_name

log = logging.getLogger(__name__)

HEADERS = {
    "head": ("head", "h", "subject", "subj", "s"),
    "relation": ("relation", "rel", "r", "predicate", "p", "property"),
    "tail": ("tail", "t", "object", "obj", "o"),
    "split": ("split",),
    "source": ("source", "address"),
    "text": ("text", "sentence", "evidence"),
}
"""Header names understood, in any case, by what they stand for."""

DEFAULT = ("head", "relation", "tail")

SOON = 100
"""Rows in which the letters of a first row h, r, t are looked for again."""


@dataclass(frozen=True)
class Columns:
    """Where each part of a fact stands in a row."""

    names: tuple[str, ...]
    """The columns in order, as the file or the caller calls them."""
    places: dict[str, int] = field(default_factory=dict)
    """"head", "relation" and so on to the column's index."""

    def problem(self, fields: Sequence[str], *, separated: str) -> str | None:
        """Say what is wrong with a row, or None.

        Args:
            fields: the row.
            separated: how the format separates fields, for the message.
        """
        if len(fields) != len(self.names):
            return (
                f"expected {len(self.names)} {separated} fields ({', '.join(self.names)}), "
                f"found {len(fields)}"
            )
        for part in DEFAULT:
            if not fields[self.places[part]].strip():
                return f"expected a {part} in column {self.places[part] + 1}, found nothing"
        return None

    def add(self, fields: Sequence[str], builder: GraphBuilder, *, split: str | None) -> None:
        """Add a row without a problem as a fact; its own split goes before the file's."""
        h, r, t = (fields[self.places[part]] for part in DEFAULT)
        own, address, text = (self._optional(fields, x) for x in ("split", "source", "text"))
        source = (address, text) if address or text else None
        builder.add_fact(h, r, t, source=source, split=split_name(own) if own else split)

    def _optional(self, fields: Sequence[str], part: str) -> str:
        return fields[self.places[part]] if part in self.places else ""


def header_columns(fields: Sequence[str]) -> Columns | None:
    """Return the columns that a header names, or None when the row is no header.

    >>> header_columns(["Subject", "Predicate", "Object"]).places["tail"]
    2
    >>> header_columns(["Vienna", "capital_of", "Austria"]) is None
    True
    """
    lowered = [name.strip().lower() for name in fields]
    places = {
        part: lowered.index(name)
        for part, names in HEADERS.items()
        for name in reversed(names)
        if name in lowered
    }
    return Columns(tuple(fields), places) if set(DEFAULT) <= set(places) else None


def first_header(
    path: Path,
    first: Sequence[str],
    soon: Iterable[Sequence[str]],
    *,
    is_told: bool,
    is_shared: bool = False,
) -> Columns | None:
    """Return the columns that the first row of a file names, or None when it is a fact.

    Three letters such as h, r, t may be either. They are a fact when the caller says that there
    is no header, and when they come again soon, as labels do and names of columns do not: the
    relation's as a relation, or, where other relations are letters too, one of the others as a
    head or tail. They are a header when another file of the folder begins with them too. What
    was taken for a header is logged, and what is made of letters is, as a warning.

    Args:
        path: the file, for messages.
        first: its first row.
        soon: the `SOON` rows after it.
        is_told: whether the caller named the columns of a file without a header.
        is_shared: whether another file of the folder has the same first row.
    """
    header = header_columns(first)
    if header is None:
        return None
    names = ", ".join(first)
    if len(first) > len(DEFAULT) or any(len(name.strip()) > 1 for name in first):
        log.info("%s: the first row is a header: %s", path, names)
        return header
    if is_told or (not is_shared and _come_again(first, soon, header)):
        why = "the columns are given" if is_told else "some of it comes again"
        said = ", ".join(sorted(DEFAULT, key=header.places.__getitem__))
        log.warning(
            "%s: the first row, %s, is taken for a fact, as %s. If it is a header, write %s there.",
            path,
            names,
            why,
            said,
        )
        return None
    why = "another file begins with it too" if is_shared else "none of it comes again"
    log.warning(
        "%s: the first row, %s, is taken for a header, as %s. If it is a fact, pass --columns %s.",
        path,
        names,
        why,
        ",".join(DEFAULT),
    )
    return header


def _come_again(first: Sequence[str], soon: Iterable[Sequence[str]], header: Columns) -> bool:
    """Say whether letters come again below, each where it stands for the same."""
    head, relation, tail = (header.places[part] for part in DEFAULT)
    rows = [row for row in soon if len(row) == len(first)]
    relations = {row[relation] for row in rows}
    if first[relation] in relations:
        return True
    ends = {row[place] for row in rows for place in (head, tail)}
    is_letters = any(len(label.strip()) == 1 for label in relations)
    return is_letters and not ends.isdisjoint((first[head], first[tail]))


def given_columns(names: Sequence[str] | None) -> Columns:
    """Return the columns of a file without a header.

    Args:
        names: their order; "-" stands for a column to ignore; None is head, relation, tail.

    Raises:
        ConfigError: head, relation or tail is missing.

    >>> given_columns(["relation", "head", "tail", "-"]).places["head"]
    1
    """
    found = header_columns(tuple(names or DEFAULT))
    if found is None:
        raise ConfigError(
            f"columns must name head, relation and tail; got {', '.join(names or ())!r}. "
            "Pass them in the order of the file, '-' for one to ignore."
        )
    return found


def order_warning(path: Path, triples: Sequence[tuple[str, str, str]]) -> str | None:
    """Say so when a file without a header seems to have another order of columns.

    Args:
        path: the file, for the message.
        triples: its first rows as read: head, relation, tail.

    Returns:
        One line, or None when relations vary less than heads and tails, as they should.
    """
    heads, relations, tails = (len(set(column)) for column in zip(*triples, strict=True))
    fewest = min(heads, tails)
    if len(triples) < 100 or relations < 50 or relations < 5 * fewest:
        return None
    first, second, third = triples[0]
    return (
        f"{path}: expected head, relation, tail, found {relations} different relations but only "
        f"{fewest} {'heads' if heads == fewest else 'tails'} in {len(triples)} rows, such as "
        f"{shown(first)}, {shown(second)}, {shown(third)}. If the order differs, pass --columns, "
        "for instance relation,head,tail."
    )
