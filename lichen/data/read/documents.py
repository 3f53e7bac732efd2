"""Corpora from JSON lines, CSV and folders of text files."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lichen.base.errors import DataError
from lichen.data.corpus import Candidate, Document, LabelledSpan, Mention, Span
from lichen.data.read.csv import csv_rows
from lichen.data.read.jsonl import Record, RecordError, json_records, text_of
from lichen.data.read.lines import BadLines, raw_lines
from lichen.data.read.split_names import split_name
from lichen.data.vocabulary import Vocabulary

FIELDS = ("id", "text", "label", "split", "language", "mentions", "spans", "meta")


def read_documents_jsonl(
    path: Path, bad: BadLines, entities: Vocabulary | None = None
) -> Iterator[Document]:
    """Yield a document for each record with at least a text.

    Keys: id (the line number without one), text, label, split, language, mentions, spans, meta; any
    other key goes to `meta`. A document without the key "label" is unlabelled; null, NaN and
    "" are errors, because a label that was lost on the way looks like that. Splits of the names
    validation, val and dev are "valid". A mention's entity is an id, a label or null.

    Args:
        path: the file.
        bad: told of bad lines.
        entities: those of the graph, to find ids by labels; None takes ids alone.

    Yields:
        The documents in order.

    Raises:
        DataError: the file cannot be read, or holds a bad line and `bad` says raise.
    """
    yield from _distinct(path, bad, json_records(path, bad), entities)


def read_documents_csv(path: Path, bad: BadLines) -> Iterator[Document]:
    """Yield a document for each row; the first row names the columns, one of them "text".

    Columns id, label, split and language are understood, any other goes to `meta`. An empty cell
    of these is none, so a row without a label is an unlabelled document.

    Args:
        path: the file.
        bad: told of bad rows.

    Yields:
        The documents in order.

    Raises:
        DataError: the file cannot be read or has no column "text", or holds a bad row and
            `bad` says raise.
    """
    rows = csv_rows(path, bad)
    number, header = next(rows, (1, [""]))
    names = [name.strip().lower() if name.strip().lower() in FIELDS else name for name in header]
    if "text" not in names:
        raise DataError(
            f"{path}:{number}: expected a header with a column 'text', found "
            f"{', '.join(header)!r}. Add the header."
        )
    yield from _distinct(path, bad, _table_records(path, bad, rows, names))


def _table_records(
    path: Path, bad: BadLines, rows: Iterator[tuple[int, list[str]]], names: list[str]
) -> Iterator[tuple[int, Record]]:
    for number, fields in rows:
        if len(fields) != len(names):
            bad.found(path, number, f"expected {len(names)} fields, found {len(fields)}")
            continue
        record: Record = dict(zip(names, fields, strict=True))
        for name in ("id", "label", "split", "language"):
            if record.get(name) == "":
                del record[name]
        yield number, record


def read_documents_folder(folder: Path, bad: BadLines) -> Iterator[Document]:
    """Yield a document for each `.txt` or `.txt.gz` file of a folder and those below it.

    The id is the path within the folder, without the suffix and with "/" between its parts.

    Args:
        folder: where the files are.
        bad: told of files that are empty or not UTF-8.

    Yields:
        The documents in order of their ids.

    Raises:
        DataError: there is no such file, or one is bad and `bad` says raise.
    """
    paths = {
        path.relative_to(folder).as_posix().removesuffix(".gz").removesuffix(".txt"): path
        for path in folder.rglob("*.txt*")
        if path.name.endswith((".txt", ".txt.gz")) and path.is_file()
    }
    if not paths:
        raise DataError(f"{folder}: must hold .txt files, found none. Check the path.")
    for id_, path in sorted(paths.items()):
        bad.num_lines += 1
        data = b"".join(raw_lines(path)).removeprefix(b"\xef\xbb\xbf")
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            found = f"found the byte 0x{data[error.start]:02x}"
            bad.found(path, line, f"expected UTF-8 text, {found}")
            continue
        if text.strip():
            yield Document(id=id_, text=text)
        else:
            bad.found(path, 1, "expected text, found an empty file")


def _distinct(
    path: Path,
    bad: BadLines,
    records: Iterator[tuple[int, Record]],
    entities: Vocabulary | None = None,
) -> Iterator[Document]:
    """Make documents of records and refuse an id that was there before."""
    lines: dict[str, int] = {}
    for number, record in records:
        try:
            doc = _document(record, number, entities)
            if doc.id in lines:
                raise RecordError(
                    f"expected an id of its own, found {doc.id!r} as in line {lines[doc.id]}"
                )
        except (RecordError, DataError) as error:
            bad.found(path, number, str(error).rstrip("."))
            continue
        lines[doc.id] = number
        yield doc


def _document(record: Record, number: int, entities: Vocabulary | None) -> Document:
    id_ = record.get("id", number)
    is_whole = isinstance(id_, int) and not isinstance(id_, bool)
    meta: dict[str, str] = {k: v for k, v in _meta(record) if v is not None}
    return Document(
        id=str(id_) if is_whole else text_of(record, "id"),
        text=text_of(record, "text"),
        language=text_of(record, "language", needed=False) or "en",
        label=_label(record) if "label" in record else None,
        split=split_name(text_of(record, "split", needed=False)) or None,
        mentions=tuple(_mention(m, entities) for m in record.get("mentions") or ()),
        spans=_spans(record["spans"]) if "spans" in record else None,
        meta=meta,
    )


def _meta(record: Record) -> Iterator[tuple[str, Any]]:
    """Yield the entries of "meta", texts only, and every key without a meaning of its own."""
    meta = record.get("meta") or {}
    if isinstance(meta, str):  # a CSV column of that name
        meta = {"meta": meta}
    if not isinstance(meta, Mapping):
        raise RecordError(f"expected an object in 'meta', found {meta!r}")
    others = {key: value for key, value in record.items() if key not in FIELDS}
    for key, value in {**meta, **others}.items():
        yield key, value if isinstance(value, str) or value is None else str(value)


def _label(record: Record) -> str:
    """Return the label as text: text, whole number, true or false."""
    value = record["label"]
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    is_nan = (isinstance(value, float) and math.isnan(value)) or value in ("nan", "NaN")
    if isinstance(value, str) and value.strip() and not is_nan:
        return text_of(record, "label")
    found = "NaN" if is_nan else "null" if value is None else repr(value)
    raise RecordError(
        f"expected a text or a whole number as label, found {found}; leave the label out of "
        "documents that have none (in CSV, leave the cell empty)"
    )


def _mention(found: Any, entities: Vocabulary | None) -> Mention:
    """Return a mention from {"start": 0, "end": 6, "entity": 3 or null, "candidates": [...]}."""
    try:
        entity = found["entity"]
        candidates = tuple(
            Candidate(_entity(e, entities), float(score))
            for e, score in found.get("candidates", ())
        )
        span = Span(_id(found["start"]), _id(found["end"]))
        return Mention(span, None if entity is None else _entity(entity, entities), candidates)
    except DataError:  # no such label, which says so itself
        raise
    except (KeyError, TypeError, ValueError, AttributeError):
        raise RecordError(
            "expected mentions with start, end and entity (an id, a label or null), found "
            f"{found!r}"
        ) from None


def _entity(found: Any, entities: Vocabulary | None) -> int:
    """Return the id of an entity that is named by its id or its label."""
    if not isinstance(found, str):
        return _id(found)
    if entities is None:
        raise RecordError(
            f"expected the entity of a mention as an id or null where the graph is not told, found "
            f"the label {found!r}; pass Corpus.load graph=..., or write what "
            f"graph.entities.get({found!r}) gives"
        )
    return entities.id(found)


def _spans(found: Any) -> tuple[LabelledSpan, ...]:
    """Return labelled spans from [{"start": 0, "end": 6, "label": "disease"}, ...]."""
    try:
        return tuple(
            LabelledSpan(Span(_id(x["start"]), _id(x["end"])), text_of(x, "label")) for x in found
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise RecordError(f"expected spans with start, end and label, found {found!r}") from None


def _id(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(value)
    return value
