"""`lichen ls`: what can be chosen by name."""

from __future__ import annotations

import json

import typer
from rich.console import Console
from rich.table import Table

import lichen as li
from lichen.cli.output import AsJson


def ls(*, as_json: AsJson = False) -> None:
    """List the embeddings, fusions and formats, each with its paper."""
    rows = li.methods()
    if as_json:
        typer.echo(json.dumps([row._asdict() for row in rows], indent=2))
        return
    table = Table("kind", "name", "what it does", "paper")
    for row in rows:
        table.add_row(*row)
    Console().print(table)
