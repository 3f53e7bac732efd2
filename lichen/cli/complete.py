"""`lichen complete`: an incomplete fact to what completes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

import lichen as li
from lichen.cli.output import AsJson, Columns, names_of


def complete(
    *,
    nodes: Annotated[Path, typer.Option(help="What `lichen embed` wrote.")] = Path("runs/nodes"),
    head: Annotated[str | None, typer.Option(help="Label of the head.")] = None,
    relation: Annotated[str | None, typer.Option(help="Label of the relation.")] = None,
    tail: Annotated[str | None, typer.Option(help="Label of the tail.")] = None,
    graph: Annotated[
        str | None, typer.Option(help="Known facts: atlas, a file, a folder, or a store.")
    ] = None,
    known: Annotated[
        Literal["hide", "show"], typer.Option(help="Leave known facts out, or mark them.")
    ] = "hide",
    top: Annotated[int, typer.Option(help="Predictions at most.")] = 10,
    columns: Columns = None,
    as_json: AsJson = False,
) -> None:
    """Predict the one of head, relation and tail that is not given.

    Probabilities are shown when the vectors were saved with a calibration, or when the graph has
    a valid split to fit one on.
    """
    encoder = li.GraphEncoder.load(nodes)
    facts = None if graph is None else li.Graph.load(graph, columns=names_of(columns))
    calibrator = None
    if (nodes / "calibration.json").is_file():
        calibrator = li.Calibrator.load(nodes)
    elif facts is not None and len(facts.splits.get("valid", ())):
        calibrator = li.calibrate(encoder, facts)
    found = li.complete(
        encoder, head, relation, tail, graph=facts, known=known, top=top, calibrator=calibrator
    )
    if as_json:
        typer.echo(json.dumps([p._asdict() for p in found], indent=2, ensure_ascii=False))
        return
    table = Table("", "score", "probability", "known", box=None, pad_edge=False)
    for p in found:
        chance = "–" if p.probability is None else f"{p.probability:.1%}"
        stated = "–" if p.is_known is None else ("yes" if p.is_known else "no")
        table.add_row(Text(p.label), f"{p.score:.4g}", chance, stated)
    Console().print(table)
