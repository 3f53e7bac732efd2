"""An aligner and pairs to what it is worth: recall on held-out pairs before and after the fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch.nn.functional import pad

from lichen.alignment.aligner import Aligner, pairs
from lichen.alignment.vectors import Vectors
from lichen.base.errors import DataError
from lichen.evaluation.retrieval import recall


@dataclass(frozen=True, kw_only=True)
class AlignmentReport:
    """Recall of the partner among all targets, for pairs that were not fitted."""

    before: dict[int, float]
    """k to recall by the vectors as they are, the narrower filled up with zeros."""
    after: dict[int, float]
    """k to recall in the common space."""
    num_pairs: int
    """Pairs fitted."""
    num_queries: int
    num_candidates: int

    def chance(self, k: int) -> float:
        """Return the recall@k of a random order."""
        return min(1.0, k / self.num_candidates)

    def __str__(self) -> str:
        """Show the figures on one line."""
        parts = [
            f"recall@{k} {self.before[k]:.3f} -> {self.after[k]:.3f} (chance {self.chance(k):.4f})"
            for k in self.after
        ]
        return (
            f"{', '.join(parts)}; {self.num_queries} held out among {self.num_candidates}, "
            f"{self.num_pairs} fitted"
        )


def measure_alignment(
    aligner: Aligner,
    source: Vectors,
    target: Vectors,
    *,
    held_out: ArrayLike,
    k: Sequence[int] = (1, 10),
) -> AlignmentReport:
    """Fit an aligner on some pairs and measure recall on the others.

    Every target is a candidate, those of fitted pairs too, as when a text is to be placed in the
    whole graph.

    Args:
        aligner: fitted by this call.
        source: `(pairs, source_dim)`, such as vectors of descriptions.
        target: `(pairs, target_dim)`, such as vectors of the entities described.
        held_out: `(queries,)` rows not to fit but to measure, or `(pairs,)` True where not to fit.
        k: the k of recall@k.

    Returns:
        Recall before and after.

    Raises:
        ShapeError: the arrays are not pairs, or not of the aligner's widths.
        DataError: a number is not finite, a row is no pair, or no row is held out or left to fit.
    """
    source, target = pairs(source, target)
    rows = _rows(held_out, len(source))
    keep = np.ones(len(source), dtype=bool)
    keep[rows] = False
    width = max(source.shape[1], target.shape[1])
    raw = [pad(side, (0, width - side.shape[1])).numpy() for side in (source, target)]
    before = recall(raw[0][rows], raw[1], k=k, truth=rows)
    chosen = torch.from_numpy(keep)
    aligner.fit(source[chosen], target[chosen])
    with torch.no_grad():
        asked = aligner.source(source[torch.from_numpy(rows)]).numpy()
        after = recall(asked, aligner.target(target).numpy(), k=k, truth=rows)
    return AlignmentReport(
        before=before,
        after=after,
        num_pairs=int(keep.sum()),
        num_queries=len(rows),
        num_candidates=len(target),
    )


def _rows(held_out: ArrayLike, count: int) -> NDArray[np.int64]:
    given = np.asarray(held_out)
    is_mask = given.dtype == bool and given.shape == (count,)
    if given.size and not (is_mask or np.issubdtype(given.dtype, np.integer)):
        raise DataError(
            f"held_out must be whole numbers of rows, or {count} truth values, one a pair; got "
            f"{given.dtype} of shape {given.shape}. Give such as range(100)."
        )
    rows = np.flatnonzero(given) if is_mask else np.unique(given.astype(np.int64))
    if not 0 < len(rows) < count or rows[0] < 0 or rows[-1] >= count:
        raise DataError(
            f"held_out must name some of the {count} pairs and leave some to fit; got {len(rows)} "
            f"rows{f' from {rows[0]} to {rows[-1]}' if len(rows) else ''}."
        )
    return rows
