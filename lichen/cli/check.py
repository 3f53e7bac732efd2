"""`lichen check`: a look at data before training."""

from __future__ import annotations

from typing import Annotated, Any

import typer

import lichen as li
from lichen.cli.output import AsJson, Columns, names_of, show


def check(
    graph: Annotated[str, typer.Argument(help="atlas, a file, a folder, or a store.")],
    corpus: Annotated[str | None, typer.Argument(help="Texts to be used with it.")] = None,
    *,
    columns: Columns = None,
    as_json: AsJson = False,
) -> None:
    """Count what is there; name bad lines, duplicates, self-loops and leaks. Exit 1 on any.

    Named as well: splits without a fact, and labels that training lacks.
    """
    report = li.check(graph, corpus, columns=names_of(columns))
    facts = report.graph
    found: dict[str, Any] = {
        "entities": facts.num_entities,
        "relations": facts.num_relations,
        "facts": facts.num_facts,
        "names": len(facts.names),
        "literals": len(facts.literals),
    }
    found |= {f"facts in {name}": len(rows) for name, rows in facts.splits.items()}
    if report.corpus is not None:
        found["documents"] = len(report.corpus)
    found["problems"] = list(report.problems) if as_json else len(report.problems)
    show(found, as_json=as_json)
    if not as_json:
        for problem in report.problems:
            typer.echo(f"- {problem}")
    if report.problems:
        raise typer.Exit(1)
