"""The command `lichen`: names the verbs, turns errors into one line and an exit code."""

from __future__ import annotations

import os
import sys

import typer

from lichen.base.errors import LichenError
from lichen.cli.ask import ask
from lichen.cli.check import check
from lichen.cli.complete import complete
from lichen.cli.embed import embed
from lichen.cli.env import env
from lichen.cli.explain import explain
from lichen.cli.export import export
from lichen.cli.import_ import import_
from lichen.cli.link import link
from lichen.cli.ls import ls
from lichen.cli.quickstart import quickstart
from lichen.cli.train import train
from lichen.cli.uplift import uplift

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Grow a language model and a knowledge graph into one model; measure the gain.",
)


@app.callback()
def settings(
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error."),
) -> None:
    """Grow a language model and a knowledge graph into one model; measure the gain."""
    os.environ["LICHEN_DEBUG"] = "1" if debug else ""


VERBS = (
    quickstart,
    check,
    import_,
    link,
    embed,
    export,
    train,
    uplift,
    complete,
    ask,
    explain,
    ls,
    env,
)

for verb in VERBS:
    app.command(verb.__name__.rstrip("_"))(verb)


def run() -> None:
    """Run the command line: 0 done, 1 an error in what was given, 2 wrong usage, 130 stopped."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    # threads that spin while they wait make a busy machine several times slower
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        app()
    except LichenError as error:
        if os.environ.get("LICHEN_DEBUG"):
            raise
        typer.echo(f"lichen: {error}", err=True)
        sys.exit(1)
