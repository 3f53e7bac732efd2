"""Facts to directed edges, both ways, grouped by where they start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lichen.data.graph import Ids


class Steps(NamedTuple):
    """Edges that leave some nodes."""

    rows: Ids
    """`(steps,)` which of the nodes asked for it leaves; ascending."""
    edges: Ids
    """`(steps,)` number of the edge."""


@dataclass(frozen=True)
class Edges:
    """Every fact as two edges: h to t by r, and t to h by r + num_relations.

    The edges that reach a node are therefore the reverses of those that leave it.
    """

    offsets: Ids
    """`(entities + 1,)` where the edges of each entity start."""
    target: Ids
    """`(edges,)`"""
    relation: Ids
    """`(edges,)` directed relation."""
    fact: Ids
    """`(edges,)` row of the fact."""

    @classmethod
    def of(cls, triples: Ids, *, num_entities: int, num_relations: int) -> Edges:
        """Return the edges of facts: `(facts, 3)` h, r, t."""
        h, r, t = triples.T
        start = np.concatenate([h, t])
        order = np.argsort(start, kind="stable")
        return cls(
            offsets=np.searchsorted(start[order], np.arange(num_entities + 1)),
            target=np.concatenate([t, h])[order],
            relation=np.concatenate([r, r + num_relations])[order],
            fact=np.tile(np.arange(len(triples)), 2)[order],
        )

    @property
    def num_entities(self) -> int:
        """Count the entities."""
        return len(self.offsets) - 1

    def without(self, hide: NDArray[np.bool_]) -> Edges:
        """Return the edges of some facts only: `(facts,)` True drops the fact."""
        keep = ~hide[self.fact]
        before = np.concatenate([[0], np.cumsum(keep)])
        return Edges(
            offsets=before[self.offsets],
            target=self.target[keep],
            relation=self.relation[keep],
            fact=self.fact[keep],
        )

    def leaving(self, nodes: Ids) -> Steps:
        """Return the edges that leave each of some nodes: `(nodes,)`, repeats allowed."""
        first = self.offsets[nodes]
        counts = self.offsets[nodes + 1] - first
        rows = np.repeat(np.arange(len(nodes)), counts)
        shift = first - (np.cumsum(counts) - counts)
        return Steps(rows, np.arange(len(rows)) + shift[rows])

    def with_entity(self, tails: Ids, heads: Ids, *, num_relations: int) -> Edges:
        """Return the edges with one more entity, whose id is the present number of entities.

        Args:
            tails: `(facts, 2)` relation and tail of the facts that it heads.
            heads: `(facts, 2)` head and relation of the facts that it ends.
            num_relations: relations, reverse directions not included.
        """
        new = self.num_entities
        others = np.concatenate([tails[:, 1], heads[:, 0]])
        outward = np.concatenate([tails[:, 0], heads[:, 1] + num_relations])
        inward = (outward + num_relations) % (2 * num_relations)
        facts = self.fact.max(initial=-1) + 1 + np.arange(len(others))
        at = self.offsets[others + 1]
        order = np.argsort(others, kind="stable")  # so that `at` ascends as well
        grown = np.cumsum(np.bincount(others + 1, minlength=new + 1))
        return Edges(
            offsets=np.append(self.offsets + grown, len(self.target) + 2 * len(others)),
            target=np.append(np.insert(self.target, at[order], new), others),
            relation=np.append(np.insert(self.relation, at[order], inward[order]), outward),
            fact=np.append(np.insert(self.fact, at[order], facts[order]), facts),
        )
