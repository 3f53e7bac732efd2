"""A graph in the folder layout of CoDEx: triples by split, and JSON texts beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lichen.data.graph import Graph
from lichen.data.write.atomic import atomic_folder, atomic_text
from lichen.data.write.loss import warn_of_loss
from lichen.data.write.tables import write_splits


def write_codex(graph: Graph, folder: str | Path) -> Path:
    """Write train.txt, valid.txt, test.txt, names, descriptions, types and relation words.

    One name a language and entity is kept, as the layout has it. Types stand for themselves,
    without an id of their own.

    Args:
        graph: what to write.
        folder: a new or empty folder.

    Returns:
        The folder.

    Raises:
        DataError: as for `write_split_folder`.
    """
    place = Path(folder)
    with atomic_folder(place) as draft:
        write_splits(graph, draft, suffix=".txt")
        for name, entries in _texts(graph):
            with atomic_text(draft / f"{name}.json") as file:
                json.dump(entries, file, ensure_ascii=False, indent=1)
    warn_of_loss(place, {"sources": graph.sources, "literals": graph.literals})
    return place


def _texts(graph: Graph) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name of each JSON file and its entries."""
    names: dict[str, dict[str, dict[str, str]]] = {}
    for name in graph.names:
        label = graph.entities[name.entity]
        names.setdefault(name.language, {}).setdefault(label, {"label": name.text})
    for id_, text in graph.descriptions.items():
        label = graph.entities[id_]
        names.setdefault("en", {}).setdefault(label, {"label": label})["description"] = text
    for language, entries in names.items():
        yield f"entities_{language}", entries
    yield "entity2types", {graph.entities[id_]: list(x) for id_, x in graph.types.items()}
    words = {x: {"label": graph.relation_text(id_)} for id_, x in enumerate(graph.relations)}
    yield "relations_en", words
