"""Vectors of one space to vectors of another, by one matrix fitted to pairs or learned."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lichen.base.errors import DataError, ShapeError


class LinearAligner(nn.Module):
    """Map vectors of one space into another by a matrix and an offset.

    Fit it to pairs by ridge regression, or learn it inside a model.

    Use when thousands of pairs are at hand. With few, fit a rotation by `procrustes`, which has
    no freedom to overfit.

    Shapes: `(..., source_dim)` -> `(..., target_dim)`.
    Cost: one `(source_dim, target_dim)` product a vector.

    Args:
        source_dim: width of what comes in.
        target_dim: width of what goes out.
    """

    PAPER = "Mikolov et al., 2013, arXiv:1309.4168"

    def __init__(self, source_dim: int, target_dim: int) -> None:
        super().__init__()
        self.map = nn.Linear(source_dim, target_dim)
        nn.init.orthogonal_(self.map.weight)
        nn.init.zeros_(self.map.bias)

    def forward(self, vectors: Tensor) -> Tensor:
        """Return the vectors in the target space."""
        out: Tensor = self.map(vectors)
        return out

    @torch.no_grad()
    def fit(self, source: Tensor, target: Tensor, *, ridge: float = 1e-3) -> LinearAligner:
        """Set the map to the least squares solution over pairs.

        Args:
            source: `(pairs, source_dim)`.
            target: `(pairs, target_dim)`.
            ridge: weight of the penalty on the matrix, relative to the mean source variance.

        Returns:
            This aligner.

        Raises:
            ShapeError: the arrays are not pairs of these widths.
            DataError: there is no pair, or a number is not finite.
        """
        check_pairs(source, target)
        want = (self.map.in_features, self.map.out_features)
        if (source.shape[1], target.shape[1]) != want:
            raise ShapeError(
                f"aligner: pairs must have widths {want}; got {(source.shape[1], target.shape[1])}."
            )
        x, y = source.double(), target.double()
        x0, y0 = x.mean(0), y.mean(0)
        square = (x - x0).T @ (x - x0)
        penalty = ridge * square.diagonal().mean().clamp(min=1e-12)
        square = square + penalty * torch.eye(len(square), dtype=x.dtype, device=x.device)
        weight = torch.linalg.solve(square, (x - x0).T @ (y - y0)).T
        self.map.weight.copy_(weight)
        self.map.bias.copy_(y0 - weight @ x0)
        return self


def procrustes(source: Tensor, target: Tensor) -> Tensor:
    """Return the rotation that brings source vectors nearest to their targets.

    Args:
        source: `(pairs, dim)`.
        target: `(pairs, dim)`.

    Returns:
        `(dim, dim)` orthogonal; `source @ rotation` is compared with `target`.

    Raises:
        ShapeError: the arrays are not pairs, or differ in width.
        DataError: there is no pair, or a number is not finite.

    References:
        Schönemann, 1966, Psychometrika 31(1); Xing et al., 2015, NAACL (for embeddings).

    >>> turn = torch.tensor([[0.0, 1.0], [-1.0, 0.0]])
    >>> bool(torch.allclose(procrustes(torch.eye(2), torch.eye(2) @ turn), turn))
    True
    """
    check_pairs(source, target)
    if source.shape[1] != target.shape[1]:
        raise ShapeError(
            f"procrustes: both sides must have one width; got {source.shape[1]} and "
            f"{target.shape[1]}. Use LinearAligner.fit."
        )
    left, _, right = torch.linalg.svd(source.double().T @ target.double())
    rotation: Tensor = left @ right
    return rotation.to(source.dtype)


def check_pairs(source: Tensor, target: Tensor) -> None:
    """Refuse arrays that are not rows of finite pairs.

    Raises:
        ShapeError: they are not two matrices of one length.
        DataError: there is no pair, or a number is not finite.
    """
    if source.ndim != 2 or target.ndim != 2 or len(source) != len(target):
        raise ShapeError(
            f"aligner: pairs must be two matrices of one length; got {tuple(source.shape)} and "
            f"{tuple(target.shape)}."
        )
    if not len(source):
        raise DataError("aligner: at least one pair is needed, got none.")
    if not (torch.isfinite(source).all() and torch.isfinite(target).all()):
        raise DataError("aligner: every number must be finite; got NaN or infinity.")
