"""Scores of liked and other pairs to the area under the ROC curve, with what each example adds."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lichen.base.errors import DataError, ShapeError

Floats = NDArray[np.float64]


def auc(scores: ArrayLike, labels: ArrayLike) -> float:
    """Return the chance that a positive example scores above a negative one; a tie counts half.

    Args:
        scores: `(examples,)`; higher is more likely positive.
        labels: `(examples,)` of 0 and 1.

    Raises:
        ShapeError: the shapes differ.
        DataError: a score is NaN, or all examples are of one class.

    >>> auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    0.75
    """
    values, positive = _checked(scores, labels)
    return float(_placements(values, positive)[positive].mean())


def auc_parts(scores: ArrayLike, labels: ArrayLike) -> Floats:
    """Return each example's part in the AUC, `(examples,)`; the mean of all parts is the AUC.

    A positive's part comes from the share of negatives below it, a negative's from the share of
    positives above it, both weighted so that each class counts half. The parts of two systems
    on the same examples can be compared by `lichen.evaluation.paired`.

    Args:
        scores: `(examples,)`; higher is more likely positive.
        labels: `(examples,)` of 0 and 1.

    Raises:
        ShapeError: the shapes differ.
        DataError: a score is NaN, or all examples are of one class.

    References:
        DeLong et al., 1988, Biometrics 44 (the placements as the parts of a paired test).

    >>> auc_parts([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    array([1. , 0.5, 0.5, 1. ])
    """
    values, positive = _checked(scores, labels)
    share = np.where(positive, positive.mean(), 1.0 - positive.mean())
    parts: Floats = _placements(values, positive) / (2.0 * share)
    return parts


def _checked(scores: ArrayLike, labels: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
    values, classes = np.asarray(scores, dtype=np.float64), np.asarray(labels)
    if values.shape != classes.shape or values.ndim != 1:
        raise ShapeError(
            "scores and labels must both have shape (examples,); got "
            f"{values.shape} and {classes.shape}."
        )
    if np.isnan(values).any():
        row = int(np.flatnonzero(np.isnan(values))[0])
        raise DataError(f"scores must not hold NaN; row {row} does. Score every example.")
    positive = classes.astype(np.int64) == 1
    if positive.all() or not positive.any():
        only = "none" if not len(positive) else "1" if positive.all() else "0"
        raise DataError(
            f"labels must hold both classes, 0 and 1; found only {only}. AUC compares the two: "
            "add examples of the other."
        )
    return values, positive


def _placements(values: Floats, positive: NDArray[np.bool_]) -> Floats:
    """Return of each example the share of the other class on its right side, ties half."""
    low, high = np.sort(values[~positive]), np.sort(values[positive])
    below = _share_below(values, low)
    above = 1.0 - _share_below(values, high)
    return np.where(positive, below, above)


def _share_below(values: Floats, among: Floats) -> Floats:
    num_below = np.searchsorted(among, values, side="left")
    num_up_to = np.searchsorted(among, values, side="right")
    share: Floats = (num_below + num_up_to) / (2.0 * len(among))
    return share
