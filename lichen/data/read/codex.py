"""A folder of CoDEx, Wikidata triples with names, types and hard negatives, into a graph."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lichen.data.builder import GraphBuilder
from lichen.data.graph import Graph, Ids
from lichen.data.read.jsonl import json_entries
from lichen.data.read.lines import BadLines, text_lines
from lichen.data.read.tsv import read_tsv

PAPER = "Safavi and Koutra, 2020, arXiv:2009.07810"

SPLITS = ("train", "valid", "test")


def is_codex(folder: Path) -> bool:
    """Say whether a folder holds CoDEx triples with their types or relation names."""
    has_triples = (folder / "train.txt").exists()
    return has_triples and any(
        (folder / name).exists() for name in ("entity2types.json", "relations_en.json")
    )


def read_codex(folder: Path, builder: GraphBuilder, bad: BadLines) -> None:
    """Read train.txt, valid.txt and test.txt, and what the folder says about their ids.

    Labels are Wikidata ids, such as Q183 and P30. Names and descriptions of entities come from
    `entities_LANGUAGE.json` or `entity_labels*.tsv`, their types from `entity2types.json` and
    `types_en.json`, words for relations from `relations_en.json`; each may be missing. The
    hard negatives are not facts: see `read_negatives`.

    Args:
        folder: where the files are.
        builder: gets the facts, names, types and descriptions.
        bad: told of bad lines.

    Raises:
        DataError: a file cannot be read, or holds a bad line and `bad` says raise.
    """
    for split in SPLITS:
        path = folder / f"{split}.txt"
        if path.exists():
            builder.add_split(split)
            read_tsv(path, builder, bad, split=split)
    for path in sorted(folder.glob("entities_*.json")):
        for label, about in _known(path, builder):
            _describe(builder, label, about, language=path.stem.removeprefix("entities_"))
    for path in sorted(folder.glob("entity_labels*.tsv")):
        for _, line in text_lines(path, bad):
            label, name, description = [*line.split("\t"), "", ""][:3]
            if builder.has_entity(label):
                _describe(builder, label, {"label": name, "description": description})
    _read_types(folder, builder)
    relations = folder / "relations_en.json"
    for label, about in json_entries(relations) if relations.exists() else ():
        if builder.has_relation(label) and isinstance(about, dict):
            builder.add_relation(label, text=str(about.get("label") or ""))


def read_negatives(folder: str | Path, graph: Graph, *, split: str) -> Ids:
    """Return the verified false triples of a split, shape `(negatives, 3)` ids.

    Args:
        folder: a CoDEx folder.
        graph: the graph read from it.
        split: "valid" or "test".

    Raises:
        DataError: there is no such file, or it names what the graph does not know.
    """
    builder = GraphBuilder()
    read_tsv(Path(folder) / f"{split}_negatives.txt", builder, BadLines())
    negatives = builder.build()
    entity = graph.entities.ids(negatives.entities)
    relation = graph.relations.ids(negatives.relations)
    found = negatives.triples.copy()
    found[:, 0] = entity[negatives.triples[:, 0]]
    found[:, 1] = relation[negatives.triples[:, 1]]
    found[:, 2] = entity[negatives.triples[:, 2]]
    return found


def _describe(
    builder: GraphBuilder, label: str, about: dict[str, Any], *, language: str = "en"
) -> None:
    builder.add_name(label, str(about.get("label") or ""), language=language)
    if language == "en":
        builder.add_entity(label, description=str(about.get("description") or ""))


def _read_types(folder: Path, builder: GraphBuilder) -> None:
    path, named = folder / "entity2types.json", folder / "types_en.json"
    if not path.exists():
        return
    names = {
        label: str(about.get("label") or label)
        for label, about in (json_entries(named) if named.exists() else ())
        if isinstance(about, dict)
    }
    for label, types in json_entries(path):
        if builder.has_entity(label):
            builder.add_entity(label, types=tuple(names.get(x, x) for x in types))


def _known(path: Path, builder: GraphBuilder) -> Iterator[tuple[str, dict[str, Any]]]:
    return (
        (label, about)
        for label, about in json_entries(path)
        if builder.has_entity(label) and isinstance(about, dict)
    )
