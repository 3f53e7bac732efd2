"""What the graph says about candidates: neighbours, prominence, types, a sentence on each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lichen.base.errors import DataError
from lichen.data.graph import Graph

DESCRIPTION_CHARS = 300
"""Of an entity's description, what is compared with a mention's surroundings."""
MAX_NEIGHBOURS = 20_000
"""An entity with more facts says nothing about the company it keeps."""

_LOWER_WORD = re.compile(r"(?<![\w'’-])[a-z]{4,}(?![\w-])")


class Knowledge:
    """A graph as the linker reads it, with room for what was added since.

    Args:
        graph: whose entities are candidates.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._labels: dict[int, str] = {}
        self._descriptions: dict[int, str] = {}
        self._types: dict[int, tuple[str, ...]] = {}
        self._edges: dict[int, set[int]] = {}
        self._near: dict[int, frozenset[int]] = {}
        facts = np.log1p(graph.degree()) if graph.num_entities else np.zeros(0)
        self._degree: NDArray[np.float64] = facts / max(float(facts.max(initial=0.0)), 1.0)

    def add(
        self, entity: int, label: str, *, types: tuple[str, ...] = (), description: str = ""
    ) -> None:
        """Take in an entity that the graph does not have.

        Raises:
            DataError: the id is in use.
        """
        if self.has(entity):
            raise DataError(f"entity id {entity} must be unused; it is {self.label(entity)!r}.")
        self._labels[entity] = label
        self._types[entity] = types
        self._descriptions[entity] = description

    def connect(self, h: int, t: int) -> None:
        """Take in that two entities share a fact."""
        for one, other in ((h, t), (t, h)):
            self._edges.setdefault(one, set()).add(other)
            self._near.pop(one, None)

    def has(self, entity: int) -> bool:
        """Say whether an entity is known."""
        return 0 <= entity < self._graph.num_entities or entity in self._labels

    def entities(self) -> list[int]:
        """Return all ids, the graph's first."""
        return [*range(self._graph.num_entities), *self._labels]

    def label(self, entity: int) -> str:
        """Return an entity's label."""
        return self._labels.get(entity) or self._graph.entities[entity]

    def types(self, entity: int) -> tuple[str, ...]:
        """Return an entity's types, the most specific first."""
        return self._types.get(entity) or self._graph.types_of(entity)

    def is_a(self, entity: int, types: frozenset[str]) -> bool:
        """Say whether an entity has one of some types."""
        return not types.isdisjoint(self.types(entity))

    def has_type_in(self, entity: int, text: str, mention: str) -> bool:
        """Say whether a text in lower case names one of an entity's types, beside the mention."""
        rest = text.replace(mention.lower(), " ", 1)
        return any(type_.lower() in rest for type_ in self.types(entity))

    def words(self, entity: int) -> str:
        """Return a line about an entity: its name, types, and the start of its description.

        Without a description, its neighbours' names stand in for one.
        """
        description = self._descriptions.get(entity) or self._graph.descriptions.get(entity, "")
        if not description:
            near = sorted(self.neighbours(entity), key=lambda e: -self.degree(e))[:8]
            description = ", ".join(self.label(e) for e in near)
        kind = ", ".join(self.types(entity)[:2])
        return (
            f"{self.label(entity)}{f' ({kind})' if kind else ''}: {description[:DESCRIPTION_CHARS]}"
        )

    def neighbours(self, entity: int) -> frozenset[int]:
        """Return the entities that share a fact with one."""
        if entity not in self._near:
            near = set(self._edges.get(entity, ()))
            if entity < self._graph.num_entities:
                rows = self._graph.neighbours(entity)
                if len(rows) <= MAX_NEIGHBOURS:
                    near.update(self._graph.triples[rows][:, [0, 2]].ravel().tolist())
            near.discard(entity)
            self._near[entity] = frozenset(near)
        return self._near[entity]

    def degree(self, entity: int) -> float:
        """Return how many facts an entity has, as a logarithm between 0 and 1."""
        return float(self._degree[entity]) if entity < len(self._degree) else 0.0

    def type_prominence(self, entity: int) -> float:
        """Return the mean `degree` of the entities of the same first type."""
        return self._by_type.get(next(iter(self.types(entity)), ""), 0.0)

    def coherence(self, entity: int, others: Iterable[tuple[int, ...]]) -> float:
        """Return how well an entity keeps company with the candidates of other mentions, 0 to 1.

        A neighbour counts the less, the more neighbours it has itself and the more other
        candidates its mention has.

        Args:
            entity: the candidate.
            others: the candidates of each other mention.
        """
        near, total = self.neighbours(entity), 0.0
        for candidates in others:
            shared = [e for e in candidates if e in near]
            if shared:
                rarity = max(1.0 / np.log2(2.0 + len(self.neighbours(e))) for e in shared)
                total += rarity / len(candidates)
        return float(1.0 - np.exp(-2.0 * total))

    def is_ordinary(self, words: str) -> bool:
        """Say whether all words are ones that the graph's own texts use in lower case."""
        return all(word in self._ordinary for word in words.split())

    @cached_property
    def _by_type(self) -> dict[str, float]:
        grouped: dict[str, list[float]] = {}
        for entity in range(self._graph.num_entities):
            first = next(iter(self._graph.types_of(entity)), "")
            grouped.setdefault(first, []).append(float(self._degree[entity]))
        return {type_: float(np.mean(degrees)) for type_, degrees in grouped.items()}

    @cached_property
    def _ordinary(self) -> frozenset[str]:
        graph = self._graph
        texts = [
            *graph.descriptions.values(),
            *(source.text for source in graph.sources),
            *(label.replace("_", " ") for label in graph.relations),
            *(type_ for types in graph.types.values() for type_ in types),
        ]
        return frozenset(_LOWER_WORD.findall("\n".join(dict.fromkeys(texts))))
