"""A folder of one file a split, with texts beside it, into a growing graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from lichen.base.errors import DataError
from lichen.data.builder import GraphBuilder
from lichen.data.read.csv import read_csv
from lichen.data.read.jsonl import json_entries, read_jsonl
from lichen.data.read.lines import BadLines, plain_suffix, text_lines
from lichen.data.read.split_names import SPLITS
from lichen.data.read.tsv import read_tsv

TABLES: dict[str, Callable[..., None]] = {
    ".tsv": read_tsv,
    ".txt": read_tsv,
    ".tab": read_tsv,
    ".csv": read_csv,
}
RECORDS = (".jsonl", ".ndjson")


def split_files(folder: Path) -> dict[str, Path]:
    """Return split name to file, in the order facts, train, valid, test.

    Raises:
        DataError: two files stand for one split.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        stem = path.name.removesuffix(".gz").partition(".")[0]
        known = plain_suffix(path) in TABLES or plain_suffix(path) in RECORDS
        if stem not in SPLITS or not known or not path.is_file():
            continue
        split = SPLITS[stem]
        if split in found:
            raise DataError(
                f"{folder}: must hold one file for the split {split!r}, found "
                f"{found[split].name} and {path.name}. Remove or rename one."
            )
        found[split] = path
    return {split: found[split] for split in dict.fromkeys(SPLITS.values()) if split in found}


def read_folder(
    folder: Path, builder: GraphBuilder, bad: BadLines, *, columns: Sequence[str] | None = None
) -> None:
    """Read train, valid (or dev), test and facts files of TSV, CSV or JSON lines.

    Beside them may lie, as KG-BERT has them, `entity2text.txt` (label, name), with
    `entity2textlong.txt` (label, description) or with "name, description" in one, and
    `relation2text.txt` (label, words); or `entity2wikidata.json`, label to an object with
    label, description and alternatives.

    Args:
        folder: where the files are; `.gz` is allowed.
        builder: gets the facts and texts.
        bad: told of bad lines.
        columns: the order of the columns of files without a header.

    Raises:
        DataError: a file cannot be read, or holds a bad line and `bad` says raise.
    """
    files = split_files(folder)
    begin = {x: _first_line(x) for x in files.values() if plain_suffix(x) in TABLES}
    times = Counter(begin.values())
    for split, path in files.items():
        builder.add_split(split)
        if plain_suffix(path) in RECORDS:
            read_jsonl(path, builder, bad, split=split)
        else:
            is_shared = times[begin[path]] > 1
            read = TABLES[plain_suffix(path)]
            read(path, builder, bad, split=split, columns=columns, is_shared=is_shared)
    _read_entity_texts(folder, builder, bad)
    _read_wikidata_texts(folder / "entity2wikidata.json", builder)
    for label, text in _pairs(folder / "relation2text.txt", bad):
        if builder.has_relation(label):
            builder.add_relation(label, text=text)


def _first_line(path: Path) -> str | None:
    """Return the first line that is not blank, or None without one."""
    return next((text.strip() for _, text in text_lines(path, BadLines("skip"))), None)


def _read_entity_texts(folder: Path, builder: GraphBuilder, bad: BadLines) -> None:
    """Name and describe the entities of the facts; texts of others are not needed."""
    long = folder / "entity2textlong.txt"
    for label, text in _pairs(long, bad):
        if builder.has_entity(label):
            builder.add_entity(label, description=text)
    for label, text in _pairs(folder / "entity2text.txt", bad):
        if not builder.has_entity(label):
            continue
        name, comma, _ = text.partition(", ")
        if comma and not long.exists():
            builder.add_entity(label, description=text)
            builder.add_name(label, name)
        else:
            builder.add_name(label, text)


def _read_wikidata_texts(path: Path, builder: GraphBuilder) -> None:
    for label, about in json_entries(path) if path.exists() else ():
        if not builder.has_entity(label) or not isinstance(about, dict):
            continue
        builder.add_entity(label, description=str(about.get("description") or ""))
        for name in (about.get("label"), *(about.get("alternatives") or ())):
            builder.add_name(label, str(name or ""))


def _pairs(path: Path, bad: BadLines) -> list[tuple[str, str]]:
    """Return the label and the text of each line; a label alone has no text."""
    if not path.exists():
        return []
    parts = (line.partition("\t") for _, line in text_lines(path, bad))
    return [(label, text.strip()) for label, _, text in parts]
