"""Facts to the answers already known: who stands at the other end of (entity, relation)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lichen.data.graph import Ids


class KnownAnswers:
    """Which entities answer (entity, directed relation) queries; relation r + R asks for heads.

    Args:
        triples: `(facts, 3)` h, r, t.
        num_relations: how many relations there are, reverse directions not included.

    >>> known = KnownAnswers(np.array([[0, 0, 1], [0, 0, 2]]), num_relations=1)
    >>> known.pairs(np.array([0, 2]), np.array([0, 1]))
    (array([0, 0, 1]), array([1, 2, 0]))
    """

    def __init__(self, triples: Ids, *, num_relations: int) -> None:
        h, r, t = triples.T
        self._width = 2 * num_relations
        keys = np.concatenate([h * self._width + r, t * self._width + r + num_relations])
        order = np.argsort(keys, kind="stable")
        self._keys, self._answers = keys[order], np.concatenate([t, h])[order]

    def pairs(self, entity: Ids, relation: Ids) -> tuple[Ids, Ids]:
        """Return the query number and the known answer of each hit, `(hits,)` both."""
        keys = entity * self._width + relation
        starts = np.searchsorted(self._keys, keys, side="left")
        counts = np.searchsorted(self._keys, keys, side="right") - starts
        rows = np.repeat(np.arange(len(keys)), counts)
        within = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        return rows, self._answers[np.repeat(starts, counts) + within]

    def mask(self, entity: Ids, relation: Ids, *, num_entities: int) -> NDArray[np.bool_]:
        """Return `(queries, entities)`, True where the entity is a known answer."""
        rows, answers = self.pairs(entity, relation)
        known = np.zeros((len(entity), num_entities), dtype=np.bool_)
        known[rows, answers] = True
        return known
