"""`lichen link`: text to the entities of a graph."""

from __future__ import annotations

from typing import Annotated, Any

import typer

import lichen as li
from lichen.base.errors import ConfigError
from lichen.cli.output import PATH, AsJson, Columns, OnBadLine, names_of, place_of, show


def link(
    corpus: Annotated[
        str | None, typer.Argument(help="A .jsonl or .csv file, or a folder.")
    ] = None,
    *,
    graph: Annotated[str, typer.Option(help="atlas, a file, a folder, or a store.")] = "atlas",
    text: Annotated[str | None, typer.Option(help="Link this text in place of a corpus.")] = None,
    out: Annotated[
        str, typer.Option(help="Where the linked corpus goes.", metavar=PATH)
    ] = "linked.jsonl",
    on_bad_line: OnBadLine = "raise",
    columns: Columns = None,
    as_json: AsJson = False,
) -> None:
    """Find mentions of a graph's entities in texts and decide which entity each means."""
    if (corpus is None) == (text is None):
        raise ConfigError("link: give either a corpus or --text, and not both.")
    place = place_of("--out", out)
    facts = li.Graph.load(graph, on_bad_line=on_bad_line, columns=names_of(columns))
    linker = li.Linker(facts, li.TextEncoder.load())
    if text is not None:
        found: dict[str, Any] = {
            text[m.span.start : m.span.end]: "NIL" if m.entity is None else facts.entities[m.entity]
            for m in linker.mentions(text)
        }
        show(found, as_json=as_json)
        return
    linked = linker.link(li.Corpus.load(str(corpus), on_bad_line=on_bad_line, graph=facts))
    mentions = [m for doc in linked for m in doc.mentions]
    show(
        {
            "documents": len(linked),
            "mentions": len(mentions),
            "nil": sum(m.entity is None for m in mentions),
            "out": str(linked.save(place)),
        },
        as_json=as_json,
    )
