"""`lichen complete`: an incomplete fact to what completes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

import lichen as li
from lichen.base.errors import DataError
from lichen.cli.output import AsJson, Columns, names_of


def complete(
    *,
    nodes: Annotated[Path, typer.Option(help="What `lichen embed` wrote.")] = Path("runs/nodes"),
    head: Annotated[str | None, typer.Option(help="Label of the head.")] = None,
    relation: Annotated[str | None, typer.Option(help="Label of the relation.")] = None,
    tail: Annotated[str | None, typer.Option(help="Label of the tail.")] = None,
    graph: Annotated[
        str | None, typer.Option(help="Known facts: atlas, a file, a folder, or a store.")
    ] = None,
    known: Annotated[
        Literal["hide", "show"], typer.Option(help="Leave known facts out, or mark them.")
    ] = "hide",
    top: Annotated[int, typer.Option(help="Predictions at most.")] = 10,
    columns: Columns = None,
    as_json: AsJson = False,
) -> None:
    """Predict the one of head, relation and tail that is not given.

    Probabilities are shown when the vectors were saved with a calibration, or when the graph is
    theirs and has a valid split to fit one on. Entities of the graph that have no vector are
    placed by their facts, without training.
    """
    encoder = li.GraphEncoder.load(nodes)
    facts = None if graph is None else li.Graph.load(graph, columns=names_of(columns))
    calibrator = None
    if (nodes / "calibration.json").is_file():
        calibrator = li.Calibrator.load(nodes)
    elif facts is not None and len(facts.splits.get("valid", ())) and _is_of(encoder, facts):
        calibrator = li.calibrate(encoder, facts)
    if facts is not None:
        encoder = _with_newcomers(encoder, facts, asked=(head, tail))
    found = li.complete(
        encoder, head, relation, tail, graph=facts, known=known, top=top, calibrator=calibrator
    )
    if as_json:
        typer.echo(json.dumps([p._asdict() for p in found], indent=2, ensure_ascii=False))
        return
    table = Table("", "score", "probability", "known", box=None, pad_edge=False)
    for p in found:
        chance = "–" if p.probability is None else f"{p.probability:.1%}"
        stated = "–" if p.is_known is None else ("yes" if p.is_known else "no")
        table.add_row(Text(p.label), f"{p.score:.4g}", chance, stated)
    Console().print(table)


def _is_of(encoder: li.GraphEncoder, facts: li.Graph) -> bool:
    return encoder.entities == facts.entities and encoder.relations == facts.relations


def _with_newcomers(
    encoder: li.GraphEncoder, facts: li.Graph, *, asked: tuple[str | None, ...]
) -> li.GraphEncoder:
    """Place the graph's entities that have no vector, and say how many."""
    from lichen.embedding.unseen import facts_of_newcomers  # which loads torch: not for --help

    telling = facts_of_newcomers(facts, entities=encoder.entities, relations=encoder.relations)
    grown = encoder.with_entities(telling) if telling else encoder
    if telling:
        count = grown.num_entities - encoder.num_entities
        typer.echo(f"lichen: entities without a vector, placed by their facts: {count}.", err=True)
    for label in asked:
        if label is not None and label in facts.entities and label not in grown.entities:
            raise DataError(
                f"entity {label!r} must have a vector, or a train fact with an entity that has one "
                "by a relation that has one; it has none. Add such a fact to the graph, or run "
                "lichen embed on it again."
            )
    return grown
