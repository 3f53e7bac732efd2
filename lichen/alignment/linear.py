"""Vectors of one space to vectors of another, by one matrix fitted to pairs or learned."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lichen.alignment.aligner import Aligner
from lichen.alignment.vectors import Vectors
from lichen.base import check


class LinearAligner(Aligner):
    """Map source vectors into the target space by a matrix and an offset.

    Fit it to pairs by ridge regression, or learn it inside a model. The target space stays as it
    is.

    Use when the target vectors must not move, as inside a fused model, and thousands of pairs are
    at hand. With few, use `ProcrustesAligner`, which has little freedom to overfit.

    Shapes: `(..., source_dim)` -> `(..., target_dim)`.
    Cost: one `(source_dim, target_dim)` product a vector.

    Args:
        source_dim: width of what comes in.
        target_dim: width of what goes out.
        ridge: weight of the penalty on the matrix, relative to the mean source variance.

    Raises:
        ConfigError: a width is not positive, or `ridge` is out of its bounds.
    """

    PAPER = "Mikolov et al., 2013, arXiv:1309.4168"
    NAME = "linear"

    def __init__(self, source_dim: int, target_dim: int, *, ridge: float = 1e-3) -> None:
        super().__init__(source_dim, target_dim, ridge=ridge)
        check.between("aligner.ridge", ridge, 0.0, 1e9)
        self.ridge = ridge
        self.map = nn.Linear(source_dim, target_dim)
        nn.init.orthogonal_(self.map.weight)
        nn.init.zeros_(self.map.bias)

    def map_source(self, vectors: Tensor) -> Tensor:
        """Return the vectors in the target space."""
        out: Tensor = self.map(vectors)
        return out

    def map_target(self, vectors: Tensor) -> Tensor:
        """Return the vectors as they are."""
        return vectors

    @torch.no_grad()
    def fit(self, source: Vectors, target: Vectors, *, ridge: float | None = None) -> LinearAligner:
        """Set the map to the least squares solution over pairs.

        Args:
            source: `(pairs, source_dim)`.
            target: `(pairs, target_dim)`.
            ridge: weight of the penalty; None is the aligner's own.

        Returns:
            This aligner.

        Raises:
            ShapeError: the arrays are not pairs of these widths.
            DataError: there is no pair, or a number is not finite.
        """
        source, target = self.pairs(source, target)
        x, y = source.double(), target.double()
        x0, y0 = x.mean(0), y.mean(0)
        square = (x - x0).T @ (x - x0)
        weight_of_penalty = self.ridge if ridge is None else ridge
        penalty = weight_of_penalty * square.diagonal().mean().clamp(min=1e-12)
        square = square + penalty * torch.eye(len(square), dtype=x.dtype, device=x.device)
        weight = torch.linalg.solve(square, (x - x0).T @ (y - y0)).T
        self.map.weight.copy_(weight)
        self.map.bias.copy_(y0 - weight @ x0)
        return self
