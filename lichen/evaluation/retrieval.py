"""Vectors of two sides, paired by row, to ranks of the right partner and recall@k."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lichen.base import check
from lichen.base.errors import DataError, ShapeError
from lichen.evaluation.ranks import rank_of_truth

BLOCK = 4_000_000
"""Similarities in memory at once."""


def partner_ranks(
    source: ArrayLike,
    target: ArrayLike,
    *,
    truth: ArrayLike | None = None,
    hubness: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """Rank each source vector's partner among all targets by cosine; 1 is best.

    Ties share their average rank, so vectors that are all alike land in the middle.

    Args:
        source: `(queries, dim)`.
        target: `(candidates, dim)`.
        truth: `(queries,)` row of the partner in `target`; None pairs them row by row, and
            targets beyond the sources are further candidates.
        hubness: `(candidates,)` each target's mean cosine to its nearest sources; half of it is
            taken off its cosines, which is the order of CSLS. None takes nothing off.

    Returns:
        `(queries,)` ranks from 1 to the number of candidates.

    Raises:
        ShapeError: the arrays do not fit.
        DataError: a number is not finite, or a partner is no row of `target`.

    References:
        Lample et al., 2018, arXiv:1710.04087 (CSLS).

    >>> partner_ranks([[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.1], [1.0, 0.0]])
    array([2., 2.])
    """
    one, other = _unit("source", source), _unit("target", target)
    rows = np.arange(len(one)) if truth is None else np.asarray(truth, dtype=np.int64)
    if one.shape[1] != other.shape[1] or rows.shape != (len(one),):
        raise ShapeError(
            "retrieval: source and target must be of one width, with a partner a source; got "
            f"{one.shape}, {other.shape} and {rows.shape}."
        )
    if len(rows) and not 0 <= rows.min() <= rows.max() < len(other):
        raise DataError(
            f"retrieval: each partner must be a row from 0 to {len(other) - 1} of the target; "
            f"got {rows.min()} to {rows.max()}."
        )
    off = np.zeros(len(other)) if hubness is None else np.asarray(hubness, dtype=np.float64) / 2
    if off.shape != (len(other),):
        raise ShapeError(f"hubness must have shape ({len(other)},); got {off.shape}.")
    step = max(1, BLOCK // max(len(other), 1))
    ranks = [np.empty(0)]
    for start in range(0, len(one), step):
        part = slice(start, start + step)
        scores = one[part] @ other.T - off.astype(np.float32)
        ranks.append(rank_of_truth(scores, rows[part]))
    return np.concatenate(ranks)


def recall(
    source: ArrayLike,
    target: ArrayLike,
    *,
    k: Sequence[int] = (1, 10),
    truth: ArrayLike | None = None,
) -> dict[int, float]:
    """Return the share of source vectors whose partner is among the k nearest targets.

    Args:
        source: `(queries, dim)`, such as vectors of texts.
        target: `(candidates, dim)`, such as vectors of entities in the same space.
        k: how many of the nearest count.
        truth: as in `partner_ranks`.

    Returns:
        k to the share, 0 to 1; by cosine, ties realistic.

    Raises:
        ShapeError: the arrays do not fit.
        DataError: there is no source, a number is not finite, or a partner is missing.

    >>> recall([[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.1], [0.1, 1.0]], k=(1,))
    {1: 1.0}
    """
    for size in k:
        check.whole("k", size, 1, 2**31)
    ranks = partner_ranks(source, target, truth=truth)
    if not len(ranks):
        raise DataError("recall: at least one source vector is needed; got none.")
    return {int(size): float((ranks <= size).mean()) for size in k}


def _unit(name: str, vectors: ArrayLike) -> NDArray[np.float32]:
    table = np.asarray(vectors, dtype=np.float32)
    if table.ndim != 2:
        raise ShapeError(f"{name} must have shape (rows, dim); got {table.shape}.")
    bad = ~np.isfinite(table).all(axis=1)
    if bad.any():
        raise DataError(
            f"{name}[{int(bad.argmax())}] must hold finite numbers; it holds NaN or infinity."
        )
    length = np.linalg.norm(table, axis=1, keepdims=True)
    unit: NDArray[np.float32] = table / np.maximum(length, 1e-12)
    return unit
