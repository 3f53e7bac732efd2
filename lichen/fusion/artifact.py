"""A fused model's parts to a folder and back, each in its own form, then fusion and head."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from lichen.base.errors import ArtifactError
from lichen.data.graph import Graph
from lichen.embedding.artifact import read_artifact, write_artifact
from lichen.embedding.encoder import GraphEncoder
from lichen.lm.text_encoder import TextEncoder

KIND = "fused-model"
TEXT, READER, NODES, GRAPH = "text", "reader", "nodes", "graph.lichen"


class Parts(NamedTuple):
    """What a folder holds."""

    text: TextEncoder
    nodes: GraphEncoder | None
    graph: Graph | None
    """Only of a method that reads facts."""
    config: dict[str, Any]
    tensors: dict[str, Tensor]
    """Weights of fusion, head and adapters."""
    reader: TextEncoder | None = None
    """The language model as given, where it was trained since and reads facts; None: `text`."""


def write_parts(folder: Path, parts: Parts) -> None:
    """Write a model; the manifest comes last, so a cut write is noticed."""
    parts.text.save(folder / TEXT)
    if parts.reader is not None:
        parts.reader.save(folder / READER)
    if parts.nodes is not None:
        parts.nodes.save(folder / NODES)
    if parts.graph is not None:
        parts.graph.save(folder / GRAPH)
    readers = {"text": parts.text.fingerprint}
    if parts.reader is not None:
        readers["reader"] = parts.reader.fingerprint
    documents = {"config": parts.config | readers}
    write_artifact(folder, kind=KIND, tensors=parts.tensors, documents=documents)


def read_parts(folder: Path, *, device: str | torch.device | None) -> Parts:
    """Read what `write_parts` wrote.

    Raises:
        ArtifactError: a file is missing, changed or of another format version.
    """
    tensors, documents = read_artifact(folder, kind=KIND)
    said = dict(documents["config"])
    text = _read_text(folder / TEXT, said["text"], device)
    reader = _read_text(folder / READER, said["reader"], device) if "reader" in said else None
    nodes = GraphEncoder.load(folder / NODES) if (folder / NODES).is_dir() else None
    graph = Graph.load(folder / GRAPH) if (folder / GRAPH).is_dir() else None
    return Parts(text, nodes, graph, said, tensors, reader)


def _read_text(folder: Path, wanted: str, device: str | torch.device | None) -> TextEncoder:
    text = TextEncoder.load(folder, device=device)
    if wanted != text.fingerprint:
        raise ArtifactError(
            f"{folder}: must hold the language model {wanted}; it holds {text.fingerprint}. The "
            "file was changed; save again."
        )
    return text


def require_alike(
    found: Mapping[str, Tensor], wanted: Mapping[str, Tensor], *, where: Path | str
) -> None:
    """Refuse weights whose names or shapes are not those of a model.

    Raises:
        ArtifactError: they differ.
    """
    if {k: x.shape for k, x in found.items()} != {k: x.shape for k, x in wanted.items()}:
        raise ArtifactError(
            f"{where}: must hold the weights of this fusion and head; names or shapes differ. Save "
            "again."
        )
