"""Features and classes to a regularised logistic regression, and that to probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from lichen.base import check
from lichen.base.errors import ShapeError

Floats = NDArray[np.float64]
STEPS = 200
"""Most steps of the quasi-Newton method; it ends when the gradient is nearly 0."""


@dataclass(frozen=True)
class Logistic:
    """A fitted logistic regression."""

    weights: Floats
    """`(features, classes)`"""
    offset: Floats
    """`(classes,)`"""

    def predict(self, features: Floats) -> Floats:
        """Return class probabilities: `(samples, features)` -> `(samples, classes)`."""
        logits = features @ self.weights + self.offset
        logits -= logits.max(axis=1, keepdims=True)
        odds = np.exp(logits)
        out: Floats = odds / odds.sum(axis=1, keepdims=True)
        return out


def fit_logistic(
    features: Floats, truth: NDArray[np.int64], *, num_classes: int, l2: float
) -> Logistic:
    """Fit a multinomial logistic regression; the loss is convex, so the result is the optimum.

    Args:
        features: `(samples, features)`.
        truth: `(samples,)` class ids; a class that does not occur only loses weight.
        num_classes: how many classes there are.
        l2: weight of half the squared weights beside the mean cross-entropy; not of the offset.

    Returns:
        The regression.

    Raises:
        ShapeError: features and truth do not belong together.
        ConfigError: `l2` is negative.

    >>> x = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> fit_logistic(x, np.array([0, 0, 1, 1]), num_classes=2, l2=0.01).predict(x).argmax(1)
    array([0, 0, 1, 1])
    """
    check.between("logistic.l2", l2, 0.0, 1e9)
    if features.ndim != 2 or truth.shape != (len(features),):
        raise ShapeError(
            "logistic: features and truth must be (samples, features) and (samples,); got "
            f"{features.shape} and {truth.shape}."
        )
    x, y = torch.from_numpy(features.astype(np.float64)), torch.from_numpy(truth)
    weights = torch.zeros((x.shape[1], num_classes), dtype=torch.float64, requires_grad=True)
    offset = torch.zeros(num_classes, dtype=torch.float64, requires_grad=True)
    solver = torch.optim.LBFGS([weights, offset], max_iter=STEPS, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        solver.zero_grad()
        loss = torch.nn.functional.cross_entropy(x @ weights + offset, y)
        loss = loss + 0.5 * l2 * weights.square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    solver.step(closure)  # type: ignore[no-untyped-call]
    return Logistic(weights.detach().numpy(), offset.detach().numpy())
