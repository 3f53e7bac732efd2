"""`lichen ask`: a question to an answer with its confidence, or an abstention."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

import lichen as li
from lichen.cli.output import AsJson, RunFolder


def ask(
    question: Annotated[str, typer.Argument(help="In English or Chinese.")],
    *,
    run: RunFolder = Path("runs/quickstart"),
    as_json: AsJson = False,
) -> None:
    """Answer a question from the facts in a run's store, and show what the answer rests on."""
    with li.Store.open(run / "facts.db", must_exist=True) as store:
        answer = li.Answerer.load(run / "answerer", store).ask(question)
    found = json.dumps(li.answer_json(answer), indent=2, ensure_ascii=False)
    typer.echo(found if as_json else answer.explain())
