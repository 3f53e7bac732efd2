"""What every verb shares: the shape of its output."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table

from lichen.base.errors import ConfigError

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
OnBadLine = Annotated[
    Literal["raise", "skip"],
    typer.Option("--on-bad-line", help="raise stops at the first bad line; skip counts them."),
]
Columns = Annotated[
    str | None,
    typer.Option(
        "--columns",
        help="Order of the columns of tables without a header, such as relation,head,tail.",
    ),
]
PATH = "<path>"
"""How --help shows a path that comes as a text, for `place_of` to read."""
RunFolder = Annotated[Path, typer.Option("--run", help="What `lichen quickstart` wrote.")]


def names_of(columns: str | None) -> list[str] | None:
    """Split the names of columns at commas.

    >>> names_of("relation, head,tail")
    ['relation', 'head', 'tail']
    """
    return None if columns is None else [name.strip() for name in columns.split(",")]


def place_of(option: str, text: str) -> Path:
    """Return the path that an option gave; an empty one would be the folder the shell is in.

    Raises:
        ConfigError: it is empty, as a variable is that was never set.

    >>> place_of("--out", "")
    Traceback (most recent call last):
    ...
    lichen.base.errors.ConfigError: --out must be a path; got ''. Name one, or leave it out.
    """
    if not text.strip():
        raise ConfigError(f"{option} must be a path; got {text!r}. Name one, or leave it out.")
    return Path(text)


def refuse_beside_recipe(ctx: typer.Context, *allowed: str) -> None:
    """Refuse options that a recipe says itself, rather than leave them unread.

    Args:
        ctx: of the verb that was given a recipe.
        *allowed: names of the parameters that may stand beside it.

    Raises:
        ConfigError: another one was given.
    """
    for parameter in ctx.command.params:
        name = str(parameter.name)
        source = ctx.get_parameter_source(name)
        if name not in allowed and source is not None and source.name == "COMMANDLINE":
            raise ConfigError(
                f"{parameter.opts[-1]} must not stand beside a recipe, which names everything "
                "itself; it was given. Write it into the recipe, or leave it out."
            )


def show(found: Mapping[str, Any], *, as_json: bool) -> None:
    """Print names and values, as JSON or as two columns.

    Args:
        found: what to print; values are plain data.
        as_json: whether to print JSON.
    """
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    table = Table(show_header=False, box=None, pad_edge=False)
    for key, value in found.items():
        shown = f"{value:.4g}" if isinstance(value, float) else str(value)
        table.add_row(key.replace("_", " "), shown)
    Console().print(table)
