"""Vectors of two spaces to the directions that both share: ridge canonical correlations."""

from __future__ import annotations

import torch
from torch import Tensor

from lichen.alignment.aligner import Aligner
from lichen.alignment.vectors import Vectors
from lichen.base import check


class SharedAligner(Aligner):
    """Map both sides into one space made of what they have in common.

    Canonical correlation analysis in closed form: pairs of directions, one a side, whose
    coordinates correlate most. Each is weighted by its correlation to a power, so that what the
    two sides do not share counts little.

    Use as the first choice between texts and entities: exact, seconds, no learning rate.
    `ContrastiveAligner` may find more with many pairs.

    Shapes: source `(..., source_dim)`, target `(..., target_dim)` -> `(..., dim)`, where dim is
    at most either width.
    Cost: two eigendecompositions and one singular value decomposition of the widths.

    Args:
        source_dim: width of the vectors of one side.
        target_dim: width of those of the other.
        dim: numbers of the common space; fewer when a side is narrower.
        ridge: share of each side's mean variance added to every direction.
        power: of the correlation, as weight.

    Raises:
        ConfigError: a width or a setting is out of its bounds.

    References:
        Hotelling, 1936, Biometrika 28; Vinod, 1976, J. Econometrics 4 (ridge); Gong et al.,
        2014, arXiv:1212.4522 (the power).
    """

    PAPER = "Hotelling, 1936, Biometrika 28 (CCA); Gong et al., 2014, arXiv:1212.4522 (weights)"
    NAME = "shared"
    source_map: Tensor
    target_map: Tensor
    source_mean: Tensor
    target_mean: Tensor

    def __init__(
        self,
        source_dim: int,
        target_dim: int,
        *,
        dim: int = 256,
        ridge: float = 0.1,
        power: float = 1.0,
    ) -> None:
        super().__init__(source_dim, target_dim, dim=dim, ridge=ridge, power=power)
        check.whole("aligner.dim", dim, 1, 1_000_000)
        check.between("aligner.ridge", ridge, 1e-9, 1e9)
        check.between("aligner.power", power, 0.0, 100.0)
        width = min(dim, source_dim, target_dim)
        self.ridge, self.power = ridge, power
        self.register_buffer("source_map", torch.eye(source_dim, width))
        self.register_buffer("target_map", torch.eye(target_dim, width))
        self.register_buffer("source_mean", torch.zeros(source_dim))
        self.register_buffer("target_mean", torch.zeros(target_dim))

    def fit(self, source: Vectors, target: Vectors) -> SharedAligner:
        """Set both maps from pairs, as in `Aligner.fit`."""
        source, target = self.pairs(source, target)
        x, y = source.double(), target.double()
        self.source_mean.copy_(x.mean(0))
        self.target_mean.copy_(y.mean(0))
        x, y = x - x.mean(0), y - y.mean(0)
        white_x, white_y = self._whitening(x), self._whitening(y)
        left, shared, right = torch.linalg.svd(
            white_x @ (x.T @ y / len(x)) @ white_y, full_matrices=False
        )
        width = self.source_map.shape[1]
        weight = shared[:width].clamp_min(0) ** self.power
        self.source_map.copy_(white_x @ left[:, :width] * weight)
        self.target_map.copy_(white_y @ right.T[:, :width] * weight)
        return self

    def _whitening(self, centred: Tensor) -> Tensor:
        """Return the inverse square root of the covariance with its ridge."""
        covariance = centred.T @ centred / len(centred)
        more = self.ridge * covariance.diagonal().mean().clamp_min(1e-12)
        values, vectors = torch.linalg.eigh(covariance)
        inverse: Tensor = (vectors * (values.clamp_min(0) + more).rsqrt()) @ vectors.T
        return inverse

    def map_source(self, vectors: Tensor) -> Tensor:
        """Return source vectors in the common space."""
        return (vectors - self.source_mean) @ self.source_map

    def map_target(self, vectors: Tensor) -> Tensor:
        """Return target vectors in the common space."""
        return (vectors - self.target_mean) @ self.target_map
