"""Facts to the questions that training asks: (entity, directed relation) and all its answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lichen.data.graph import Ids
from lichen.embedding.loss import Answers


@dataclass(frozen=True)
class Queries:
    """Distinct queries with their answers, and which query each directed fact belongs to.

    Facts come twice: number f asks for the tail of fact f, number f + facts for its head, by
    relation r + num_relations. One row of scores serves all facts of a query, which on
    FB15k-237 makes 3.6 times fewer rows. A query may come in several parts, each with some of its
    answers.
    """

    entity: Tensor
    """`(queries,)` int"""
    relation: Tensor
    """`(queries,)` int; r + num_relations asks for heads."""
    starts: Tensor
    """`(queries + 1,)` int; where the answers of a query begin."""
    answers: Tensor
    """`(directed facts,)` int, distinct within a query when the facts are."""
    query_of: Tensor
    """`(directed facts,)` int; the query of each directed fact."""

    @classmethod
    def of(cls, facts: Ids, *, num_relations: int, most: int | None = None) -> Queries:
        """Group facts by what they ask.

        Args:
            facts: `(facts, 3)` h, r, t ids.
            num_relations: how many there are.
            most: answers of a query after which it goes on as another of the same entity and
                relation; None keeps all together.

        Returns:
            The queries.
        """
        h, r, t = facts.T
        width = 2 * num_relations
        keys = np.concatenate([h * width + r, t * width + r + num_relations])
        order = np.argsort(keys, kind="stable")
        distinct, starts, counts = np.unique(keys[order], return_index=True, return_counts=True)
        if most is not None:
            parts = -(-counts // most)
            number = np.arange(parts.sum()) - np.repeat(np.cumsum(parts) - parts, parts)
            distinct, starts = np.repeat(distinct, parts), np.repeat(starts, parts)
            starts += most * number
            counts = np.diff(starts, append=len(keys))
        query_of = np.empty(len(keys), dtype=np.int64)
        query_of[order] = np.repeat(np.arange(len(distinct)), counts)
        return cls(
            entity=torch.from_numpy(distinct // width),
            relation=torch.from_numpy(distinct % width),
            starts=torch.from_numpy(np.append(starts, len(keys))),
            answers=torch.from_numpy(np.concatenate([t, h])[order]),
            query_of=torch.from_numpy(query_of),
        )

    def to(self, device: torch.device) -> Queries:
        """Return the same on another device."""
        return Queries(**{name: x.to(device) for name, x in vars(self).items()})

    def __len__(self) -> int:
        """Count the queries."""
        return len(self.entity)

    def answers_of(self, queries: Tensor, *, by_query: bool = False) -> Answers:
        """Return the answers of some queries, each weighing as much as any.

        Args:
            queries: `(b,)` query numbers.
            by_query: whether every query weighs alike in place of every answer.

        Returns:
            Rows counted in the order of `queries`; the weights are 1, or 1 / answers.
        """
        first = self.starts[queries]
        counts = self.starts[queries + 1] - first
        device = queries.device
        rows = torch.repeat_interleave(torch.arange(len(queries), device=device), counts)
        before = torch.cumsum(counts, 0) - counts
        within = torch.arange(len(rows), device=device) - before[rows]
        weights = 1.0 / counts[rows] if by_query else torch.ones(len(rows), device=device)
        return Answers(rows, self.answers[first[rows] + within], weights)
