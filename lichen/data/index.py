"""Look-up of facts by entity and relation over sorted arrays: 64 bytes a fact, no dictionaries."""

from __future__ import annotations

import numpy as np

from lichen.data.distinct import Ids, stable_order


class PairIndex:
    """Find what stands in the third place of the facts with a given entity and relation.

    Args:
        anchors: `(facts,)` the entity known, heads or tails.
        relations: `(facts,)` relation ids.
        values: `(facts,)` the entity looked for.
        num_relations: how many relations there are.

    >>> index = PairIndex(np.array([0, 0]), np.array([1, 1]), np.array([7, 5]), num_relations=2)
    >>> index.values_of(0, 1), index.values_of(1, 1)
    ((7, 5), ())
    """

    __slots__ = ("_keys", "_num_relations", "_rows", "_values")

    def __init__(self, anchors: Ids, relations: Ids, values: Ids, *, num_relations: int) -> None:
        keys = anchors * num_relations + relations
        bound = (int(anchors.max(initial=0)) + 1) * num_relations
        self._rows = stable_order(keys, bound=bound)
        self._keys = keys[self._rows]
        self._values = values[self._rows]
        self._num_relations = num_relations

    def _range(self, anchor: int, relation: int) -> tuple[int, int]:
        if not 0 <= relation < self._num_relations:
            return 0, 0
        key = anchor * self._num_relations + relation
        low = int(self._keys.searchsorted(key))
        return low, low + int(self._keys[low:].searchsorted(key, side="right"))

    def count(self, anchor: int, relation: int) -> int:
        """Return how many facts have this entity and relation."""
        low, high = self._range(anchor, relation)
        return high - low

    def values_of(self, anchor: int, relation: int) -> tuple[int, ...]:
        """Return the entities in the third place, in row order."""
        low, high = self._range(anchor, relation)
        return tuple(self._values[low:high].tolist())

    def row(self, anchor: int, relation: int, value: int) -> int | None:
        """Return the row of a fact, or None when it is not one."""
        low, high = self._range(anchor, relation)
        found = np.flatnonzero(self._values[low:high] == value)
        return int(self._rows[low + found[0]]) if len(found) else None


class EndIndex:
    """Find the facts that touch an entity at either end.

    Args:
        heads: `(facts,)` head ids.
        tails: `(facts,)` tail ids.
        num_entities: how many entities there are.

    >>> EndIndex(np.array([0, 1]), np.array([1, 2]), num_entities=3).rows_of(1)
    array([0, 1])
    """

    __slots__ = ("_heads", "_rows", "_tails", "offsets")

    def __init__(self, heads: Ids, tails: Ids, *, num_entities: int) -> None:
        ends = np.concatenate([heads, tails])
        counts = np.bincount(ends, minlength=num_entities)
        self._heads, self._tails = heads, tails
        self._rows = stable_order(ends, bound=num_entities)
        self._rows[self._rows >= len(heads)] -= len(heads)
        self.offsets: Ids = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

    def rows_of(self, entity: int) -> Ids:
        """Return the rows of the facts that touch an entity, ascending, each once."""
        return np.unique(self._rows[self.offsets[entity] : self.offsets[entity + 1]])

    def nearest(self, seeds: list[int], *, hops: int, limit: int) -> list[int]:
        """Return rows within some hops of the seeds, nearest first, at most `limit`.

        When a hop does not fit, its entities take turns, so that one entity with very many
        facts does not crowd out the others.
        """
        frontier, seen, kept = seeds, set(seeds), dict[int, None]()
        for _ in range(hops):
            if not frontier or len(kept) >= limit:
                break
            found = [self.rows_of(entity)[:limit] for entity in frontier]
            turns = np.concatenate([np.arange(len(rows)) for rows in found])
            rows = np.concatenate(found)[np.argsort(turns, kind="stable")]
            kept.update(dict.fromkeys(rows.tolist()))
            ends = np.stack([self._heads[rows], self._tails[rows]], axis=1).ravel()
            frontier = [e for e in dict.fromkeys(ends.tolist()) if e not in seen]
            seen.update(frontier)
        return list(kept)[:limit]
