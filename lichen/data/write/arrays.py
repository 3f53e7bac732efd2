"""A graph as a folder of arrays, which opens in seconds however large it is."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from lichen.base.manifest import write_manifest
from lichen.data.graph import Graph, Ids
from lichen.data.write.atomic import atomic_folder, atomic_text


def write_arrays(graph: Graph, folder: Path) -> None:
    """Write a folder of arrays and labels with hashes; all of the graph is kept.

    It holds triples.npy `(facts, 3)`, entities.json and relations.json, the labels by id;
    about.json, the rest by id; fact_sources.npy and split-0.npy and so on where the graph has
    them; and lichen.json, which `lichen.base.manifest` describes.

    Args:
        graph: what to write.
        folder: a new or empty folder.

    Raises:
        DataError: the folder is in use or cannot be written to, or a text is no valid Unicode.
    """
    arrays: dict[str, Ids] = {"triples.npy": graph.triples}
    if (graph.fact_sources >= 0).any():
        arrays["fact_sources.npy"] = graph.fact_sources
    arrays |= {f"split-{i}.npy": rows for i, rows in enumerate(graph.splits.values())}
    documents: dict[str, object] = {
        "entities.json": graph.entities.labels,
        "relations.json": graph.relations.labels,
        "about.json": {
            "splits": list(graph.splits),
            "names": graph.names,
            "descriptions": list(graph.descriptions.items()),
            "types": list(graph.types.items()),
            "literals": graph.literals,
            "sources": graph.sources,
            "relation_texts": list(graph.relation_texts.items()),
        },
    }
    with atomic_folder(folder) as draft:
        for name, array in arrays.items():
            np.save(draft / name, array, allow_pickle=False)
        for name, document in documents.items():
            with atomic_text(draft / name) as file:
                file.write(json.dumps(document, ensure_ascii=False))
        write_manifest(draft, kind="graph", names=[*arrays, *documents])
