"""Assemble a `Graph` fact by fact, by label; readers, the store and Atlas all use it."""

from __future__ import annotations

import numpy as np

from lichen.data.graph import Graph, Literal, Name, Source
from lichen.data.vocabulary import Vocabulary


class GraphBuilder:
    """A growing graph; labels are numbered when first seen, repeated facts are counted once.

    >>> b = GraphBuilder()
    >>> b.add_fact("Vienna", "capital_of", "Austria", source=("book p. 3", "Vienna is ..."))
    True
    >>> b.add_fact("Vienna", "capital_of", "Austria")
    False
    >>> b.build()
    Graph(2 entities, 1 relations, 1 facts)
    """

    def __init__(self) -> None:
        self._entities: dict[str, int] = {}
        self._relations: dict[str, int] = {}
        self._facts: dict[tuple[int, int, int], int] = {}
        self._splits: dict[str, list[int]] = {}
        self._names: dict[Name, None] = {}
        self._types: dict[int, dict[str, None]] = {}
        self._descriptions: dict[int, str] = {}
        self._literals: dict[Literal, None] = {}
        self._sources: dict[Source, int] = {}
        self.num_duplicates = 0
        """Facts that came more than once."""

    def add_entity(self, label: str, *, types: tuple[str, ...] = (), description: str = "") -> int:
        """Return the entity's id, adding it, its types and its first description."""
        id_ = self._entities.setdefault(label, len(self._entities))
        if types:
            self._types.setdefault(id_, {}).update(dict.fromkeys(types))
        if description:
            self._descriptions.setdefault(id_, description)
        return id_

    def add_relation(self, label: str) -> int:
        """Return the relation's id, adding it when new."""
        return self._relations.setdefault(label, len(self._relations))

    def add_name(self, label: str, text: str, *, language: str = "en") -> None:
        """Add a name of an entity; the label itself in English need not be added."""
        entity = self.add_entity(label)
        if text and not (text == label and language == "en"):
            self._names.setdefault(Name(entity, text, language))

    def add_fact(
        self,
        h: str,
        r: str,
        t: str,
        *,
        source: tuple[str, str] | None = None,
        split: str | None = None,
    ) -> bool:
        """Add a fact by label and say whether it is new; a repeat keeps its first source."""
        key = (self.add_entity(h), self.add_relation(r), self.add_entity(t))
        is_new = key not in self._facts
        if is_new:
            row = len(self._facts)
            self._facts[key] = self._source(source)
            if split is not None:
                self._splits.setdefault(split, []).append(row)
        else:
            self.num_duplicates += 1
        return is_new

    def add_split(self, split: str) -> None:
        """Name a split even when no fact falls into it."""
        self._splits.setdefault(split, [])

    def add_literal(
        self,
        label: str,
        attribute: str,
        value: float | str,
        *,
        unit: str | None = None,
        year: int | None = None,
        source: tuple[str, str] | None = None,
    ) -> None:
        """Add an attribute value of an entity."""
        entity = self.add_entity(label)
        literal = Literal(entity, attribute, value, unit, year, self._source(source))
        self._literals.setdefault(literal)

    def _source(self, source: tuple[str, str] | None) -> int:
        if source is None:
            return -1
        return self._sources.setdefault(Source(*source), len(self._sources))

    def build(self) -> Graph:
        """Freeze what was added into a `Graph`."""
        return Graph(
            entities=Vocabulary(self._entities, what="entity"),
            relations=Vocabulary(self._relations, what="relation"),
            triples=np.array(list(self._facts), dtype=np.int64).reshape(-1, 3),
            names=tuple(self._names),
            descriptions=self._descriptions,
            types={entity: tuple(types) for entity, types in self._types.items()},
            literals=tuple(self._literals),
            sources=tuple(self._sources),
            fact_sources=np.fromiter(self._facts.values(), dtype=np.int64),
            splits={name: np.array(rows, dtype=np.int64) for name, rows in self._splits.items()},
        )
