"""ComplEx: head, relation and tail vectors to a score, by a product of complex numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from lichen.base.errors import ConfigError


@dataclass(frozen=True)
class ComplEx:
    """Score a fact by Re(sum of h * r * conj(t)) over complex coordinates.

    A vector of width `dim` holds `dim / 2` real parts, then as many imaginary parts. The real
    part of r weighs what is symmetric in h and t, the imaginary part what is not.

    Use as the default: one matrix product scores all entities, and it models symmetric and
    directed relations alike.

    Shapes: h, r, t `(..., dim)`, dim even -> `(...)`.
    Cost: 4 * dim multiplications a fact; all tails take one
    `(batch, dim) @ (dim, entities)` product.
    Relatives: imaginary parts 0 give `DistMult` of half the width.
    """

    PAPER: ClassVar[str | None] = "Trouillon et al., 2016, arXiv:1606.06357"
    is_bilinear: ClassVar[bool] = True

    def entity_width(self, dim: int) -> int:
        """Return `dim`, which must be even."""
        if dim % 2:
            raise ConfigError(
                f"dim must be even for complex, half real and half imaginary; got {dim}. "
                f"Use {dim + 1}."
            )
        return dim

    def relation_width(self, dim: int) -> int:
        """Return `dim`, which must be even."""
        return self.entity_width(dim)

    def score(self, h: Tensor, r: Tensor, t: Tensor) -> Tensor:
        """Score facts one by one: `(..., dim)` each -> `(...)`."""
        return (_times(h, r) * t).sum(-1)

    def score_tails(self, h: Tensor, r: Tensor, entities: Tensor) -> Tensor:
        """Score every entity as tail: `(batch, dim)` each -> `(batch, entities)`."""
        return _times(h, r) @ entities.T

    def score_heads(self, r: Tensor, t: Tensor, entities: Tensor) -> Tensor:
        """Score every entity as head: `(batch, dim)` each -> `(batch, entities)`."""
        return self.implied_head(r, t) @ entities.T

    def interaction(self, h: Tensor, t: Tensor) -> Tensor:
        """Return conj(h) * t, whose inner product with r is the score.

        Its first half is h_re * t_re + h_im * t_im, its second h_re * t_im - h_im * t_re.
        """
        return _conjugate_times(h, t)

    def implied_head(self, r: Tensor, t: Tensor) -> Tensor:
        """Return conj(r) * t, the direction in which the head scores highest."""
        return _conjugate_times(r, t)

    def moduli(self, vectors: Tensor) -> Tensor:
        """Return the length of each complex number, `(..., dim)` -> `(..., dim / 2)`."""
        re, im = vectors.chunk(2, dim=-1)
        return (re.square() + im.square() + _TINY).sqrt()


_TINY = 1e-12  # keeps the gradient of the square root finite at 0


def _times(a: Tensor, b: Tensor) -> Tensor:
    a_re, a_im = a.chunk(2, dim=-1)
    b_re, b_im = b.chunk(2, dim=-1)
    return torch.cat([a_re * b_re - a_im * b_im, a_re * b_im + a_im * b_re], dim=-1)


def _conjugate_times(a: Tensor, b: Tensor) -> Tensor:
    a_re, a_im = a.chunk(2, dim=-1)
    b_re, b_im = b.chunk(2, dim=-1)
    return torch.cat([a_re * b_re + a_im * b_im, a_re * b_im - a_im * b_re], dim=-1)
