"""A graph as JSON lines that keep all of it; `lichen.data.read.jsonl` says what they hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lichen.base.errors import DataError
from lichen.data.graph import Graph
from lichen.data.read.jsonl import VERSION
from lichen.data.write.atomic import atomic_text
from lichen.data.write.tables import splits_of


def write_jsonl(graph: Graph, path: Path) -> None:
    """Write everything a graph holds; reading it back gives the same ids in the same order.

    Args:
        graph: what to write.
        path: where; `.gz` compresses.

    Raises:
        DataError: a number is not finite, or the place cannot be written to.
    """
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
    with atomic_text(path) as file:
        for record in graph_records(graph):
            try:
                line = encode(record)
            except ValueError:
                raise DataError(
                    f"{path}: numbers must be finite to be saved; got {record!r}. "
                    "Leave such values out."
                ) from None
            file.write(line + "\n")


def graph_records(graph: Graph) -> Iterator[dict[str, Any]]:
    """Yield the records of a graph: header, sources, relations, entities, facts, literals.

    Args:
        graph: what to go through.

    Yields:
        Objects for `json.dumps`.
    """
    yield {
        "lichen": "graph",
        "version": VERSION,
        "facts": graph.num_facts,
        "splits": list(graph.splits),
    }
    for index, source in enumerate(graph.sources):
        yield {"source_id": index, "address": source.address, "text": source.text}
    for id_, label in enumerate(graph.relations):
        text = graph.relation_texts.get(id_)
        yield {"relation": label, **({"text": text} if text else {})}
    yield from _entities(graph)
    yield from _facts(graph)
    for literal in graph.literals:
        record = {
            "entity": graph.entities[literal.entity],
            "attribute": literal.attribute,
            "value": literal.value,
            "unit": literal.unit,
            "year": literal.year,
            "source": literal.source if literal.source >= 0 else None,
        }
        yield {key: value for key, value in record.items() if value is not None}


def _entities(graph: Graph) -> Iterator[dict[str, Any]]:
    names: dict[int, list[list[str]]] = {}
    for name in graph.names:
        names.setdefault(name.entity, []).append([name.text, name.language])
    for id_, label in enumerate(graph.entities):
        record = {
            "entity": label,
            "types": list(graph.types_of(id_)),
            "names": names.get(id_),
            "description": graph.descriptions.get(id_),
        }
        yield {key: value for key, value in record.items() if value}


def _facts(graph: Graph) -> Iterator[dict[str, Any]]:
    entities, relations, splits = graph.entities, graph.relations, splits_of(graph)
    for row, (h, r, t) in enumerate(graph.triples.tolist()):
        record: dict[str, Any] = {
            "head": entities[h],
            "relation": relations[r],
            "tail": entities[t],
        }
        own = splits.get(row, [])
        if own:
            record["split"] = own[0] if len(own) == 1 else own
        if graph.fact_sources[row] >= 0:
            record["source"] = int(graph.fact_sources[row])
        yield record
