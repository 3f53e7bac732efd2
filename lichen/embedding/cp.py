"""CP: head, relation and tail vectors to a score, an entity having one vector for each side."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from lichen.embedding.compare import Dot
from lichen.embedding.scorer import Scorer


class CP(Scorer):
    """Score a fact by the sum of h * r * t, h and t from different vectors of an entity.

    An entity holds `dim` numbers as a head, then `dim` numbers as a tail: the canonical
    polyadic decomposition of the facts' tensor. The two learn of each other only through reverse
    relations.

    Use with reciprocal relations and an N3 penalty, with which it comes near `ComplEx`; without
    reverse relations prefer `SimplE`.

    Shapes: h, t `(..., 2 * dim)`, r `(..., dim)` -> `(...)`.
    Cost: 2 * dim multiplications a fact; all tails take one
    `(batch, dim) @ (dim, entities)` product.
    Relatives: equal halves give `DistMult`; `SimplE` adds the same fact read backwards.

    Args:
        dim: numbers an entity has on each side.

    References:
        Hitchcock, 1927, J. Math. Phys. 6; Lacroix et al., 2018, arXiv:1806.07297.
    """

    is_bilinear: ClassVar[bool] = True
    comparison = Dot()

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.entity_width = 2 * dim

    def tail_query(self, h: Tensor, r: Tensor) -> Tensor:
        """Return h * r, of the head half."""
        return self.as_heads(h) * r

    def head_query(self, r: Tensor, t: Tensor) -> Tensor:
        """Return r * t, of the tail half."""
        return r * self.as_tails(t)

    def as_tails(self, entities: Tensor) -> Tensor:
        """Return the tail halves: `(..., 2 * dim)` -> `(..., dim)`."""
        return entities[..., self.dim :]

    def as_heads(self, entities: Tensor) -> Tensor:
        """Return the head halves: `(..., 2 * dim)` -> `(..., dim)`."""
        return entities[..., : self.dim]

    def interaction(self, h: Tensor, t: Tensor) -> Tensor:
        """Return h * t, whose inner product with r is the score."""
        return self.as_heads(h) * self.as_tails(t)

    def implied_head(self, r: Tensor, t: Tensor) -> Tensor:
        """Return the head half a fact asks for; of the tail half it says nothing, so zeros."""
        half = self.head_query(r, t)
        return torch.cat([half, torch.zeros_like(half)], dim=-1)

    def implied_tail(self, h: Tensor, r: Tensor) -> Tensor:
        """Return the tail half a fact asks for; of the head half it says nothing, so zeros."""
        half = self.tail_query(h, r)
        return torch.cat([torch.zeros_like(half), half], dim=-1)
