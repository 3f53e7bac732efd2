"""A folder of arrays, as `lichen.data.write.arrays` lays it out, to a graph."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from lichen.base.manifest import MANIFEST, checked_files
from lichen.data.graph import Graph, Ids, Literal, Name, Source
from lichen.data.vocabulary import Vocabulary

SUFFIX = ".lichen"
"""Of such a folder's name."""

MAPPED_FROM = 1 << 20
"""Bytes from which an array stays in its file and is read as it is used."""


def is_arrays(folder: Path) -> bool:
    """Say whether a folder is one of arrays, by its name or by its manifest."""
    return folder.suffix.lower() == SUFFIX or (folder / MANIFEST).is_file()


def read_arrays(folder: Path) -> Graph:
    """Read a graph from a folder of arrays; large arrays are mapped, not copied into memory.

    Args:
        folder: where the files are; they must stay as they are while the graph is in use.

    Returns:
        The graph.

    Raises:
        ArtifactError: a file is missing or changed, or the folder is of another kind or format.
    """
    files = checked_files(folder, kind="graph")
    about = _document(folder / "about.json")
    return Graph(
        entities=Vocabulary(_document(folder / "entities.json"), what="entity"),
        relations=Vocabulary(_document(folder / "relations.json"), what="relation"),
        triples=_array(folder / "triples.npy"),
        names=tuple(Name(*fields) for fields in about["names"]),
        descriptions=dict(about["descriptions"]),
        types={entity: tuple(types) for entity, types in about["types"]},
        literals=tuple(Literal(*fields) for fields in about["literals"]),
        sources=tuple(Source(*fields) for fields in about["sources"]),
        fact_sources=(
            _array(folder / "fact_sources.npy")
            if "fact_sources.npy" in files
            else np.empty(0, dtype=np.int64)
        ),
        splits={name: _array(folder / f"split-{i}.npy") for i, name in enumerate(about["splits"])},
        relation_texts=dict(about["relation_texts"]),
    )


def _document(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _array(path: Path) -> Ids:
    if path.stat().st_size < MAPPED_FROM:
        small: Ids = np.load(path, allow_pickle=False)
        return small
    mapped: Ids = np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    return mapped
