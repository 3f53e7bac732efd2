"""ComplEx: head, relation and tail vectors to a score, by a product of complex numbers."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from lichen.base.errors import ConfigError
from lichen.embedding.compare import Dot
from lichen.embedding.scorer import Scorer

_TINY = 1e-12  # keeps the gradient of the square root finite at 0


class ComplEx(Scorer):
    """Score a fact by Re(sum of h * r * conj(t)) over complex coordinates.

    A vector of width `dim` holds `dim / 2` real parts, then as many imaginary parts. The real
    part of r weighs what is symmetric in h and t, the imaginary part what is not.

    Use as the default: one matrix product scores all entities, and it models symmetric and
    directed relations alike.

    Shapes: h, r, t `(..., dim)`, dim even -> `(...)`.
    Cost: 4 * dim multiplications a fact; all tails take one
    `(batch, dim) @ (dim, entities)` product.
    Relatives: imaginary parts 0 give `DistMult` of half the width.

    Raises:
        ConfigError: `dim` is odd.

    References:
        Trouillon et al., 2016, arXiv:1606.06357.
    """

    is_bilinear: ClassVar[bool] = True
    comparison = Dot()

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        refuse_odd("complex", dim)

    def tail_query(self, h: Tensor, r: Tensor) -> Tensor:
        """Return h * r."""
        return complex_times(h, r)

    def head_query(self, r: Tensor, t: Tensor) -> Tensor:
        """Return conj(r) * t, the direction in which the head scores highest."""
        return conjugate_times(r, t)

    def interaction(self, h: Tensor, t: Tensor) -> Tensor:
        """Return conj(h) * t, whose inner product with r is the score.

        Its first half is h_re * t_re + h_im * t_im, its second h_re * t_im - h_im * t_re.
        """
        return conjugate_times(h, t)

    def moduli(self, vectors: Tensor) -> Tensor:
        """Return the length of each complex number: `(..., dim)` -> `(..., dim / 2)`."""
        return complex_moduli(vectors)


def refuse_odd(scorer: str, dim: int) -> None:
    """Refuse a width that does not split into real and imaginary halves.

    Raises:
        ConfigError: `dim` is odd.
    """
    if dim % 2:
        raise ConfigError(
            f"dim must be even for {scorer}, half real and half imaginary; got {dim}. "
            f"Use {dim + 1}."
        )


def complex_times(a: Tensor, b: Tensor) -> Tensor:
    """Return a * b over complex coordinates, real parts first: `(..., dim)` each."""
    a_re, a_im = a.chunk(2, dim=-1)
    b_re, b_im = b.chunk(2, dim=-1)
    return torch.cat([a_re * b_re - a_im * b_im, a_re * b_im + a_im * b_re], dim=-1)


def conjugate_times(a: Tensor, b: Tensor) -> Tensor:
    """Return conj(a) * b over complex coordinates, real parts first: `(..., dim)` each."""
    a_re, a_im = a.chunk(2, dim=-1)
    b_re, b_im = b.chunk(2, dim=-1)
    return torch.cat([a_re * b_re + a_im * b_im, a_re * b_im - a_im * b_re], dim=-1)


def complex_moduli(vectors: Tensor) -> Tensor:
    """Return the length of each complex number: `(..., dim)` -> `(..., dim / 2)`."""
    re, im = vectors.chunk(2, dim=-1)
    return (re.square() + im.square() + _TINY).sqrt()
