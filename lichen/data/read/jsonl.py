"""JSON lines into a growing graph: facts, entities, literals, relations and sources.

One record a line; its keys say what it is:

    {"head": "Vienna", "relation": "capital_of", "tail": "Austria", "split": "train",
     "source": "book p. 3", "text": "Vienna is the capital of Austria."}
    {"entity": "Austria", "types": ["country"], "description": "...",
     "names": {"en": ["Republic of Austria"], "zh": ["奥地利"]}}
    {"entity": "Austria", "attribute": "area", "value": 83871, "unit": "km2", "year": 2021}
    {"relation": "capital_of", "text": "is the capital of"}

A graph that Lichen saved starts with a header that says how many facts follow, lists its
sources as records of their own and refers to them by number.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lichen.base.errors import DataError
from lichen.data.builder import GraphBuilder
from lichen.data.read.columns import DEFAULT, HEADERS
from lichen.data.read.lines import BadLines, shown, text_lines, whole_text
from lichen.data.read.split_names import split_name

VERSION = 1
"""Version of the saved form; a higher one is refused."""

ENDS = {*HEADERS["head"], *HEADERS["tail"]}
"""Keys that make a record a fact."""

Record = dict[str, Any]


class RecordError(Exception):
    """A record does not hold what it must; the message is "expected ..., found ..."."""


def json_records(path: Path, bad: BadLines) -> Iterator[tuple[int, Record]]:
    """Yield (line number, object) for each line.

    Args:
        path: the file.
        bad: told of lines that hold no JSON object.

    Yields:
        The number of the line and its object.

    Raises:
        DataError: the file cannot be read, or holds a bad line and `bad` says raise.
    """
    for number, line in text_lines(path, bad):
        try:
            record = json.loads(line)
        except (json.JSONDecodeError, RecursionError):
            bad.found(path, number, f"expected a JSON object, found {shown(line)}")
            continue
        if isinstance(record, dict):
            yield number, record
        else:
            bad.found(path, number, f"expected a JSON object, found {shown(line)}")


def json_entries(path: Path) -> Iterator[tuple[str, Any]]:
    """Go through the entries of the one JSON object that a small file holds.

    Args:
        path: the file, `.gz` allowed.

    Returns:
        Its keys and values, in order.

    Raises:
        DataError: the file cannot be read, or does not hold one object.
    """
    try:
        found = json.loads(whole_text(path))
    except json.JSONDecodeError as error:
        raise DataError(
            f"{path}:{error.lineno}: expected a JSON object, found {error.msg}. Get the file again."
        ) from None
    if not isinstance(found, dict):
        raise DataError(
            f"{path}:1: expected a JSON object, found {shown(repr(found))}. Get the file again."
        )
    return iter(found.items())


def text_of(record: Record, key: str, *, needed: bool = True) -> str:
    """Return a text of a record; an optional one that is absent or null is "".

    Raises:
        RecordError: it is no text, blank though needed, or not valid Unicode.
    """
    value = record.get(key)
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or (needed and not value.strip()):
        found = "nothing" if value is None else shown(value) if value == "" else repr(value)
        raise RecordError(f"expected a text in {key!r}, found {found}")
    if not value.isascii():
        _refuse_half_characters(value, key)
    return value


def _refuse_half_characters(value: str, key: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise RecordError(
            f"expected valid Unicode in {key!r}, found half a surrogate pair in {value!r}"
        ) from None


def read_jsonl(
    path: Path, builder: GraphBuilder, bad: BadLines, *, split: str | None = None
) -> None:
    """Read facts, entities, literals and relations from JSON lines.

    Args:
        path: the file.
        builder: gets the records.
        bad: told of bad lines.
        split: the split its facts belong to, where a record names none.

    Raises:
        DataError: the file cannot be read, is of a later version or cut off, or holds a bad
            line and `bad` says raise.
    """
    reader = _Reader(builder, split)
    number = 0
    for number, record in json_records(path, bad):
        try:
            reader.take(record)
        except RecordError as error:
            bad.found(path, number, str(error))
    if reader.version > VERSION:
        raise DataError(
            f"{path}: must be of format version {VERSION} or lower, found {reader.version}. "
            "Install a newer Lichen."
        )
    missing = reader.num_promised - reader.num_facts
    if missing > 0:
        bad.found(
            path, number, f"expected {reader.num_promised} facts in all, found {reader.num_facts}"
        )


class _Reader:
    """Give each record to the builder, by its kind."""

    def __init__(self, builder: GraphBuilder, split: str | None) -> None:
        self.builder = builder
        self.split = split
        self.version = VERSION
        self.num_promised = 0
        self.num_facts = 0
        self.sources: dict[int, tuple[str, str]] = {}

    def take(self, record: Record) -> None:
        """Add one record."""
        if "head" in record and "relation" in record and "tail" in record:
            self._fact(record, DEFAULT)
        elif not record.keys().isdisjoint(ENDS):
            keys = (next((k for k in HEADERS[x] if k in record), x) for x in DEFAULT)
            self._fact(record, tuple(keys))
        elif "entity" in record and "attribute" in record:
            self._literal(record)
        elif "entity" in record:
            self._entity(record)
        elif "relation" in record:
            text = text_of(record, "text", needed=False)
            self.builder.add_relation(text_of(record, "relation"), text=text)
        elif "address" in record:
            self._numbered_source(record)
        elif record.get("lichen") == "graph":
            self._header(record)
        else:
            raise RecordError(
                "expected a fact (head, relation, tail), an entity or a relation, "
                f"found the keys {', '.join(record) or 'none'}"
            )

    def _header(self, record: Record) -> None:
        version, facts = record.get("version"), record.get("facts")
        splits = record.get("splits", [])
        if not isinstance(version, int) or not isinstance(facts, int) or not _are_texts(splits):
            raise RecordError(f"expected a header with version, facts and splits, found {record!r}")
        self.version, self.num_promised = version, facts
        for split in splits:
            self.builder.add_split(split_name(split))

    def _numbered_source(self, record: Record) -> None:
        number = record.get("source_id")
        if not isinstance(number, int):
            raise RecordError(f"expected a whole number in 'source_id', found {number!r}")
        source = text_of(record, "address", needed=False), text_of(record, "text", needed=False)
        self.sources[number] = source
        self.builder.add_source(source)

    def _fact(self, record: Record, keys: tuple[str, ...]) -> None:
        h, r, t = [text_of(record, key) for key in keys]
        split = record.get("split", self.split)
        splits = split if isinstance(split, list) else [] if split is None else [split]
        if not _are_texts(splits):
            raise RecordError(f"expected a split's name in 'split', found {split!r}")
        known = tuple(map(split_name, splits))
        self.builder.add_fact(h, r, t, source=self._source(record), split=known)
        self.num_facts += 1

    def _source(self, record: Record) -> tuple[str, str] | None:
        number = record.get("source")
        if isinstance(number, int) and not isinstance(number, bool):
            if number not in self.sources:
                raise RecordError(
                    f"expected the number of a source record above, found {number} in 'source'"
                )
            return self.sources[number]
        address = text_of(record, "source", needed=False)
        text = text_of(record, "text", needed=False)
        return (address, text) if address or text else None

    def _literal(self, record: Record) -> None:
        value, year = record.get("value"), record.get("year")
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise RecordError(f"expected a number or a text in 'value', found {value!r}")
        if isinstance(value, float) and not math.isfinite(value):
            raise RecordError(f"expected a finite number in 'value', found {value!r}")
        if isinstance(value, str):
            text_of(record, "value", needed=False)
        if year is not None and (not isinstance(year, int) or isinstance(year, bool)):
            raise RecordError(f"expected a whole number in 'year', found {year!r}")
        self.builder.add_literal(
            text_of(record, "entity"),
            text_of(record, "attribute"),
            value,
            unit=text_of(record, "unit", needed=False) or None,
            year=year,
            source=self._source(record),
        )

    def _entity(self, record: Record) -> None:
        label = text_of(record, "entity")
        types = record.get("types") or []
        if isinstance(types, str):
            types = [types]
        if not _are_texts(types):
            raise RecordError(f"expected a list of texts in 'types', found {types!r}")
        names = list(_names(record.get("names") or []))
        description = text_of(record, "description", needed=False)
        self.builder.add_entity(label, types=tuple(types), description=description)
        for text, language in names:
            self.builder.add_name(label, text, language=language)


def _are_texts(values: Any) -> bool:
    """Say whether this is a list of texts, none empty."""
    return isinstance(values, list) and all(isinstance(x, str) and x for x in values)


def _names(names: Any) -> Iterator[tuple[str, str]]:
    """Yield (text, language) from {"en": ["a"]}, ["a"] or [["a", "en"]]."""
    if isinstance(names, dict):
        pairs = [
            (text, language)
            for language, texts in names.items()
            for text in (texts if isinstance(texts, list) else [texts])
        ]
    elif isinstance(names, list):
        pairs = [(x, "en") if isinstance(x, str) else x for x in names]
    else:
        pairs = [names]
    for pair in pairs:
        is_pair = isinstance(pair, list | tuple) and len(pair) == 2
        if not is_pair or not _are_texts(list(pair)):
            raise RecordError(
                f"expected names by language in 'names', such as {{'en': ['a']}}, found {names!r}"
            )
        _refuse_half_characters(pair[0], "names")
        yield pair[0], pair[1]
