"""Corpora as JSON lines, CSV and folders of text files."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any

from lichen.base.errors import DataError
from lichen.data.corpus import Corpus, Document
from lichen.data.write.atomic import atomic_folder, atomic_text
from lichen.data.write.loss import warn_of_loss
from lichen.data.write.tables import csv_line


def write_documents_jsonl(corpus: Corpus, path: Path) -> None:
    """Write one document a line, with mentions and meta; nothing is lost.

    Args:
        corpus: what to write.
        path: where; `.gz` compresses.

    Raises:
        DataError: a score is not finite, or the place cannot be written to.
    """
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
    with atomic_text(path) as file:
        for doc in corpus:
            try:
                line = encode(_record(doc))
            except ValueError:
                raise DataError(
                    f"{path}: scores of candidates must be finite to be saved; document "
                    f"{doc.id!r} has one that is not. Link it again."
                ) from None
            file.write(line + "\n")


def _record(doc: Document) -> dict[str, Any]:
    mentions = [
        {
            "start": m.span.start,
            "end": m.span.end,
            "entity": m.entity,
            **({"candidates": [list(c) for c in m.candidates]} if m.candidates else {}),
        }
        for m in doc.mentions
    ]
    spans = None
    if doc.spans is not None:
        spans = [{"start": s.start, "end": s.end, "label": label} for s, label in doc.spans]
    record = {
        "id": doc.id,
        "text": doc.text,
        "label": doc.label,
        "split": doc.split,
        "language": doc.language,
        "mentions": mentions or None,
        "spans": spans,
        "meta": dict(doc.meta) or None,
    }
    return {key: value for key, value in record.items() if value is not None}


def write_documents_csv(corpus: Corpus, path: Path) -> None:
    """Write id, text, label, split, language and one column for each key of meta.

    An empty label is none.

    Args:
        corpus: what to write.
        path: where; `.gz` compresses.

    Raises:
        DataError: only some documents have a key of meta, which empty cells cannot say, or the
            place cannot be written to.
    """
    docs = corpus.documents
    has_label = any(doc.label is not None for doc in docs)
    keys = list(dict.fromkeys(key for doc in docs for key in doc.meta))
    for doc in docs:
        if set(doc.meta) != set(keys):
            raise DataError(
                f"{path}: all documents must have the same keys of meta to be saved as CSV; "
                f"{doc.id!r} has {', '.join(doc.meta) or 'none'}. Save as .jsonl."
            )
    columns = ["id", "text", *(["label"] if has_label else []), "split", "language", *keys]
    with atomic_text(path) as file:
        file.write(csv_line(columns))
        for doc in docs:
            label = [doc.label or ""] if has_label else []
            others = [doc.meta[key] for key in keys]
            fields = [doc.id, doc.text, *label, doc.split or "", doc.language, *others]
            file.write(csv_line(fields))
    _warn_of_loss(path, corpus, ("mentions", "spans"))


def write_documents_folder(corpus: Corpus, folder: Path) -> None:
    """Write each document to ID.txt in a new folder; an id with "/" makes folders below it.

    Args:
        corpus: what to write.
        folder: a new or empty folder.

    Raises:
        DataError: an id is no safe file name, or the folder is in use.
    """
    for doc in corpus:
        parts = doc.id.split("/")
        is_safe = all(p.strip() and p not in (".", "..") and len(p) < 200 for p in parts)
        if not is_safe or any(c in doc.id for c in '\\:*?"<>|\0\n\r\t'):
            raise DataError(
                f"{folder}: ids must be file names to be saved as a folder; got {doc.id!r}. "
                "Save as .jsonl."
            )
    with atomic_folder(folder) as draft:
        for doc in corpus:
            place = draft / PurePosixPath(f"{doc.id}.txt")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(doc.text.encode())
    _warn_of_loss(folder, corpus, ("label", "split", "mentions", "spans", "meta"))


def _warn_of_loss(path: Path, corpus: Corpus, parts: tuple[str, ...]) -> None:
    lost = {part: any(getattr(doc, part) for doc in corpus) for part in parts}
    warn_of_loss(path, lost, of="the documents'")
