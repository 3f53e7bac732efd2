"""`lichen train`: text and graph to one model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import lichen as li
from lichen.cli.output import AsJson, Columns, OnBadLine, names_of, show


def train(
    corpus: Annotated[
        Path, typer.Argument(help="Labelled texts with a train split (.jsonl, .csv).")
    ],
    *,
    graph: Annotated[str, typer.Option(help="atlas, a file, a folder, or a store.")],
    nodes: Annotated[Path, typer.Option(help="Folder that `lichen embed` wrote.")] = Path(
        "runs/nodes"
    ),
    text: Annotated[
        str | None, typer.Option(help="A language model; none is the packaged.")
    ] = None,
    fusion: Annotated[str, typer.Option(help="See `lichen ls`.")] = "gate",
    at: Annotated[str, typer.Option(help="output, or the number of a hidden layer.")] = "output",
    seed: Annotated[int, typer.Option(help="Of start and order.")] = 0,
    out: Annotated[Path, typer.Option(help="Run folder.")] = Path("runs/first"),
    on_bad_line: OnBadLine = "raise",
    columns: Columns = None,
    as_json: AsJson = False,
) -> None:
    """Train a fused classifier; texts without mentions are linked first."""
    encoder = li.TextEncoder.load(text)
    data = li.Corpus.load(corpus, on_bad_line=on_bad_line)
    if not any(doc.mentions for doc in data):
        facts = li.Graph.load(graph, on_bad_line=on_bad_line, columns=names_of(columns))
        data = li.Linker(facts, encoder).link(data)
    model = li.FusedModel(
        encoder,
        li.GraphEncoder.load(nodes),
        fusion=fusion,
        at=int(at) if at.isdecimal() else at,
        labels=data.labels(),
        seed=seed,
    )
    has_valid = any(doc.split == "valid" for doc in data)
    run = li.train(model, data.train, valid=data.valid if has_valid else None, out=out, seed=seed)
    show({**run.metrics, "out": str(out)}, as_json=as_json)
