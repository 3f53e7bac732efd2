"""`lichen export`: vectors to a file that other software reads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import lichen as li
from lichen.cli.output import AsJson, show


def export(
    nodes: Annotated[Path, typer.Argument(help="Folder that `lichen embed` wrote.")],
    path: Annotated[Path, typer.Argument(help="Ends in .npz, .parquet, .safetensors or .vec.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Write entity and relation vectors with their labels; the suffix says how."""
    encoder = li.GraphEncoder.load(nodes)
    found = {"entities": encoder.num_entities, "relations": encoder.num_relations}
    show({**found, "out": str(li.export(encoder, path))}, as_json=as_json)
