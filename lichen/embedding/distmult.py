"""DistMult: head, relation and tail vectors to a score, by one product a coordinate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor


@dataclass(frozen=True)
class DistMult:
    """Score a fact by the sum of h * r * t over the coordinates.

    The score is the same in both directions, so the relation vector alone cannot tell
    (h, r, t) from (t, r, h).

    Use when relations are symmetric or speed matters most; prefer `ComplEx` otherwise.

    Shapes: h, r, t `(..., dim)` -> `(...)`.
    Cost: 2 * dim multiplications a fact; all tails take one
    `(batch, dim) @ (dim, entities)` product.
    Relatives: `ComplEx` with imaginary parts 0.
    """

    PAPER: ClassVar[str | None] = "Yang et al., 2015, arXiv:1412.6575"
    is_bilinear: ClassVar[bool] = True

    def entity_width(self, dim: int) -> int:
        """Return `dim`."""
        return dim

    def relation_width(self, dim: int) -> int:
        """Return `dim`."""
        return dim

    def score(self, h: Tensor, r: Tensor, t: Tensor) -> Tensor:
        """Score facts one by one: `(..., dim)` each -> `(...)`."""
        return (h * r * t).sum(-1)

    def score_tails(self, h: Tensor, r: Tensor, entities: Tensor) -> Tensor:
        """Score every entity as tail: `(batch, dim)` each -> `(batch, entities)`."""
        return (h * r) @ entities.T

    def score_heads(self, r: Tensor, t: Tensor, entities: Tensor) -> Tensor:
        """Score every entity as head: `(batch, dim)` each -> `(batch, entities)`."""
        return self.implied_head(r, t) @ entities.T

    def interaction(self, h: Tensor, t: Tensor) -> Tensor:
        """Return h * t, whose inner product with r is the score."""
        return h * t

    def implied_head(self, r: Tensor, t: Tensor) -> Tensor:
        """Return r * t, the direction in which the head scores highest."""
        return r * t

    def moduli(self, vectors: Tensor) -> Tensor:
        """Return the absolute values."""
        return vectors.abs()
