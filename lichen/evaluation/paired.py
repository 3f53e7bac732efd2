"""Two systems on the same examples: from their scores to a difference, an interval, a p-value."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lichen.base import check
from lichen.base.errors import DataError, ShapeError

Floats = NDArray[np.float64]
CHUNK = 4_000_000
"""Random numbers drawn at a time."""


class Interval(NamedTuple):
    """A mean difference with the bounds of its confidence interval."""

    mean: float
    low: float
    high: float


def _difference(first: ArrayLike, second: ArrayLike) -> Floats:
    """Return first minus second, `(seeds, examples)`."""
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if a.shape != b.shape or a.ndim not in (1, 2):
        raise ShapeError(
            "first and second must have one shape, (examples,) or (seeds, examples); got "
            f"{a.shape} and {b.shape}."
        )
    if not a.size:
        raise DataError("first and second must hold at least one example; got none.")
    if np.isnan(a).any() or np.isnan(b).any():
        raise DataError("first and second must not hold NaN; score every example.")
    return np.atleast_2d(a - b)


def mcnemar(first: ArrayLike, second: ArrayLike) -> float:
    """Return the exact two-sided p-value that two classifiers are right equally often.

    Only the examples on which exactly one is right count; under the null each side of these
    is a fair coin.

    Args:
        first: `(examples,)` whether the first system is right.
        second: `(examples,)` whether the second system is right.

    Returns:
        The p-value, 0 to 1; 1 when the two never differ.

    Raises:
        ShapeError: the shapes differ or have two axes.

    References:
        McNemar, 1947, Psychometrika 12; the exact form is the binomial sign test.

    >>> mcnemar([1, 1, 1, 1, 1, 0], [0, 0, 0, 0, 0, 0])
    0.0625
    """
    difference = _difference(first, second)
    if len(difference) > 1:
        raise ShapeError(f"mcnemar takes one seed, (examples,); got {difference.shape}.")
    wins, losses = int((difference > 0).sum()), int((difference < 0).sum())
    num, fewer = wins + losses, min(wins, losses)
    if wins == losses:
        return 1.0
    logs = [_log_binomial(num, k) - num * math.log(2) for k in range(fewer + 1)]
    return min(1.0, 2 * math.fsum(map(math.exp, logs)))


def _log_binomial(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def permutation_test(
    first: ArrayLike, second: ArrayLike, *, num_draws: int = 10_000, seed: int = 0
) -> float:
    """Return the two-sided p-value that two systems score alike, by swapping them per example.

    With several seeds an example's difference is its mean over the seeds, and it is swapped
    as one, so the p-value speaks of new examples for these seeds.

    Args:
        first: `(examples,)` or `(seeds, examples)` scores of any kind.
        second: the same shape.
        num_draws: random swaps; the smallest p-value is 1 / (num_draws + 1).
        seed: of the swaps.

    Returns:
        The p-value, above 0 and at most 1.

    >>> permutation_test([1, 1, 1, 1, 0], [0, 1, 1, 1, 0])
    1.0
    """
    check.whole("permutation_test.num_draws", num_draws, 1, 100_000_000)
    mean = _difference(first, second).mean(axis=0)
    mean = mean[mean != 0]
    if not len(mean):
        return 1.0
    rng = np.random.default_rng(seed)
    reached, observed, left = 0, abs(mean.sum()) - 1e-9, num_draws
    while left:
        rows = min(left, max(1, CHUNK // len(mean)))
        signs = rng.integers(0, 2, (rows, len(mean)), dtype=np.int8) * 2.0 - 1.0
        reached += int((np.abs(signs @ mean) >= observed).sum())
        left -= rows
    return (1 + reached) / (1 + num_draws)


def bootstrap(
    first: ArrayLike,
    second: ArrayLike,
    *,
    level: float = 0.95,
    num_draws: int = 4000,
    seed: int = 0,
) -> Interval:
    """Return the mean difference and its interval over new examples and new seeds.

    Each draw takes examples with replacement, the same for both systems and all seeds, and
    one seed fewer than there are, with replacement. The one fewer makes the spread over few
    seeds unbiased; drawing all of them would understate it, by a third of the variance with
    three seeds.

    Args:
        first: `(examples,)` or `(seeds, examples)` scores of any kind.
        second: the same shape.
        level: of confidence, such as 0.95.
        num_draws: how many draws.
        seed: of the draws.

    Returns:
        Mean of first minus second, and the percentile bounds.

    References:
        Efron and Tibshirani, 1993, chapter 13 (percentile interval).
        Rao and Wu, 1988, JASA 83 (one unit fewer).

    >>> bootstrap([[1, 1, 1], [1, 1, 1]], [[0, 0, 0], [0, 0, 0]])
    Interval(mean=1.0, low=1.0, high=1.0)
    """
    check.between("bootstrap.level", level, 0.01, 0.9999)
    check.whole("bootstrap.num_draws", num_draws, 10, 100_000_000)
    difference = _difference(first, second)
    num_seeds, size = difference.shape
    rng = np.random.default_rng(seed)
    means: list[Floats] = []
    left = num_draws
    while left:
        rows = min(left, max(1, CHUNK // size))
        picks = rng.integers(0, size, (rows, size)) + np.arange(rows)[:, None] * size
        weights = np.bincount(picks.ravel(), minlength=rows * size).reshape(rows, size)
        per_seed = difference @ weights.T / size
        chosen = rng.integers(0, num_seeds, (max(1, num_seeds - 1), rows))
        means.append(np.take_along_axis(per_seed, chosen, axis=0).mean(axis=0))
        left -= rows
    tail = (1 - level) / 2
    low, high = np.quantile(np.concatenate(means), [tail, 1 - tail])
    return Interval(float(difference.mean()), float(low), float(high))
