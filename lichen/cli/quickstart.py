"""`lichen quickstart`: the main job on the built-in data."""

from __future__ import annotations

import json
from typing import Annotated

import typer

import lichen as li
from lichen.cli.output import PATH, AsJson, place_of


def quickstart(
    out: Annotated[
        str, typer.Option(help="Folder for everything made.", metavar=PATH)
    ] = "runs/quickstart",
    *,
    full: Annotated[bool, typer.Option("--full", help="Set a generator beside it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Grow Atlas and MiniLM into one model, measure what the knowledge was worth, and ask it."""
    tell = (lambda line: typer.echo(line, err=True)) if as_json else typer.echo
    found = li.quickstart(place_of("--out", out), full=full, tell=tell)
    if as_json:
        typer.echo(json.dumps(found.to_json(), indent=2, ensure_ascii=False, default=str))
        return
    if full:
        typer.echo(found.books_table().text("Beside a generator, %"))
    typer.echo(f"Report: {found.out / 'report.html'}")
    typer.echo(f'Ask on: lichen ask "What is the capital of Chad?" --run {found.out}')
