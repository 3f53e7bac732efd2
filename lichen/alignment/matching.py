"""Vectors of two sides to pairs: nearest candidates, hubness, Sinkhorn, one to one."""

from __future__ import annotations

import torch
from torch import Tensor

from lichen.base.errors import DataError, ShapeError

BLOCK = 1024
"""Rows whose similarities to all columns are in memory at once."""


def nearest_candidates(left: Tensor, right: Tensor, *, k: int = 50) -> tuple[Tensor, Tensor]:
    """Find the right rows most similar to each left row.

    Args:
        left: `(rows, dim)`; similarity is the inner product, so give unit vectors for cosines.
        right: `(columns, dim)`.
        k: how many; fewer when there are fewer columns.

    Returns:
        `(rows, k)` similarities, the best first, and `(rows, k)` columns.

    Raises:
        ShapeError: the widths differ.
        DataError: a side is empty, or a number is not finite.
    """
    _check_sides(left, right)
    k = min(k, len(right))
    found = [(part @ right.T).topk(k, dim=1) for part in torch.split(left, BLOCK)]
    return torch.cat([f.values for f in found]), torch.cat([f.indices for f in found])


def hubness(rows: Tensor, against: Tensor, *, k: int = 10) -> Tensor:
    """Return each row's mean similarity to its `k` nearest of the other side, `(rows,)`.

    CSLS, the similarity that takes hubs down, is twice the similarity minus the hubness of both;
    for the order of one row's candidates only that of the candidates matters.

    Args:
        rows: `(rows, dim)`.
        against: `(others, dim)`.
        k: neighbours.

    Raises:
        ShapeError: the widths differ.
        DataError: a side is empty, or a number is not finite.

    References:
        Lample et al., 2018, arXiv:1710.04087 (CSLS).
    """
    return nearest_candidates(rows, against, k=k)[0].mean(1)


def sinkhorn(
    similarities: Tensor,
    columns: Tensor,
    *,
    num_columns: int,
    temperature: float = 0.02,
    rounds: int = 15,
) -> Tensor:
    """Turn similarities into shares that sum to one by row and to at most about one by column.

    Only the candidates kept take part, so memory grows with rows times candidates.

    Args:
        similarities: `(rows, k)`.
        columns: `(rows, k)` column of each.
        num_columns: how many columns there are.
        temperature: the lower, the nearer to a hard assignment.
        rounds: alternations of normalising rows and columns.

    Returns:
        `(rows, k)` shares, 0 to 1.

    References:
        Cuturi, 2013, arXiv:1306.0895; Mao et al., 2022, arXiv:2210.10436 (on candidates).
    """
    top = similarities.max(dim=1, keepdim=True).values
    shares = ((similarities - top) / temperature).exp()
    flat = columns.flatten()
    for _ in range(rounds):
        shares = shares / shares.sum(1, keepdim=True)
        total = torch.zeros(num_columns).index_add_(0, flat, shares.flatten())
        shares = shares / total.clamp_min(1e-30)[columns]
    return shares


def one_to_one(scores: Tensor, columns: Tensor, *, num_columns: int) -> tuple[Tensor, Tensor]:
    """Match rows and columns so that none is used twice, the best scores first.

    In rounds: a row and a column that are each other's best among those still free are matched.

    Args:
        scores: `(rows, k)`; higher is better.
        columns: `(rows, k)` column of each; none twice in a row.
        num_columns: how many columns there are.

    Returns:
        `(rows,)` the column of each row, -1 where every candidate was taken, and `(rows,)` its
        score, 0 there.
    """
    num_rows = len(scores)
    order = scores.flatten().sort(descending=True, stable=True).indices
    row, column = order // scores.shape[1], columns.flatten()[order]
    place = torch.arange(len(order))
    match = torch.full((num_rows,), -1)
    while len(place):
        first_of_row = _first(row, place, num_rows)
        first_of_column = _first(column, place, num_columns)
        mutual = (first_of_row[row] == place) & (first_of_column[column] == place)
        match[row[mutual]] = column[mutual]
        taken = torch.zeros(num_columns, dtype=torch.bool)
        taken[column[mutual]] = True
        keep = (match[row] < 0) & ~taken[column]
        row, column, place = row[keep], column[keep], place[keep]
    chosen = (columns == match[:, None]) & (match[:, None] >= 0)
    return match, torch.where(chosen, scores, 0.0).sum(1)


def _first(group: Tensor, place: Tensor, size: int) -> Tensor:
    far = torch.full((size,), torch.iinfo(torch.int64).max)
    return far.scatter_reduce_(0, group, place, "amin")


def _check_sides(left: Tensor, right: Tensor) -> None:
    if left.ndim != 2 or right.ndim != 2 or left.shape[1] != right.shape[1]:
        raise ShapeError(
            "matching: the sides must be matrices of one width; got "
            f"{tuple(left.shape)} and {tuple(right.shape)}."
        )
    if not len(left) or not len(right):
        raise DataError(
            f"matching: both sides must have rows; got {len(left)} and {len(right)}. "
            "Is there an entity left to align?"
        )
    if not (torch.isfinite(left).all() and torch.isfinite(right).all()):
        raise DataError("matching: every number must be finite; got NaN or infinity.")
