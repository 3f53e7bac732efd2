"""`lichen complete`: an incomplete fact to what completes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

import lichen as li
from lichen.base.errors import ConfigError, DataError
from lichen.base.manifest import kind_of
from lichen.cli.output import AsJson, Columns, names_of

Ranker: TypeAlias = "li.GraphEncoder | li.PriorRanker | li.PathModel"


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
    facts = None if graph is None else li.Graph.load(graph, columns=names_of(columns))
    encoder = _load(nodes, facts)
    telling = [] if facts is None else _telling(encoder, facts, asked=(head, relation, tail))
    calibrator = None
    if (nodes / "calibration.json").is_file():
        calibrator = li.Calibrator.load(nodes)
    elif facts is not None and len(facts.splits.get("valid", ())) and _is_of(encoder, facts):
        calibrator = li.calibrate(encoder, facts)
    if telling and not isinstance(encoder, li.PathModel):
        grown = encoder.with_entities(telling)
        count = grown.num_entities - encoder.num_entities
        typer.echo(f"lichen: entities without a vector, placed by their facts: {count}.", err=True)
        encoder = grown
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


def _load(nodes: Path, facts: li.Graph | None) -> Ranker:
    """Read an encoder, a prior over one, or a path model, which reads the graph itself."""
    kind = kind_of(nodes)
    if kind == "prior-ranker":
        return li.PriorRanker.load(nodes)
    if kind == "path-model":
        if facts is None:
            raise ConfigError(
                f"graph must be given for the path model in {nodes}, which reads its facts; got "
                "none. Pass --graph."
            )
        return li.PathModel.load(nodes, facts)
    return li.GraphEncoder.load(nodes)


def _is_of(encoder: Ranker, facts: li.Graph) -> bool:
    return encoder.entities == facts.entities and encoder.relations == facts.relations


def _telling(
    encoder: Ranker, facts: li.Graph, *, asked: tuple[str | None, str | None, str | None]
) -> list[tuple[str, str, str]]:
    """Return the facts that place the graph's entities that have no vector.

    The question is checked first: placing many entities takes a while.
    """
    from lichen.embedding.complete import missing_part  # which loads torch: not for --help
    from lichen.embedding.unseen import facts_of_newcomers

    missing_part(asked)
    head, relation, tail = asked
    if relation is not None:
        encoder.relations.id(relation)
    telling = facts_of_newcomers(facts, entities=encoder.entities, relations=encoder.relations)
    placed = {label for h, _, t in telling for label in (h, t)}
    for label in (head, tail):
        if label is None or label in encoder.entities or label in placed:
            continue
        if label in facts.entities:
            raise DataError(
                f"entity {label!r} must have a vector, or a train fact with an entity that was "
                "trained, by a relation that was trained; it has none. Add such a fact to the "
                "graph, or run lichen embed on it again."
            )
        both = dict.fromkeys([*encoder.entities, *facts.entities])
        li.Vocabulary(both, what="entity").id(label)  # refuses it, and suggests the nearest
    return telling
