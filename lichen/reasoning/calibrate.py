"""From readings to a probability of being right, and the threshold below which to abstain."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lichen.base import check
from lichen.reasoning.decode import Reading

FEATURES = ("bias", "log_p", "margin", "log_none", "log_empty", "link", "inexact")
RIDGE = 1e-2
SURE = 0.35
"""Probability of being right below which a question is abstained from: the largest on a grid of .01
that gives up at most 4.5 % of the answerable validation questions of three deals."""
CLOSE = 12.0
"""Log odds past this do not matter."""


def features_of(
    readings: Sequence[Reading], link: float, *, is_exact: bool = True
) -> NDArray[np.float64]:
    """Return what the confidence in the best executable reading depends on.

    Args:
        readings: the likeliest first.
        link: the lowest score of the mentions used, 0 to 1.
        is_exact: whether each of them is spelt as a name of its entity.

    Returns:
        `(features,)`, in the order of `FEATURES`.
    """
    able = [r.log_p for r in readings if r.is_executable]
    none = [r.log_p for r in readings if r.query is None]
    empty = [r.log_p for r in readings if r.query is not None and not r.is_executable]
    best = able[0] if able else -CLOSE
    second = able[1] if len(able) > 1 else -CLOSE
    return np.array(
        [
            1.0,
            max(best, -CLOSE),
            min(best - second, CLOSE),
            max(none[0] if none else -CLOSE, -CLOSE),
            max(empty[0] if empty else -CLOSE, -CLOSE),
            math.log(max(link, 1e-3)),
            float(not is_exact),
        ]
    )


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Logistic weights over `FEATURES`, and the confidence from which to answer."""

    weights: tuple[float, ...] = (1.0, 1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
    threshold: float = SURE

    def confidence(self, features: ArrayLike) -> float:
        """Return the probability that the best executable reading is right."""
        odds = float(np.dot(np.asarray(self.weights), np.asarray(features)))
        return 1.0 / (1.0 + math.exp(-max(min(odds, 30.0), -30.0)))


def calibrate(
    features: ArrayLike, is_right: ArrayLike, *, threshold: float = SURE, steps: int = 50
) -> Calibration:
    """Fit the confidence on validation questions.

    Args:
        features: `(questions, features)`.
        is_right: `(questions,)` bool: whether answering would have been right; False for every
            question without an answer.
        threshold: probability of being right from which to answer, 0 to 1.
        steps: Newton steps of the logistic fit.

    Returns:
        Weights and threshold.

    Raises:
        ConfigError: `threshold` is out of range.
    """
    check.between("calibration.threshold", threshold, 0.0, 1.0)
    x, y = np.asarray(features, dtype=np.float64), np.asarray(is_right, dtype=np.float64)
    if len(y) == 0 or y.min() == y.max():
        return Calibration(threshold=threshold)
    weights = np.zeros(x.shape[1])
    for _ in range(steps):
        p = 1.0 / (1.0 + np.exp(-np.clip(x @ weights, -30, 30)))
        slope = x.T @ (p - y) + RIDGE * weights
        curve = (x * (p * (1 - p))[:, None]).T @ x + RIDGE * np.eye(x.shape[1])
        weights -= np.linalg.solve(curve, slope)
    return Calibration(weights=tuple(weights.tolist()), threshold=threshold)
