"""`lichen uplift`: what the knowledge of a run was worth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

import lichen as li
from lichen.cli.output import AsJson, Columns, OnBadLine, names_of


def uplift(
    run: Annotated[Path, typer.Argument(help="A run folder that `lichen train` wrote.")],
    corpus: Annotated[Path, typer.Argument(help="Labelled texts with a test split.")],
    *,
    graph: Annotated[str, typer.Option(help="The graph of the run, for linking and leaks.")],
    seeds: Annotated[int, typer.Option(help="How many seeds; at least three.")] = 3,
    html: Annotated[Path | None, typer.Option(help="Write the report there.")] = None,
    on_bad_line: OnBadLine = "raise",
    columns: Columns = None,
    as_json: AsJson = False,
) -> None:
    """Train the twins without knowledge and with shuffled knowledge; print the difference."""
    facts = li.Graph.load(graph, on_bad_line=on_bad_line, columns=names_of(columns))
    finished = li.Run.load(run)
    test = li.Corpus.load(corpus, on_bad_line=on_bad_line).test
    if not any(doc.mentions for doc in test):
        test = li.Linker(facts, finished.model.text).link(test)
    found = li.uplift(finished, test, seeds=tuple(range(seeds)), graph=facts)
    if html is not None:
        found.save_html(html)
    typer.echo(json.dumps(found.to_json(), indent=2) if as_json else found.table())
