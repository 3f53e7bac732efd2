"""Vectors of one space to another by the nearest rotation, for equal and unequal widths."""

from __future__ import annotations

import torch
from torch import Tensor

from lichen.alignment.aligner import Aligner, pairs
from lichen.alignment.vectors import Vectors


class ProcrustesAligner(Aligner):
    """Turn source vectors into the target space without stretching them.

    Both sides are centred; then one rotation, or for unequal widths one matrix with orthonormal
    rows or columns, is all there is to fit.

    Use when pairs are about a thousand or fewer, or the two spaces are known to have one shape,
    such as two trainings of one graph. With thousands of pairs the others recall more.

    Shapes: source `(..., source_dim)`, target `(..., target_dim)` -> `(..., target_dim)`.
    Cost: one `(source_dim, target_dim)` product a vector.

    Args:
        source_dim: width of the vectors of one side.
        target_dim: width of those of the other.

    Raises:
        ConfigError: a width is not positive.
    """

    PAPER = "Schönemann, 1966, Psychometrika 31(1); Xing et al., 2015, NAACL (for embeddings)"
    NAME = "procrustes"
    rotation: Tensor
    source_mean: Tensor
    target_mean: Tensor

    def __init__(self, source_dim: int, target_dim: int) -> None:
        super().__init__(source_dim, target_dim)
        self.register_buffer("rotation", torch.eye(source_dim, target_dim))
        self.register_buffer("source_mean", torch.zeros(source_dim))
        self.register_buffer("target_mean", torch.zeros(target_dim))

    def fit(self, source: Vectors, target: Vectors) -> ProcrustesAligner:
        """Set the rotation and both centres from pairs, as in `Aligner.fit`."""
        source, target = self.pairs(source, target)
        self.source_mean.copy_(source.mean(0))
        self.target_mean.copy_(target.mean(0))
        self.rotation.copy_(procrustes(source - source.mean(0), target - target.mean(0)))
        return self

    def map_source(self, vectors: Tensor) -> Tensor:
        """Return source vectors, centred and turned."""
        return (vectors - self.source_mean) @ self.rotation

    def map_target(self, vectors: Tensor) -> Tensor:
        """Return target vectors, centred."""
        return vectors - self.target_mean


def procrustes(source: Vectors, target: Vectors) -> Tensor:
    """Return the rotation that brings source vectors nearest to their targets.

    Args:
        source: `(pairs, source_dim)`.
        target: `(pairs, target_dim)`.

    Returns:
        `(source_dim, target_dim)`; `source @ rotation` is compared with `target`. Orthogonal for
        equal widths; else the shorter of its sides is orthonormal.

    Raises:
        ShapeError: the arrays are not pairs.
        DataError: there is no pair, or a number is not finite.

    References:
        Schönemann, 1966, Psychometrika 31(1); Xing et al., 2015, NAACL (for embeddings).

    >>> turn = torch.tensor([[0.0, 1.0], [-1.0, 0.0]])
    >>> bool(torch.allclose(procrustes(torch.eye(2), torch.eye(2) @ turn), turn))
    True
    """
    source, target = pairs(source, target)
    cross = source.double().T @ target.double()
    left, _, right = torch.linalg.svd(cross, full_matrices=False)
    rotation: Tensor = left @ right
    return rotation.to(source.dtype)
