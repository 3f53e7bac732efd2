"""Claims on Atlas: is a sentence about countries, cities and currencies true."""

from __future__ import annotations

from functools import cache

from lichen.data.atlas.claims import claims, removed
from lichen.data.corpus import Document
from lichen.data.graph import Graph
from tasks.task import Task, coverage, drawn

DEAL = 10
"""Seed by which facts are dealt to the splits."""


def load(**sizes: int) -> Task:
    """Return claims whose test facts are not in the graph that is given."""
    parts, graph = _documents()
    corpus = drawn(*parts.values(), **sizes)
    return Task(
        name="atlas",
        corpus=corpus,
        graph=graph,
        note=(
            "Atlas without the facts that `lichen.data.atlas.claims.removed` takes out; mentions "
            f"come with the claims. {coverage(corpus)}"
        ),
    )


@cache
def _documents() -> tuple[dict[str, list[Document]], Graph]:
    graph = Graph.load("atlas")
    found = claims(graph, seed=DEAL)
    parts = {name: list(found.split(name)) for name in ("train", "valid", "test")}
    return parts, removed(graph, seed=DEAL).graph
