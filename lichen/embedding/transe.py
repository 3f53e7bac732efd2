"""TransE: head, relation and tail vectors to a score, by the distance that a translation misses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from lichen.base.errors import ConfigError


@dataclass(frozen=True)
class TransE:
    """Score a fact by minus the distance from h + r to t.

    Use when vectors must be readable as positions, or as a baseline. It cannot hold a symmetric
    relation without r = 0, nor many tails of one head apart.

    Shapes: h, r, t `(..., dim)` -> `(...)`, never above 0.
    Cost: 2 * dim additions a fact. All tails: one matrix product under the L2 norm; under L1
    `batch * entities * dim` additions that no matrix product shortens.

    Raises:
        ConfigError: `norm` is neither 1 nor 2.
    """

    norm: int = 1
    """1 sums absolute differences, 2 takes the Euclidean distance."""
    PAPER: ClassVar[str | None] = "Bordes et al., 2013, NeurIPS 26"
    is_bilinear: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Refuse other norms."""
        if self.norm not in (1, 2):
            raise ConfigError(f"norm must be 1 or 2; got {self.norm!r}.")

    def entity_width(self, dim: int) -> int:
        """Return `dim`."""
        return dim

    def relation_width(self, dim: int) -> int:
        """Return `dim`."""
        return dim

    def score(self, h: Tensor, r: Tensor, t: Tensor) -> Tensor:
        """Score facts one by one: `(..., dim)` each -> `(...)`."""
        distance: Tensor = torch.linalg.vector_norm(t - h - r, ord=self.norm, dim=-1)
        return -distance

    def score_tails(self, h: Tensor, r: Tensor, entities: Tensor) -> Tensor:
        """Score every entity as tail: `(batch, dim)` each -> `(batch, entities)`."""
        return self._all(h + r, entities)

    def score_heads(self, r: Tensor, t: Tensor, entities: Tensor) -> Tensor:
        """Score every entity as head: `(batch, dim)` each -> `(batch, entities)`."""
        return self._all(self.implied_head(r, t), entities)

    def interaction(self, h: Tensor, t: Tensor) -> Tensor:
        """Return t - h: the score is minus the distance from it to r."""
        return t - h

    def implied_head(self, r: Tensor, t: Tensor) -> Tensor:
        """Return t - r, the point at which the head scores highest."""
        return t - r

    def moduli(self, vectors: Tensor) -> Tensor:
        """Return the absolute values."""
        return vectors.abs()

    def _all(self, points: Tensor, entities: Tensor) -> Tensor:
        if self.norm == 1:
            return -torch.cdist(points, entities, p=1.0)
        squares = points.square().sum(-1, keepdim=True) + entities.square().sum(-1)
        return -(squares - 2 * points @ entities.T).clamp_min(_TINY).sqrt()


_TINY = 1e-12  # keeps the gradient of the square root finite at 0
