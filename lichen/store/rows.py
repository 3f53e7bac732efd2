"""A table or a file of JSON lines -> rows of facts with line number, action and provenance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from lichen.data.builder import GraphBuilder
from lichen.data.graph import Graph
from lichen.data.read.columns import DEFAULT, HEADERS, SOON, first_header, given_columns
from lichen.data.read.csv import csv_rows
from lichen.data.read.jsonl import RecordError, json_records, read_jsonl, text_of
from lichen.data.read.lines import BadLines, plain_suffix, text_lines

ACTIONS = ("add", "retract", "replace")
"""What a row may do; `replace` takes back every other tail of its head and relation."""


class Row(NamedTuple):
    """One line that states, takes back or replaces a fact."""

    line: int
    h: str
    r: str
    t: str
    action: str = "add"
    address: str = ""
    """Empty when the line names no source of its own."""
    text: str = ""
    confidence: float = 1.0
    valid_from: date | None = None
    valid_to: date | None = None


def table_rows(path: Path, bad: BadLines, *, columns: Sequence[str] | None = None) -> Iterator[Row]:
    """Yield the facts of a CSV or TSV file.

    Beside head, relation and tail a header may name source, text, action, confidence,
    valid_from and valid_to (days as 2020-12-31); an empty field is the default.

    Args:
        path: the file, `.gz` allowed.
        bad: told of bad rows.
        columns: the order of the columns of a file without a header.
    """
    is_csv = plain_suffix(path) == ".csv"
    rows = csv_rows(path, bad) if is_csv else _tabbed(path, bad)
    first = next(rows, None)
    if first is None:
        return
    soon = list(islice(rows, SOON))
    is_told = columns is not None
    header = first_header(path, first[1], (fields for _, fields in soon), is_told=is_told)
    wanted = header or given_columns(columns)
    lowered = [name.strip().lower() for name in wanted.names]
    further = [(name, i) for i, name in enumerate(lowered) if name in _FURTHER]
    further += [(x, i) for x, i in wanted.places.items() if x in ("source", "text")]
    separated = "comma-separated" if is_csv else "tab-separated"
    for line, fields in chain([] if header else [first], soon, rows):
        problem = wanted.problem(fields, separated=separated)
        if problem:
            bad.found(path, line, problem)
            continue
        own = {name: fields[i] for name, i in further}
        h, r, t = (fields[wanted.places[part]] for part in DEFAULT)
        try:
            yield _row(line, (h, r, t), own)
        except RecordError as error:
            bad.found(path, line, str(error))


def _tabbed(path: Path, bad: BadLines) -> Iterator[tuple[int, list[str]]]:
    separator: str | None = "\t"
    for place, (line, text) in enumerate(text_lines(path, bad)):
        if place == 0 and "\t" not in text and len(text.split()) == len(DEFAULT):
            separator = None
        yield line, text.split(separator)


def record_graph(path: Path, bad: BadLines) -> Graph:
    """Return what a file of JSON lines says besides facts: entities, names, literals.

    Args:
        path: the file.
        bad: told of every bad line, those of facts included.
    """
    builder = _WithoutFacts()
    read_jsonl(path, builder, bad)
    return builder.build()


class _WithoutFacts(GraphBuilder):
    def add_fact(self, *_: Any, **__: Any) -> bool:
        """Leave the fact out, which is read with its line number elsewhere."""
        return False


def record_rows(path: Path, bad: BadLines) -> Iterator[Row]:
    """Yield the facts of a file of JSON lines; keys as the columns of `table_rows`.

    Lines that `record_graph` finds bad are passed over.

    Args:
        path: the file.
        bad: told of lines whose action, confidence or days are bad.
    """
    sources: dict[Any, tuple[str, str]] = {}
    for line, record in json_records(path, BadLines("skip")):
        parts = {part: next((k for k in HEADERS[part] if k in record), part) for part in DEFAULT}
        try:
            if "source_id" in record and "address" in record:
                sources[record["source_id"]] = (record["address"], record.get("text") or "")
            if not (parts["head"] in record and parts["tail"] in record):
                continue
            h, r, t = (text_of(record, parts[part]) for part in DEFAULT)
        except RecordError:
            continue
        own = {k: v for k, v in record.items() if k in ("source", "text") or k in _FURTHER}
        if isinstance(own.get("source"), int):
            own["source"], own["text"] = sources.get(own["source"], ("", ""))
        try:
            yield _row(line, (h, r, t), own)
        except RecordError as error:
            bad.found(path, line, str(error))


def _row(line: int, triple: tuple[str, str, str], own: Mapping[str, Any]) -> Row:
    """Return a row from its further fields, checked.

    Raises:
        RecordError: one of them does not hold what it must.
    """
    found = {name: read(own[name]) for name, read in _FURTHER.items() if own.get(name)}
    row = Row(line, *triple, address=own.get("source") or "", text=own.get("text") or "", **found)
    if row.valid_from and row.valid_to and row.valid_from > row.valid_to:
        raise RecordError(
            f"expected valid_from not after valid_to, found {row.valid_from} and {row.valid_to}"
        )
    return row


def _action(value: Any) -> str:
    if value not in ACTIONS:
        raise RecordError(f"expected an action among {', '.join(ACTIONS)}, found {value!r}")
    return str(value)


def _confidence(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not 0 < number <= 1 or isinstance(value, bool):
        raise RecordError(f"expected a confidence above 0 and at most 1, found {value!r}")
    return number


def _day(value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise RecordError(f"expected a day such as 2020-12-31, found {value!r}") from None


_FURTHER: dict[str, Callable[[Any], Any]] = {
    "action": _action,
    "confidence": _confidence,
    "valid_from": _day,
    "valid_to": _day,
}
