"""Everything that can be chosen by name, for `lichen ls` and the reference pages."""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

from lichen.data.read import CORPUS_READERS, GRAPH_READERS
from lichen.embedding import SCORERS
from lichen.fusion import FUSIONS


class Method(NamedTuple):
    """One choice."""

    kind: str
    name: str
    summary: str
    """First line of its docstring."""
    paper: str
    """Author, year, arXiv number; "" when there is none."""


def methods() -> list[Method]:
    """Return the scorers, fusions and formats, in that order, each sorted by name."""
    found = []
    for kind, registry in (("embedding", SCORERS), ("fusion", FUSIONS)):
        for name, place in sorted(registry.items()):
            module, _, attribute = place.partition(":")
            method = getattr(import_module(module), attribute)
            summary = str(method.__doc__).splitlines()[0]
            found.append(Method(kind, name, summary, method.PAPER or ""))
    for kind, readers in (("graph file", GRAPH_READERS), ("corpus file", CORPUS_READERS)):
        for suffix, reader in sorted(readers.items()):
            found.append(Method(kind, suffix, str(reader.__doc__).splitlines()[0], ""))
    return found
