"""Comma-separated triples, quoted as RFC 4180 says, into a growing graph."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

from lichen.data.builder import GraphBuilder
from lichen.data.read.columns import SOON, first_header, given_columns
from lichen.data.read.lines import BadLines, text_lines

LONGEST_FIELD = 2**31 - 1
"""Characters of one field; Python's own limit of 131,072 is below a long document."""


def csv_rows(path: Path, bad: BadLines) -> Iterator[tuple[int, list[str]]]:
    r"""Yield (line number, fields) for each row; a quoted field may span lines.

    A quote that is never closed costs the line it stands on, not the rest of the file. The
    separator is a comma, or a semicolon when the first line has no comma but a semicolon.

    Args:
        path: the file.
        bad: told of rows that cannot be parsed.

    Yields:
        The number of the row's first line, and its fields.

    Raises:
        DataError: the file cannot be read, or holds a bad row and `bad` says raise.
    """
    csv.field_size_limit(LONGEST_FIELD)
    lines = text_lines(path, bad, keep_ends=True)
    waiting: deque[tuple[int, str]] = deque(_first(lines))
    is_semicolon = bool(waiting) and "," not in waiting[0][1] and ";" in waiting[0][1]
    separator = ";" if is_semicolon else ","
    while True:
        if not waiting:
            waiting.extend(_first(lines))
        if not waiting:
            return
        row = [waiting.popleft()]
        if not row[0][1].strip():
            continue
        if _is_open(row[0][1], separator):
            _take_until_closed(row, waiting, lines)
        try:
            fields = _parse([text for _, text in row], separator)
        except csv.Error as error:
            waiting.extendleft(reversed(row[1:]))
            is_open = len(row) > 1 or "unexpected end of data" in str(error)
            why = "a quote that is never closed" if is_open else str(error)
            bad.found(path, row[0][0], f"expected a row of CSV, found one with {why}")
            continue
        yield row[0][0], fields


def _first(lines: Iterator[tuple[int, str]]) -> list[tuple[int, str]]:
    line = next(lines, None)
    return [] if line is None else [line]


def _parse(texts: list[str], separator: str) -> list[str]:
    rows = list(csv.reader(texts, delimiter=separator, strict=True))
    if len(rows) != 1:
        raise csv.Error("a quote inside an unquoted field")
    return rows[0]


def _is_open(text: str, separator: str) -> bool:
    """Say whether a quoted field goes on after this line."""
    if text.count('"') % 2 == 0:
        return False
    try:
        _parse([text], separator)
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False


def _take_until_closed(
    row: list[tuple[int, str]],
    waiting: deque[tuple[int, str]],
    lines: Iterator[tuple[int, str]],
) -> None:
    """Move lines into the row until its quotes are balanced or none is left."""
    num_quotes = row[0][1].count('"')
    while num_quotes % 2:
        line = waiting.popleft() if waiting else next(lines, None)
        if line is None:
            return
        row.append(line)
        num_quotes += line[1].count('"')


def read_csv(
    path: Path,
    builder: GraphBuilder,
    bad: BadLines,
    *,
    split: str | None = None,
    columns: Sequence[str] | None = None,
    is_shared: bool = False,
) -> None:
    """Read facts from a CSV file.

    The first row is a header when it names head, relation and tail (see `first_header`);
    further columns named split, source and text (the words that state the fact) are read too,
    others are not.

    Args:
        path: the file.
        builder: gets the facts.
        bad: told of bad rows.
        split: the split its facts belong to, where a row names none.
        columns: the order of the columns of a file without a header.
        is_shared: whether another file of the folder has the same first line.

    Raises:
        DataError: the file cannot be read, or holds a bad row and `bad` says raise.
    """
    rows = csv_rows(path, bad)
    first = next(rows, None)
    if first is None:
        return
    soon = list(islice(rows, SOON))
    is_told = columns is not None
    below = (fields for _, fields in soon)
    header = first_header(path, first[1], below, is_told=is_told, is_shared=is_shared)
    wanted = header or given_columns(columns)
    for number, fields in chain([] if header else [first], soon, rows):
        problem = wanted.problem(fields, separated="comma-separated")
        if problem:
            bad.found(path, number, problem)
        else:
            wanted.add(fields, builder, split=split)
