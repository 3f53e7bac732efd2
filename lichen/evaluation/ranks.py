"""Scores of candidates to the rank of the right one, and ranks to MRR and Hits@k."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lichen.base import check
from lichen.base.choose import choose
from lichen.base.errors import DataError, ShapeError

Ties = Literal["realistic", "optimistic", "pessimistic"]
Ranks = NDArray[np.float64]

TIE_SHARE = {"optimistic": 0.0, "realistic": 0.5, "pessimistic": 1.0}
"""What an equal rival counts, by the rule for ties."""
MOST_DISTINCT = 300
"""Distinct values up to which the bootstrap draws each as it is."""


def rank_of_truth(
    scores: ArrayLike,
    truth: ArrayLike,
    *,
    hide: ArrayLike | None = None,
    ties: Ties = "realistic",
) -> Ranks:
    """Rank each correct answer among all candidates; 1 is best.

    By default ties share their average rank, so a model that scores everything alike lands in
    the middle instead of on top.

    Args:
        scores: `(queries, candidates)`; higher means more plausible.
        truth: `(queries,)`; column of the correct candidate in each row.
        hide: `(queries, candidates)`; True drops that candidate from the comparison, e.g. other
            known answers (the "filtered" setting). The correct one is never dropped.
        ties: "realistic" averages over equal scores, "optimistic" puts the correct candidate
            first among them, "pessimistic" last.

    Returns:
        `(queries,)` ranks between 1 and the number of candidates left.

    Raises:
        ShapeError: the arrays do not fit.
        DataError: a score is NaN, or a column lies outside; the message names the first such row.

    References:
        Berrendorf et al., 2020, arXiv:2002.06914 (the "realistic" rank).

    >>> rank_of_truth([[0.2, 0.9, 0.9, 0.1]], [1])
    array([1.5])
    """
    share = choose("ties", ties, TIE_SHARE)
    table = np.asarray(scores)
    columns = np.asarray(truth, dtype=np.int64)
    if table.ndim != 2 or columns.shape != table.shape[:1]:
        raise ShapeError(
            "scores must have shape (queries, candidates) and truth (queries,); "
            f"got {table.shape} and {columns.shape}."
        )
    if len(table) == 0:
        return np.empty(0)
    _refuse_bad_rows(table, columns)
    right = table[np.arange(len(table)), columns][:, None]
    above, equal = table > right, table == right
    if hide is not None:
        keep = ~np.asarray(hide, dtype=np.bool_)
        if keep.shape != table.shape:
            raise ShapeError(
                f"hide must have the shape of scores, {table.shape}; got {keep.shape}."
            )
        above &= keep
        equal &= keep
    equal[np.arange(len(table)), columns] = False
    ranks: Ranks = 1.0 + above.sum(axis=1) + share * equal.sum(axis=1)
    return ranks


def _refuse_bad_rows(table: NDArray[Any], columns: NDArray[np.int64]) -> None:
    outside = (columns < 0) | (columns >= table.shape[1])
    if outside.any():
        row = int(outside.argmax())
        raise DataError(
            f"truth[{row}] must be a column from 0 to {table.shape[1] - 1}; got {columns[row]}."
        )
    if np.isnan(table.max(axis=1)).any():  # a NaN survives max: one pass, no table of flags
        row = int(np.isnan(table.max(axis=1)).argmax())
        raise DataError(
            f"scores[{row}] must hold numbers; it holds a NaN. Look at the model that made it: "
            "its training diverged or its input was empty."
        )


@dataclass(frozen=True, kw_only=True)
class RankMetrics:
    """How well the right candidates rank, with a 95 % bootstrap interval of the MRR."""

    mrr: float
    """Mean of 1 / rank, 0 to 1."""
    mrr_low: float
    mrr_high: float
    hits: dict[int, float]
    """k to the share of ranks that are at most k."""
    mean_rank: float
    num_queries: int

    def as_dict(self) -> dict[str, Any]:
        """Return the figures with plain types, ready for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        """Show the figures on one line."""
        hits = ", ".join(f"Hits@{k} {share:.3f}" for k, share in self.hits.items())
        return (
            f"MRR {self.mrr:.3f} [{self.mrr_low:.3f}, {self.mrr_high:.3f}], {hits}, "
            f"mean rank {self.mean_rank:.1f}, {self.num_queries} queries"
        )


def rank_metrics(
    ranks: ArrayLike, *, at: Sequence[int] = (1, 3, 10), resamples: int = 1000, seed: int = 0
) -> RankMetrics:
    """Summarise ranks.

    Args:
        ranks: `(queries,)`, each at least 1.
        at: the k of Hits@k.
        resamples: bootstrap resamples of the queries, for the interval of the MRR.
        seed: of the resampling.

    Returns:
        MRR with its interval, Hits@k and mean rank.

    Raises:
        DataError: there is no rank, or one is below 1.

    >>> print(rank_metrics([1, 2, 4], at=(1, 3)))
    MRR 0.583 [0.250, 1.000], Hits@1 0.333, Hits@3 0.667, mean rank 2.3, 3 queries
    """
    check.whole("resamples", resamples, 1, 1_000_000)
    found = np.asarray(ranks, dtype=np.float64).ravel()
    if len(found) == 0:
        raise DataError("ranks must hold at least one rank; got none. Is the split empty?")
    if not found.min() >= 1:
        raise DataError(f"ranks must be at least 1; got {found.min()}.")
    reciprocal = 1.0 / found
    low, high = _bootstrap_mean(reciprocal, resamples=resamples, seed=seed)
    return RankMetrics(
        mrr=float(reciprocal.mean()),
        mrr_low=low,
        mrr_high=high,
        hits={k: float((found <= k).mean()) for k in at},
        mean_rank=float(found.mean()),
        num_queries=len(found),
    )


def _bootstrap_mean(values: Ranks, *, resamples: int, seed: int) -> tuple[float, float]:
    """Return the 95 % percentile interval of the mean; distinct values are drawn by count.

    Beyond `MOST_DISTINCT` values, those within 5 % of one another are drawn as their mean.
    """
    rng = np.random.default_rng(seed)
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) > MOST_DISTINCT:
        _, group = np.unique(np.round(np.log(distinct) * 20), return_inverse=True)
        sums = np.bincount(group, weights=distinct * counts)
        counts = np.bincount(group, weights=counts).astype(np.int64)
        distinct = sums / counts
    drawn = rng.multinomial(len(values), counts / len(values), size=resamples)
    low, high = np.quantile(drawn @ distinct / len(values), [0.025, 0.975])
    return float(low), float(high)
