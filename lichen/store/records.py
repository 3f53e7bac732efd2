"""What the store gives back: facts with their provenance, changes between versions, counts."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from lichen.data.graph import Literal, Name, Source


class Entity(NamedTuple):
    """One entity; `id` is also its id in every snapshot."""

    id: int
    label: str
    description: str = ""
    types: tuple[str, ...] = ()


class Fact(NamedTuple):
    """One fact by label and by id, with who says so, how surely and for which days."""

    head: str
    relation: str
    tail: str
    triple: tuple[int, int, int]
    """Ids of head, relation and tail in every snapshot."""
    sources: tuple[Source, ...] = ()
    """Empty when it was added without one."""
    confidence: float = 1.0
    """The highest that any source gives, above 0 and at most 1."""
    valid_from: date | None = None
    """First day on which it holds; None is since ever."""
    valid_to: date | None = None
    """Last day on which it holds; None is for ever."""


class Counts(NamedTuple):
    """How much the store holds, or how much a write added; retracted rows not counted."""

    entities: int = 0
    relations: int = 0
    facts: int = 0
    names: int = 0
    literals: int = 0
    sources: int = 0


class Changes(NamedTuple):
    """What became different after a version; apply `retracted` before `inserted`."""

    since: int
    until: int
    """The version up to which this is complete: the `since` of the next call."""
    entities: tuple[Entity, ...] = ()
    """New, or with a new type or description, in id order."""
    relations: tuple[str, ...] = ()
    """All relation labels in id order when a fact came in, otherwise empty."""
    inserted: tuple[Fact, ...] = ()
    retracted: tuple[Fact, ...] = ()
    """Held at `since` and no longer, for no period."""
    names: tuple[Name, ...] = ()
    literals: tuple[Literal, ...] = ()
    """Came in; their `source` is -1, since a change has no source table."""
    retracted_literals: tuple[Literal, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Say whether nothing that a reader sees became different."""
        return not (
            self.entities
            or self.inserted
            or self.retracted
            or self.names
            or self.literals
            or self.retracted_literals
        )
