"""Class predictions: from true and predicted class ids to accuracy, confusion and macro F1."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lichen.base.errors import DataError, ShapeError


def _pair(truth: ArrayLike, predicted: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    first, second = np.asarray(truth), np.asarray(predicted)
    if first.ndim != 1 or first.shape != second.shape:
        raise ShapeError(
            f"truth and predicted must both have shape (examples,); got {first.shape} and "
            f"{second.shape}."
        )
    if not len(first):
        raise DataError("truth must hold at least one example; got none.")
    for name, ids in (("truth", first), ("predicted", second)):
        if not np.issubdtype(ids.dtype, np.integer) or ids.min() < 0:
            raise DataError(f"{name} must hold class ids from 0 up; got {ids.dtype} {ids[:3]}...")
    return first.astype(np.int64), second.astype(np.int64)


def accuracy(truth: ArrayLike, predicted: ArrayLike) -> float:
    """Return the share of examples whose class is right, 0 to 1.

    Args:
        truth: `(examples,)` class ids.
        predicted: `(examples,)` class ids.

    Returns:
        The accuracy.

    Raises:
        ShapeError: the shapes differ.
        DataError: there is no example, or an id is negative or not whole.

    >>> accuracy([0, 1, 1, 0], [0, 1, 0, 0])
    0.75
    """
    first, second = _pair(truth, predicted)
    return float(np.mean(first == second))


def confusion(
    truth: ArrayLike, predicted: ArrayLike, *, num_classes: int | None = None
) -> NDArray[np.int64]:
    """Count examples by true class (row) and predicted class (column).

    Args:
        truth: `(examples,)` class ids.
        predicted: `(examples,)` class ids.
        num_classes: how many classes there are; None takes the largest id seen.

    Returns:
        `(classes, classes)` counts.

    Raises:
        DataError: an id is not below `num_classes`.

    >>> confusion([0, 1, 1, 0], [0, 1, 0, 0])
    array([[2, 0],
           [1, 1]])
    """
    first, second = _pair(truth, predicted)
    most = int(max(first.max(), second.max()))
    size = most + 1 if num_classes is None else num_classes
    if most >= size:
        raise DataError(f"class ids must be below num_classes = {size}; got {most}.")
    return np.bincount(first * size + second, minlength=size * size).reshape(size, size)


def macro_f1(truth: ArrayLike, predicted: ArrayLike, *, num_classes: int | None = None) -> float:
    """Return the F1 of each class, averaged over the classes that occur, 0 to 1.

    A class that is neither true nor predicted anywhere has no F1 and is left out.

    Args:
        truth: `(examples,)` class ids.
        predicted: `(examples,)` class ids.
        num_classes: how many classes there are; None takes the largest id seen.

    Returns:
        The mean F1.

    >>> round(macro_f1([0, 1, 1, 0], [0, 1, 0, 0]), 4)
    0.7333
    """
    counts = confusion(truth, predicted, num_classes=num_classes)
    hits, total = np.diag(counts), counts.sum(axis=0) + counts.sum(axis=1)
    occurs = total > 0
    return float(np.mean(2 * hits[occurs] / total[occurs]))
