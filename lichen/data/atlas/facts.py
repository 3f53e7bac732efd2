"""The facts of a graph arranged for making questions: steps of each entity, numbers, anchors."""

from __future__ import annotations

import zlib
from collections import Counter

from lichen.data.graph import Graph
from lichen.data.query import Step

DRAW = 11
"""The deal of wordings, anchors and pairs of steps to splits; another number deals anew."""


def part_of(*words: str, draw: int = DRAW) -> str:
    """Return the split that something belongs to, the same in every run: 70, 10, 20 percent.

    Args:
        words: what tells it from other things.
        draw: the deal.
    """
    place = zlib.crc32("|".join((str(draw), *words)).encode()) % 10
    return "train" if place < 7 else "valid" if place == 7 else "test"


class Facts:
    """Look-up by entity and step, over Python dictionaries, which is quick for single answers.

    Args:
        graph: the graph to ask about.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.links: dict[int, dict[str, list[int]]] = {}
        """Entity to step key to the entities reached."""
        self.numbers: dict[str, dict[int, float]] = {}
        """Attribute to entity to its latest number."""
        self.of_type: dict[str, list[int]] = {}
        """Most specific type to its entities."""
        labels = list(graph.relations)
        for h, r, t in graph.triples.tolist():
            self.links.setdefault(h, {}).setdefault(f"{labels[r]}>", []).append(t)
            self.links.setdefault(t, {}).setdefault(f"{labels[r]}<", []).append(h)
        years: dict[tuple[str, int], int] = {}
        for literal in graph.literals:
            dated = (literal.attribute, literal.entity)
            if isinstance(literal.value, str) or " " in literal.attribute:
                continue
            if (literal.year or 0) >= years.get(dated, 0):
                years[dated] = literal.year or 0
                values = self.numbers.setdefault(literal.attribute, {})
                values[literal.entity] = float(literal.value)
        for entity, types in graph.types.items():
            if types:
                self.of_type.setdefault(types[0], []).append(entity)
        self.anchors: dict[str, list[int]] = {}
        """Step key to the entities that have it."""
        for entity, steps in self.links.items():
            for key in steps:
                self.anchors.setdefault(key, []).append(entity)

    def follow(self, entities: tuple[int, ...], step: str) -> tuple[int, ...]:
        """Return what a step leads to from any of the entities, in order, each once."""
        found: dict[int, None] = {}
        for entity in entities:
            found.update(dict.fromkeys(self.links.get(entity, {}).get(step, ())))
        return tuple(found)

    def symmetric(self) -> set[str]:
        """Return the relations of which each fact stands in both directions."""
        return {
            key[:-1]
            for key, heads in self.anchors.items()
            if key.endswith(">")
            and all(
                sorted(self.links[e][key]) == sorted(self.links[e].get(f"{key[:-1]}<", ()))
                for e in heads
            )
        }

    def noun(self, step: str) -> str:
        """Return what the answers of a step are: their commonest type, or "thing"."""
        other = Step.of(step)._replace(forward=not step.endswith(">")).key
        seen = Counter(
            types[0] for e in self.anchors.get(other, ()) if (types := self.graph.types_of(e))
        )
        return seen.most_common(1)[0][0] if seen else "thing"

    def anchor_types(self, step: str) -> set[str]:
        """Return the commonest type of the entities that have a step."""
        seen = Counter(types[0] for e in self.anchors[step] if (types := self.graph.types_of(e)))
        return {name for name, _ in seen.most_common(1)}
