"""RotatE: head, relation and tail vectors to a score, by the distance that a rotation misses."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from lichen.base.choose import choose
from lichen.embedding.compare import Comparison, Euclidean, Moduli, SquaredEuclidean
from lichen.embedding.complex import complex_moduli, complex_times, conjugate_times, refuse_odd
from lichen.embedding.scorer import Scorer


class RotatE(Scorer):
    """Score a fact by minus the distance from h * exp(i r) to t over complex coordinates.

    An entity of width `dim` holds `dim / 2` real parts, then as many imaginary parts; a relation
    is `dim / 2` angles. Rotations add up, so it can hold symmetric relations (half a turn),
    inverse ones (back) and chains of two.

    Use when inverse and composed relations matter and one tail or few belong to a head; prefer
    `ComplEx` for speed and for relations with many tails.

    Shapes: h, t `(..., dim)`, dim even; r `(..., dim / 2)` radians -> `(...)`, never above 0.
    Cost: 4 * dim multiplications and dim / 2 square roots a fact. All tails: one matrix product
    under "euclidean" and "squared"; under "moduli" `batch * entities * dim / 2` square roots.
    Relatives: `TransE` adds instead of turning.

    Args:
        dim: numbers an entity.
        distance: "moduli" sums the lengths of the complex differences, as the paper does;
            "euclidean" takes the root of the sum of their squares, which is much faster;
            "squared" leaves out the root, which ranks alike and trains better with a `max_norm`.

    Raises:
        ConfigError: `dim` is odd.
        ChoiceError: no such distance.

    References:
        Sun et al., 2019, arXiv:1902.10197.
    """

    def __init__(self, dim: int, *, distance: str = "moduli") -> None:
        super().__init__(dim)
        refuse_odd("rotate", dim)
        self.relation_width = dim // 2
        self.distance = distance
        self.comparison = choose("distance", distance, _DISTANCES)

    def extra_repr(self) -> str:
        """Show the settings."""
        return f"dim={self.dim}, distance={self.distance!r}"

    def tail_query(self, h: Tensor, r: Tensor) -> Tensor:
        """Return h turned by the angles r."""
        return complex_times(h, _on_circle(r))

    def head_query(self, r: Tensor, t: Tensor) -> Tensor:
        """Return t turned back, the point at which the head scores highest."""
        return conjugate_times(_on_circle(r), t)

    def moduli(self, vectors: Tensor) -> Tensor:
        """Return the length of each complex number: `(..., dim)` -> `(..., dim / 2)`."""
        return complex_moduli(vectors)

    def relation_moduli(self, vectors: Tensor) -> Tensor:
        """Return zeros: an angle has no size that could be lowered."""
        return vectors * 0

    def start_relations(self, count: int, draw: torch.Generator) -> Tensor:
        """Return angles anywhere in a full turn: `(count, dim / 2)`."""
        return (torch.rand((count, self.relation_width), generator=draw) * 2 - 1) * math.pi


def _on_circle(angles: Tensor) -> Tensor:
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


_DISTANCES: dict[str, Comparison] = {
    "euclidean": Euclidean(),
    "moduli": Moduli(),
    "squared": SquaredEuclidean(),
}
