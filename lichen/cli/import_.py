"""`lichen import`: facts and corrections into a store."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

import lichen as li
from lichen.cli.output import AsJson, Columns, OnBadLine, names_of, show


def import_(
    path: Annotated[str, typer.Argument(help="atlas, a file, or a folder.")],
    *,
    store: Annotated[str, typer.Option(help="The store: a file or an address.")] = "facts.db",
    source: Annotated[str | None, typer.Option(help="Source of facts that name none.")] = None,
    on_bad_line: OnBadLine = "raise",
    columns: Columns = None,
    as_json: AsJson = False,
) -> None:
    """Import facts into a store; `ask` answers by them at once.

    Tables and JSON lines may have a column `action`: add, retract or replace.
    """
    with li.Store.open(store) as opened:
        report = li.import_file(
            opened,
            path,
            on_bad_line=on_bad_line,
            source=None if source is None else (source, ""),
            columns=names_of(columns),
        )
    show({**asdict(report), "store": store}, as_json=as_json)
