"""DistMult: head, relation and tail vectors to a score, by one product a coordinate."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from lichen.embedding.compare import Dot
from lichen.embedding.scorer import Scorer


class DistMult(Scorer):
    """Score a fact by the sum of h * r * t over the coordinates.

    The score is the same in both directions, so the relation vector alone cannot tell
    (h, r, t) from (t, r, h).

    Use when relations are symmetric or speed matters most; prefer `ComplEx` otherwise.

    Shapes: h, r, t `(..., dim)` -> `(...)`.
    Cost: 2 * dim multiplications a fact; all tails take one
    `(batch, dim) @ (dim, entities)` product.
    Relatives: `ComplEx` with imaginary parts 0, `RESCAL` with diagonal matrices, `SimplE` with
    equal halves, `TuckER` with ones on the core's diagonal.

    References:
        Yang et al., 2015, arXiv:1412.6575.
    """

    is_bilinear: ClassVar[bool] = True
    comparison = Dot()

    def tail_query(self, h: Tensor, r: Tensor) -> Tensor:
        """Return h * r."""
        return h * r

    def head_query(self, r: Tensor, t: Tensor) -> Tensor:
        """Return r * t, the direction in which the head scores highest."""
        return r * t

    def interaction(self, h: Tensor, t: Tensor) -> Tensor:
        """Return h * t, whose inner product with r is the score."""
        return h * t
