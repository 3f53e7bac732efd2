"""`lichen env`: what this machine offers, for a bug report or a first look."""

from __future__ import annotations

import json

import typer
from rich.console import Console
from rich.table import Table

import lichen as li


def env(as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """Show versions, processor, packaged models and the cache folder."""
    found = li.environment()
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    table = Table(show_header=False, box=None)
    for key, value in found.items():
        table.add_row(key, str(value))
    Console().print(table)
