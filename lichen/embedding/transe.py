"""TransE: head, relation and tail vectors to a score, by the distance that a translation misses."""

from __future__ import annotations

from torch import Tensor

from lichen.base.errors import ConfigError
from lichen.embedding.compare import Comparison, Euclidean, Manhattan, SquaredEuclidean
from lichen.embedding.scorer import Scorer


class TransE(Scorer):
    """Score a fact by minus the distance from h + r to t.

    Use when vectors must be readable as positions, or as a baseline. It cannot hold a symmetric
    relation without r = 0, nor many tails of one head apart.

    Shapes: h, r, t `(..., dim)` -> `(...)`, never above 0.
    Cost: 2 * dim additions a fact. All tails: one matrix product under the L2 norm; under L1
    `batch * entities * dim` additions that no matrix product shortens.

    Args:
        dim: numbers an entity.
        norm: 1 sums absolute differences, 2 takes the Euclidean distance.
        squared: whether that distance is squared, which ranks alike and trains better with a
            `max_norm`.

    Raises:
        ConfigError: `norm` is neither 1 nor 2, or `squared` comes with 1.

    References:
        Bordes et al., 2013, NeurIPS 26.
    """

    def __init__(self, dim: int, *, norm: int = 1, squared: bool = False) -> None:
        super().__init__(dim)
        if norm not in (1, 2):
            raise ConfigError(f"norm must be 1 or 2; got {norm!r}.")
        if squared and norm != 2:
            raise ConfigError("norm must be 2 for a squared distance; got 1.")
        self.norm, self.squared = norm, squared
        self.comparison: Comparison = Manhattan()
        if norm == 2:
            self.comparison = SquaredEuclidean() if squared else Euclidean()

    def extra_repr(self) -> str:
        """Show the settings."""
        return f"dim={self.dim}, norm={self.norm}" + (", squared=True" if self.squared else "")

    def tail_query(self, h: Tensor, r: Tensor) -> Tensor:
        """Return h + r."""
        return h + r

    def head_query(self, r: Tensor, t: Tensor) -> Tensor:
        """Return t - r, the point at which the head scores highest."""
        return t - r
