"""Assemble a `Graph` fact by fact, by label; readers, the store and Atlas all use it."""

from __future__ import annotations

import numpy as np

from lichen.base.errors import DataError
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
        self._rows: dict[tuple[int, int, int], int] = {}
        self._sources_of: list[int] = []
        self._splits: dict[str, dict[int, None]] = {}
        self._names: dict[Name, None] = {}
        self._types: dict[int, dict[str, None]] = {}
        self._descriptions: dict[int, str] = {}
        self._literals: dict[Literal, None] = {}
        self._sources: dict[Source, int] = {}
        self._relation_texts: dict[int, str] = {}
        self.num_duplicates = 0
        """How often a fact came that was there already."""
        self.num_shared = 0
        """How often a fact came again in another split: it is then in both, which is a leak."""

    def add_entity(self, label: str, *, types: tuple[str, ...] = (), description: str = "") -> int:
        """Return the entity's id, adding it, its types and its first description.

        Raises:
            DataError: the label is blank, which no text could name.
        """
        id_ = self._entities.get(label)
        if id_ is None:
            id_ = self._number(self._entities, label, "entity")
        if types:
            self._types.setdefault(id_, {}).update(dict.fromkeys(types))
        if description:
            self._descriptions.setdefault(id_, description)
        return id_

    def add_relation(self, label: str, *, text: str = "") -> int:
        """Return the relation's id, adding it and the first words that say it."""
        id_ = self._relations.get(label)
        if id_ is None:
            id_ = self._number(self._relations, label, "relation")
        if text:
            self._relation_texts.setdefault(id_, text)
        return id_

    @staticmethod
    def _number(labels: dict[str, int], label: str, what: str) -> int:
        if not isinstance(label, str) or not label.strip():
            raise DataError(f"{what} labels must be texts that are not blank; got {label!r}.")
        return labels.setdefault(label, len(labels))

    def has_entity(self, label: str) -> bool:
        """Say whether an entity was added."""
        return label in self._entities

    def has_relation(self, label: str) -> bool:
        """Say whether a relation was added."""
        return label in self._relations

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
        split: str | tuple[str, ...] | None = None,
    ) -> bool:
        """Add a fact by label and say whether it is new.

        A repeat is kept once, with its first source. When it comes in another split it belongs
        to both: dropping it from one would change that split without a word. `num_shared`
        counts such repeats and `lichen.data.leaks.graph_leaks` names them.
        """
        key = (self.add_entity(h), self.add_relation(r), self.add_entity(t))
        row = self._rows.setdefault(key, len(self._rows))
        is_new = row == len(self._sources_of)
        if is_new:
            self._sources_of.append(self._source(source))
        else:
            self.num_duplicates += 1
            if self._sources_of[row] < 0:
                self._sources_of[row] = self._source(source)
        for name in (split,) if isinstance(split, str) else split or ():
            self._join(name, row)
        return is_new

    def _join(self, split: str, row: int) -> None:
        rows = self._splits.setdefault(split, {})
        if row not in rows:
            self.num_shared += any(row in other for other in self._splits.values())
            rows[row] = None

    def add_split(self, split: str) -> None:
        """Name a split even when no fact falls into it."""
        self._splits.setdefault(split, {})

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

    def add_source(self, source: tuple[str, str]) -> int:
        """Return the index of a source, adding it when new."""
        return self._sources.setdefault(Source(*source), len(self._sources))

    def _source(self, source: tuple[str, str] | None) -> int:
        return -1 if source is None else self.add_source(source)

    def build(self) -> Graph:
        """Freeze what was added into a `Graph`."""
        return Graph(
            entities=Vocabulary(self._entities, what="entity"),
            relations=Vocabulary(self._relations, what="relation"),
            triples=np.array(list(self._rows), dtype=np.int64).reshape(-1, 3),
            names=tuple(self._names),
            descriptions=self._descriptions,
            types={entity: tuple(types) for entity, types in self._types.items()},
            literals=tuple(self._literals),
            sources=tuple(self._sources),
            fact_sources=np.array(self._sources_of, dtype=np.int64),
            splits={
                name: np.array(list(rows), dtype=np.int64) for name, rows in self._splits.items()
            },
            relation_texts=self._relation_texts,
        )
