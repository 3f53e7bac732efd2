"""`lichen uplift`: what the knowledge of a run was worth."""

from __future__ import annotations

import json
from dataclasses import replace
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
)


def uplift(
    ctx: typer.Context,
    run: Annotated[
        Path,
        typer.Argument(help="A run folder that `lichen train` wrote, or a recipe (.toml)."),
    ],
    corpus: Annotated[
        Path | None,
        typer.Argument(help="Labelled texts with a test split; not with a recipe."),
    ] = None,
    *,
    graph: Annotated[
        str | None,
        typer.Option(help="The graph of the run, for linking and leaks; not with a recipe."),
    ] = None,
    fusions: Annotated[
        str | None,
        typer.Option(help="With a recipe: all, or names such as gate,add; none is the recipe's."),
    ] = None,
    seeds: Annotated[int, typer.Option(help="How many seeds; at least three.")] = 3,
    html: Annotated[str | None, typer.Option(help="Write the report there.", metavar=PATH)] = None,
    on_bad_line: OnBadLine = "raise",
    columns: Columns = None,
    as_json: AsJson = False,
) -> None:
    """Train the twins without knowledge and with shuffled knowledge; print the difference.

    With a recipe, many fusions are compared, each beside its twins.
    """
    report = None if html is None else place_of("--html", html)
    if run.suffix == ".toml":
        refuse_beside_recipe(ctx, "run", "fusions", "html", "as_json")
        _compare(li.Recipe.load(run), fusions, html=report, as_json=as_json)
        return
    if fusions is not None:
        raise ConfigError(
            f"--fusions must stand beside a recipe, which says how to train them; got {fusions!r} "
            "with a run folder. Give a recipe, or leave it out."
        )
    if corpus is None or graph is None:
        raise ConfigError(
            "CORPUS and --graph must be given with a run folder; got nothing. Name both, or give "
            "a recipe."
        )
    facts = li.Graph.load(graph, on_bad_line=on_bad_line, columns=names_of(columns))
    finished = li.Run.load(run)
    test = li.Corpus.load(corpus, on_bad_line=on_bad_line, graph=facts).test
    if not any(doc.mentions for doc in test):
        test = li.Linker(facts, finished.model.text).link(test)
    found = li.uplift(finished, test, seeds=tuple(range(seeds)), graph=facts)
    if report is not None:
        found.save_html(report)
    typer.echo(json.dumps(found.to_json(), indent=2) if as_json else found.table())


def _compare(recipe: li.Recipe, fusions: str | None, *, html: Path | None, as_json: bool) -> None:
    chosen = recipe.compare.fusions
    if fusions is not None:
        named = tuple(name.strip() for name in fusions.split(","))
        chosen = None if named == ("all",) else named
    found = li.compare_recipe(replace(recipe, compare=replace(recipe.compare, fusions=chosen)))
    if html is not None:
        found.save_html(html)
    typer.echo(json.dumps(found.to_json(), indent=2) if as_json else str(found))
