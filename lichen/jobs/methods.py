"""Everything that can be chosen by name, for `lichen ls` and the reference pages."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import NamedTuple

from lichen.alignment import ALIGNERS
from lichen.data.read import CORPUS_READERS, GRAPH_READERS
from lichen.embedding import SCORERS
from lichen.fusion import FUSIONS
from lichen.training.ensemble import ENSEMBLES
from lichen.training.objectives import OBJECTIVES

REGISTRIES: Mapping[str, Mapping[str, str]] = {
    "embedding": SCORERS,
    "aligner": ALIGNERS,
    "fusion": FUSIONS,
    "objective": OBJECTIVES,
    "ensemble": ENSEMBLES,
}
"""Kind of method to its names and places; its paper stands on it, in its module or docstring."""


class Method(NamedTuple):
    """One choice."""

    kind: str
    name: str
    summary: str
    """First line of its docstring."""
    paper: str
    """Author, year, arXiv number; "" when there is none."""


def methods() -> list[Method]:
    """Return the methods, kind by kind, then the file formats, each sorted by name."""
    found = []
    for kind, registry in REGISTRIES.items():
        for name, place in sorted(registry.items()):
            module, _, attribute = place.partition(":")
            home = import_module(module)
            method = getattr(home, attribute)
            summary = str(method.__doc__).splitlines()[0]
            paper = getattr(method, "PAPER", None) or getattr(home, "PAPER", None)
            found.append(Method(kind, name, summary, paper or references(method)))
    for kind, readers in (("graph file", GRAPH_READERS), ("corpus file", CORPUS_READERS)):
        for suffix, reader in sorted(readers.items()):
            found.append(Method(kind, suffix, str(reader.__doc__).splitlines()[0], ""))
    return found


def references(method: object) -> str:
    """Return what a docstring gives under its last heading, "References:"; "" without one.

    >>> from lichen.embedding.distmult import DistMult
    >>> references(DistMult)
    'Yang et al., 2015, arXiv:1412.6575'
    """
    given = str(method.__doc__).partition("References:\n")[2]
    return " ".join(given.split()).removesuffix(".")
