"""Confidence against truth: from class probabilities to reliability and calibration error."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lichen.base.errors import DataError, ShapeError

Floats = NDArray[np.float64]


class Reliability(NamedTuple):
    """What came of each band of confidence; arrays of shape `(bins,)`."""

    confidence: Floats
    """Mean confidence in the band; the band's middle where it is empty."""
    accuracy: Floats
    """Share of right predictions in the band; 0 where it is empty."""
    num_examples: NDArray[np.int64]
    """Examples in the band."""


def reliability(probabilities: ArrayLike, truth: ArrayLike, *, bins: int = 15) -> Reliability:
    """Group predictions by confidence and say how often each group is right.

    Args:
        probabilities: `(examples, classes)`; each row sums to 1.
        truth: `(examples,)` class ids.
        bins: how many bands of equal width between 0 and 1; a band holds its upper bound.

    Returns:
        Confidence, accuracy and number of examples of each band.

    Raises:
        ShapeError: the shapes do not fit.
        DataError: a probability is outside 0 to 1 or NaN, or rows do not sum to 1.

    >>> reliability([[0.9, 0.1], [0.6, 0.4]], [0, 1], bins=2).accuracy
    array([0. , 0.5])
    """
    chances, labels = np.asarray(probabilities, dtype=np.float64), np.asarray(truth)
    if chances.ndim != 2 or labels.shape != chances.shape[:1]:
        raise ShapeError(
            "probabilities must have shape (examples, classes) and truth (examples,); got "
            f"{chances.shape} and {labels.shape}."
        )
    if not len(chances):
        raise DataError("probabilities must hold at least one example; got none.")
    bad = ~((chances >= 0) & (chances <= 1 + 1e-6)).all(axis=1)
    bad |= np.abs(chances.sum(axis=1) - 1) > 1e-3
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(
            f"probabilities[{row}] must lie between 0 and 1 and sum to 1; got {chances[row]}. "
            "Pass probabilities, not logits."
        )
    best = chances.max(axis=1)
    right = chances.argmax(axis=1) == labels
    band = np.clip(np.ceil(best * bins).astype(np.int64) - 1, 0, bins - 1)
    count = np.bincount(band, minlength=bins)
    some = np.maximum(count, 1)
    middle = (np.arange(bins) + 0.5) / bins
    mean = np.bincount(band, weights=best, minlength=bins) / some
    return Reliability(
        np.where(count > 0, mean, middle),
        np.bincount(band, weights=right, minlength=bins) / some,
        count,
    )


def calibration_error(probabilities: ArrayLike, truth: ArrayLike, *, bins: int = 15) -> float:
    """Return the expected calibration error: mean gap of confidence and accuracy, 0 to 1.

    Args:
        probabilities: `(examples, classes)`; each row sums to 1.
        truth: `(examples,)` class ids.
        bins: how many bands of equal width.

    Returns:
        The error, 0 to 1.

    References:
        Guo et al., 2017, arXiv:1706.04599, section 2.

    >>> round(calibration_error([[0.9, 0.1], [0.6, 0.4]], [0, 1], bins=10), 3)
    0.35
    """
    found = reliability(probabilities, truth, bins=bins)
    gap = np.abs(found.confidence - found.accuracy)
    return float((gap * found.num_examples).sum() / found.num_examples.sum())
