"""`lichen embed`: a graph to vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

import lichen as li
from lichen.cli.output import AsJson, Columns, OnBadLine, names_of, show


def embed(
    graph: Annotated[str, typer.Argument(help="atlas, a file, a folder, or a store.")],
    *,
    method: Annotated[str, typer.Option(help="See `lichen ls`.")] = "complex",
    dim: Annotated[int, typer.Option(help="Numbers an entity.")] = 128,
    epochs: Annotated[int, typer.Option(help="Most passes over the facts.")] = 40,
    seed: Annotated[int, typer.Option(help="Of the random start.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for the vectors.")] = Path("runs/nodes"),
    on_bad_line: OnBadLine = "raise",
    columns: Columns = None,
    as_json: AsJson = False,
) -> None:
    """Train entity and relation vectors; rank the test split where there is one."""
    facts = li.Graph.load(graph, on_bad_line=on_bad_line, columns=names_of(columns))
    config = li.EmbeddingConfig(epochs=epochs, seed=seed)
    run = li.train(
        li.GraphEncoder(method, facts, dim=dim, seed=seed), facts, out=out, config=config
    )
    found: dict[str, Any] = {**run.metrics, "out": str(out)}
    if "test" in facts.splits:
        scores = li.evaluate(run.model, facts)
        found |= {"test_mrr": scores.both.mrr, "test_unseen": scores.num_unseen}
    show(found, as_json=as_json)
