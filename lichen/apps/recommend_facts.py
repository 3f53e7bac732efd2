"""The facts of a graph that touch items: what items share, and the paths between two of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from lichen.apps.recommend_factors import Lists
from lichen.base.errors import DataError
from lichen.data.graph import Graph, Ids
from lichen.data.vocabulary import Vocabulary

SELF = -1
"""Relation of an item to itself, as the entity that other items have facts with."""


class Fact(NamedTuple):
    """A fact in words."""

    head: str
    relation: str
    tail: str

    def __str__(self) -> str:
        """Show it as words in a row."""
        return " ".join(self)


@dataclass(frozen=True, eq=False)
class ItemFacts:
    """Facts between items and the entities that at least two items have facts with."""

    entities: Vocabulary
    relations: Vocabulary
    rows: Ids
    """`(facts, 4)`: item, relation or `SELF`, entity, and 1 where the item is the head."""

    @classmethod
    def none(cls) -> ItemFacts:
        """Return no facts at all."""
        return cls(Vocabulary((), what="entity"), Vocabulary(()), np.empty((0, 4), dtype=np.int64))

    @classmethod
    def of(cls, graph: Graph, items: Vocabulary) -> ItemFacts:
        """Take from a graph what touches items; an entity is an item when their labels are equal.

        Args:
            graph: any; splits are not told apart.
            items: labels of the items.

        Raises:
            DataError: the graph is empty, or no fact touches an item.
        """
        if not graph.num_facts:
            raise DataError(
                "recommend.graph must hold at least one fact; it is empty. Pass graph=None to "
                "recommend from interactions alone."
            )
        rows = _touching(graph, items)
        if not len(rows):
            raise DataError(
                f"recommend.graph must name items as the interactions do; none of its "
                f"{graph.num_facts:,} facts touches one of the {len(items):,} items. It calls "
                f"entities {graph.entities[0]!r}, the items are called {items[0]!r}: make these "
                "equal, or pass graph=None."
            )
        used = np.unique(rows[:, 2])
        itself = [(items.get(graph.entities[e]), SELF, e, 1) for e in used.tolist()]
        own = np.array([x for x in itself if x[0] is not None], dtype=np.int64).reshape(-1, 4)
        rows = np.unique(np.concatenate([rows, own]), axis=0)
        links = np.unique(rows[:, [0, 2]], axis=0)
        num_items = np.bincount(links[:, 1], minlength=graph.num_entities)
        rows = rows[num_items[rows[:, 2]] > 1]
        kept = np.unique(rows[:, 2])
        rows[:, 2] = np.searchsorted(kept, rows[:, 2])
        labels = (graph.entities[e] for e in kept.tolist())
        return cls(Vocabulary(labels, what="entity"), graph.relations, rows)

    def items_of(self) -> Lists:
        """Return the items of each entity."""
        links = np.unique(self.rows[:, [2, 0]], axis=0)
        return Lists.of(links[:, 0], links[:, 1], num_rows=len(self.entities))

    def placed(self, graph: Graph, newcomers: Vocabulary) -> tuple[Lists, ItemFacts]:
        """Return which known entities newcomers have facts with, and those facts.

        Args:
            graph: holds facts about the newcomers.
            newcomers: labels of the items to place, numbered from 0.

        Returns:
            Entities of each newcomer, and their facts in this table's ids and relations, items
            numbered from 0.

        Raises:
            DataError: a newcomer has no fact with a known entity.
        """
        relations = Vocabulary(dict.fromkeys((*self.relations, *graph.relations)), what="relation")
        found = [
            (item, relations.id(graph.relations[r]), known, forward)
            for item, r, e, forward in _touching(graph, newcomers).tolist()
            if (known := self.entities.get(graph.entities[e])) is not None
        ]
        rows = np.array(found, dtype=np.int64).reshape(-1, 4)
        links = np.unique(rows[:, [0, 2]], axis=0)
        lists = Lists.of(links[:, 0], links[:, 1], num_rows=len(newcomers))
        for item in np.flatnonzero(lists.counts == 0)[:1].tolist():
            raise DataError(
                f"with_items: {newcomers[item]!r} must have a fact with an entity that at least "
                "two known items have facts with; the graph holds none. Add such a fact, or fit "
                "again."
            )
        return lists, ItemFacts(self.entities, relations, rows)

    def paths(self, first: int, second: int, names: tuple[str, str]) -> Iterator[tuple[Fact, ...]]:
        """Yield the paths of one or two facts between two items, rarest entity first.

        Args:
            first: item id.
            second: item id.
            names: what to call the two.

        Yields:
            Two facts that share an entity, or one between the items themselves.
        """
        mine, other = self._by_entity(first), self._by_entity(second)
        shared = sorted(mine.keys() & other.keys(), key=lambda e: (self._num_items[e], e))
        told = set()
        for entity in shared:
            ends = ((names[0], mine[entity]), (names[1], other[entity]))
            path = tuple(
                self._fact(name, relation, entity, is_head)
                for name, (relation, is_head) in ends
                if relation != SELF
            )
            if path not in told:  # two items that are linked share each of the two
                told.add(path)
                yield path

    @cached_property
    def _index(self) -> Lists:
        """Rows of each item."""
        num_items = int(self.rows[:, 0].max(initial=-1)) + 1
        return Lists.of(self.rows[:, 0], np.arange(len(self.rows)), num_rows=num_items)

    @cached_property
    def _num_items(self) -> Ids:
        """How many facts each entity has with items."""
        return np.bincount(self.rows[:, 2], minlength=len(self.entities))

    def _by_entity(self, item: int) -> dict[int, tuple[int, int]]:
        if item >= len(self._index):
            return {}
        rows = self.rows[self._index[item]].tolist()[::-1]  # of several facts, the first
        return {entity: (relation, is_head) for _, relation, entity, is_head in rows}

    def _fact(self, item: str, relation: int, entity: int, is_head: int) -> Fact:
        other = self.entities[entity]
        h, t = (item, other) if is_head else (other, item)
        return Fact(h, self.relations[relation], t)


def _touching(graph: Graph, items: Vocabulary) -> Ids:
    """Return the facts that touch items, `(facts, 4)`, entities by the graph's ids."""
    labels: Iterable[str] = graph.entities
    found = (items.get(label) for label in labels)
    item_of = np.array([-1 if x is None else x for x in found], dtype=np.int64)
    h, r, t = graph.triples.T
    sides = []
    for item, entity, is_head in ((h, t, 1), (t, h, 0)):
        rows = np.flatnonzero((item_of[item] >= 0) & (h != t))
        side = np.stack([item_of[item[rows]], r[rows], entity[rows]], axis=1)
        sides.append(np.column_stack([side, np.full(len(rows), is_head)]))
    return np.concatenate(sides).astype(np.int64)
