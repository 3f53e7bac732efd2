"""`lichen explain`: how a question was read, what the answer rests on, and whether it does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

import lichen as li
from lichen.cli.output import AsJson, RunFolder


def explain(
    question: Annotated[str, typer.Argument(help="In English or Chinese.")],
    *,
    run: RunFolder = Path("runs/quickstart"),
    as_json: AsJson = False,
) -> None:
    """Answer a question, show how it was read, and ask again without the facts cited."""
    with li.Store.open(run / "facts.db", must_exist=True) as store:
        found = li.explain(li.Answerer.load(run / "answerer", store), question)
    typer.echo(json.dumps(found.to_json(), indent=2, ensure_ascii=False) if as_json else str(found))
