"""`lichen train`: text and graph to one model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import lichen as li
from lichen.base.errors import ConfigError
from lichen.cli.output import (
    PATH,
    AsJson,
    Columns,
    OnBadLine,
    names_of,
    place_of,
    refuse_beside_recipe,
    show,
)


def train(
    ctx: typer.Context,
    corpus: Annotated[
        Path,
        typer.Argument(
            help="Labelled texts with a train split (.jsonl, .csv), or a recipe (.toml)."
        ),
    ],
    *,
    graph: Annotated[
        str | None, typer.Option(help="atlas, a file, a folder, or a store; not with a recipe.")
    ] = None,
    nodes: Annotated[Path, typer.Option(help="What `lichen embed` wrote.")] = Path("runs/nodes"),
    text: Annotated[
        str | None, typer.Option(help="A language model; none is the packaged.")
    ] = None,
    fusion: Annotated[str, typer.Option(help="See `lichen ls`.")] = "gate",
    at: Annotated[
        str | None,
        typer.Option(help="input, output, or the number of a hidden layer; none is the last."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of start and order.")] = 0,
    processes: Annotated[int, typer.Option(help="That share the training.")] = 1,
    out: Annotated[str, typer.Option(help="Run folder.", metavar=PATH)] = "runs/first",
    on_bad_line: OnBadLine = "raise",
    columns: Columns = None,
    as_json: AsJson = False,
) -> None:
    """Train a fused classifier; texts without mentions are linked first.

    A recipe names everything itself; of the other options only --processes may stand beside it.
    """
    if corpus.suffix == ".toml":
        refuse_beside_recipe(ctx, "corpus", "processes", "as_json")
        _train_recipe(corpus, processes=processes, as_json=as_json)
        return
    from lichen.jobs.beforehand import learnable  # which loads torch: not for --help
    from lichen.jobs.guards import warn_of_unread

    place = place_of("--out", out)
    if graph is None:
        raise ConfigError("--graph must be given with a corpus; got nothing. Name the graph.")
    facts = li.Graph.load(graph, on_bad_line=on_bad_line, columns=names_of(columns))
    data = li.Corpus.load(corpus, on_bad_line=on_bad_line, graph=facts)
    warn_of_unread(data, where=str(corpus))
    model = li.FusedModel(
        li.TextEncoder.load(text),
        li.GraphEncoder.load(nodes),
        fusion=fusion,
        at=int(at) if at is not None and at.isdecimal() else at,
        graph=facts,
        seed=seed,
    )
    model.set_labels(learnable(model.task, data, where=str(corpus)))
    if not any(doc.mentions for doc in data):
        data = li.Linker(facts, model.text).link(data)
    valid = data.valid if any(doc.split == "valid" for doc in data) else None
    run = li.train(model, data.train, valid=valid, out=place, seed=seed, processes=processes)
    show({**run.metrics, "out": out}, as_json=as_json)


def _train_recipe(recipe: Path, *, processes: int, as_json: bool) -> None:
    """Train what a recipe names, and show its figures."""
    found = li.Recipe.load(recipe)
    done = li.train_recipe(found, processes=processes)
    if isinstance(done, li.TasksRun):
        told = done.metrics.items()
        metrics = {f"{name}: {key}": x for name, own in told for key, x in own.items()}
        show({**metrics, **done.totals, "out": found.out}, as_json=as_json)
    else:
        show({**done.metrics, "out": found.out}, as_json=as_json)
