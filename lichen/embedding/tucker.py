"""TuckER: head, relation and tail vectors to a score, by one core that all relations share."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from lichen.base import check
from lichen.embedding.compare import Dot
from lichen.embedding.scorer import Scorer


class TuckER(Scorer):
    """Score a fact by the sum of W[i, k, j] * h[i] * r[k] * t[j] over a core W that is learned.

    A relation is a mixture of `relation_dim` matrices, which all relations share: what many
    facts of one teach serves the rare ones. The core starts as the one by which the score is that
    of `ComplEx`, with one pair of a relation's numbers for several pairs of an entity's, and moves
    on from there at a ten-thousandth of the learning rate.

    Use with many relations of few facts; prefer `ComplEx` when the core, dim * dim *
    relation_dim numbers, costs too much.

    Shapes: h, t `(..., dim)`, r `(..., relation_dim)` -> `(...)`.
    Cost: dim * dim * relation_dim multiplications a query, one
    `(batch, dim * relation_dim) @ (dim * relation_dim, dim)` product; all tails take one
    `(batch, dim) @ (dim, entities)` product more.
    Relatives: a core of 0, 1 and -1 gives `ComplEx`, ones on its diagonal and zeros elsewhere
    `DistMult`; `RESCAL` has a matrix of its own for each relation.
    Differs: the paper's core starts at random and moves at the full rate, which on a small graph
    never came near ComplEx (lab notes); its batch normalisation and dropout inside the product
    are left out, so the score stays linear in each vector.

    Args:
        dim: numbers an entity.
        relation_dim: numbers a relation, which is the number of matrices to mix; None takes
            `dim`.

    Raises:
        ConfigError: `relation_dim` is below 1.

    References:
        Balažević et al., 2019, arXiv:1901.09590.
    """

    is_bilinear: ClassVar[bool] = True
    weights_rate: ClassVar[float] = 1e-4
    comparison = Dot()

    def __init__(self, dim: int, *, relation_dim: int | None = None) -> None:
        super().__init__(dim)
        self.relation_width = dim if relation_dim is None else relation_dim
        check.whole("relation_dim", self.relation_width, 1, 1_000_000)
        self.core = nn.Parameter(_complex_core(dim, self.relation_width))

    def extra_repr(self) -> str:
        """Show the settings."""
        return f"dim={self.dim}, relation_dim={self.relation_width}"

    def tail_query(self, h: Tensor, r: Tensor) -> Tensor:
        """Return the core met by h and r, one number a coordinate of the tail."""
        pairs = (h[..., :, None] * r[..., None, :]).flatten(-2)
        return pairs @ self.core.flatten(0, 1)

    def head_query(self, r: Tensor, t: Tensor) -> Tensor:
        """Return the core met by r and t, the direction in which the head scores highest."""
        pairs = (r[..., :, None] * t[..., None, :]).flatten(-2)
        return pairs @ self.core.flatten(1, 2).T

    def interaction(self, h: Tensor, t: Tensor) -> Tensor:
        """Return the core met by h and t, whose inner product with r is the score."""
        together: Tensor = torch.einsum("...i,ikj,...j->...k", h, self.core, t)
        return together

    def start_relations(self, count: int, draw: torch.Generator) -> Tensor:
        """Return vectors of complex numbers of length 1: `(count, relation_dim)`.

        Queries are then about as long as their heads.
        """
        return torch.randn((count, self.relation_width), generator=draw) * 2**-0.5


def _complex_core(dim: int, width: int) -> Tensor:
    """Return the core of ComplEx, `(dim, width, dim)`; a number without a partner is real."""
    half, wide = dim // 2, width // 2
    core, every, real = torch.zeros(dim, width, dim), torch.arange(dim), torch.arange(half)
    core[every, every % max(half, 1) % max(wide, 1), every] = 1.0
    if wide:
        core[real, wide + real % wide, half + real] = 1.0
        core[half + real, wide + real % wide, real] = -1.0
    return core
