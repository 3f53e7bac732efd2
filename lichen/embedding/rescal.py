"""RESCAL: head, relation and tail vectors to a score, by one full matrix a relation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor

from lichen.embedding.compare import Dot
from lichen.embedding.scorer import Scorer


class RESCAL(Scorer):
    """Score a fact by h' R t, R a `(dim, dim)` matrix of the relation, stored row after row.

    Every coordinate of the head meets every one of the tail, so it is the most general of the
    bilinear scorers, and the one with the most numbers a relation.

    Use with few relations and many facts of each; prefer `ComplEx` when relations are many or
    rare.

    Shapes: h, t `(..., dim)`, r `(..., dim * dim)` -> `(...)`.
    Cost: dim * dim multiplications a query, and as many numbers read; all tails take one
    `(batch, dim) @ (dim, entities)` product more.
    Relatives: diagonal matrices give `DistMult`; `TuckER` mixes all matrices from a few.

    References:
        Nickel et al., 2011, ICML 28.
    """

    is_bilinear: ClassVar[bool] = True
    comparison = Dot()

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.relation_width = dim * dim

    def tail_query(self, h: Tensor, r: Tensor) -> Tensor:
        """Return h' R."""
        query: Tensor = torch.einsum("...i,...ij->...j", h, self._matrices(r))
        return query

    def head_query(self, r: Tensor, t: Tensor) -> Tensor:
        """Return R t, the direction in which the head scores highest."""
        query: Tensor = torch.einsum("...ij,...j->...i", self._matrices(r), t)
        return query

    def tail_queries(self, h: Tensor, table: Tensor, rows: Tensor) -> Tensor:
        """Return the queries, each relation's matrix read once: one product a relation."""
        return self._by_relation(h, self._matrices(table).unbind(0), rows)

    def head_queries(self, table: Tensor, rows: Tensor, t: Tensor) -> Tensor:
        """Return the queries, each relation's matrix read once: one product a relation."""
        matrices = self._matrices(table).transpose(1, 2)
        return self._by_relation(t, matrices.unbind(0), rows)

    def _by_relation(self, known: Tensor, matrices: Sequence[Tensor], rows: Tensor) -> Tensor:
        order = torch.argsort(rows, stable=True)
        distinct, counts = torch.unique_consecutive(rows[order], return_counts=True)
        groups = torch.split(known.index_select(0, order), counts.tolist())
        parts = [x @ matrices[r] for x, r in zip(groups, distinct.tolist(), strict=True)]
        back = torch.empty_like(order)
        back[order] = torch.arange(len(order), device=order.device)
        return torch.cat(parts).index_select(0, back) if parts else known

    def interaction(self, h: Tensor, t: Tensor) -> Tensor:
        """Return the outer product of h and t, whose inner product with r is the score."""
        return (h[..., :, None] * t[..., None, :]).flatten(-2)

    def start_relations(self, count: int, draw: torch.Generator) -> Tensor:
        """Return matrices that keep a vector's length on average: `(count, dim * dim)`."""
        size: float = self.dim**-0.5
        return torch.randn((count, self.relation_width), generator=draw) * size

    def _matrices(self, r: Tensor) -> Tensor:
        return r.view(*r.shape[:-1], self.dim, self.dim)
