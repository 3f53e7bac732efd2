"""Labelled spans: from found and gold spans to precision, recall and F1."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

from lichen.base.errors import DataError, ShapeError


class SpanScores(NamedTuple):
    """How well spans were found; each from 0 to 1."""

    precision: float
    recall: float
    f1: float


def span_scores(
    found: Sequence[Sequence[Hashable]], gold: Sequence[Sequence[Hashable]]
) -> SpanScores:
    """Score found spans over all documents together (micro-averaged), bounds and label alike.

    Args:
        found: for each document its spans, as anything that equals only what is the same span.
        gold: the true ones.

    Returns:
        The scores; 0 where nothing is found or there is nothing to find.

    Raises:
        ShapeError: there are not as many documents in both.
        DataError: there is no document.

    References:
        Tjong Kim Sang and De Meulder, 2003 (CoNLL: exact match of bounds and type).

    >>> span_scores([[(0, 4, "drug"), (9, 12, "drug")]], [[(0, 4, "drug")]])
    SpanScores(precision=0.5, recall=1.0, f1=0.6666666666666666)
    """
    if len(found) != len(gold):
        raise ShapeError(
            f"found and gold must have as many documents; got {len(found)} and {len(gold)}."
        )
    if not len(gold):
        raise DataError("gold must hold at least one document; got none.")
    hits = sum(len(set(f) & set(g)) for f, g in zip(found, gold, strict=True))
    num_found, num_gold = (sum(len(set(x)) for x in side) for side in (found, gold))
    return SpanScores(
        precision=hits / num_found if num_found else 0.0,
        recall=hits / num_gold if num_gold else 0.0,
        f1=2 * hits / (num_found + num_gold) if num_found + num_gold else 0.0,
    )
