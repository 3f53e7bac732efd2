"""A recommender on held-out pairs: AUC, F1 and recall of the top items; settings by validation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lichen.apps.recommend import Recommender
from lichen.apps.recommend_factors import FactorConfig, Floats, Lists
from lichen.apps.recommend_interactions import Interactions
from lichen.base.errors import DataError
from lichen.data.graph import Graph
from lichen.evaluation.auc import auc

SETTINGS = (
    FactorConfig(typical=0.0),
    FactorConfig(),
    FactorConfig(typical=0.6),
    FactorConfig(typical=1.0, ridge=0.3, unknown_fact=8.0),
    FactorConfig(typical=1.0, ridge=0.6, unknown_fact=8.0),
)
"""From many likes a user to few."""


@dataclass(frozen=True)
class Recommended:
    """How well held-out pairs were told apart, and how many held-out likes reached the top."""

    auc: float
    f1: float
    """Of the class 1, with the threshold that is best on the validation pairs."""
    recall: dict[int, float]
    """k to the share of a user's held-out likes among the first k items, the mean over users."""
    num_pairs: int

    def __str__(self) -> str:
        """Show the figures in a line."""
        recall = ", ".join(f"recall@{k} {value:.3f}" for k, value in self.recall.items())
        return f"AUC {self.auc:.4f}, F1 {self.f1:.4f}, {recall} ({self.num_pairs:,} pairs)"


def evaluate(
    recommender: Recommender,
    test: Interactions,
    *,
    valid: Interactions,
    ks: Sequence[int] = (10, 20),
) -> Recommended:
    """Score held-out pairs.

    Args:
        recommender: fitted on other pairs.
        test: labelled 0 and 1.
        valid: labelled too; gives the threshold of F1, and its likes are no candidates.
        ks: lengths of the list of recommended items.

    Raises:
        DataError: a part holds one class only, or a user or an item is unknown.
    """
    scores = recommender.score_pairs(test)
    threshold = best_threshold(recommender.score_pairs(valid), valid.labels)
    return Recommended(
        auc(scores, test.labels),
        f1(scores >= threshold, test.labels == 1),
        recalls(recommender, test, valid=valid, ks=ks),
        len(test),
    )


def choose(
    train: Interactions,
    valid: Interactions,
    graph: Graph | None,
    *,
    settings: Sequence[FactorConfig] = SETTINGS,
) -> FactorConfig:
    """Return the settings whose recommender has the best AUC on validation pairs.

    Args:
        train: to fit on.
        valid: labelled 0 and 1; `Interactions.with_others` makes such pairs of likes.
        graph: facts about the items, or None.
        settings: to try.

    Raises:
        DataError: the validation pairs are of one class only.
    """
    found = [
        auc(Recommender.fit(train, graph, config=one).score_pairs(valid), valid.labels)
        for one in settings
    ]
    return settings[int(np.argmax(found))]


def f1(predicted: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Return the F1 of the class True, 0 where nothing is predicted or true.

    >>> f1(np.array([True, True, False]), np.array([True, False, False]))
    0.6666666666666666
    """
    total = int(predicted.sum()) + int(truth.sum())
    return 2 * int((predicted & truth).sum()) / total if total else 0.0


def best_threshold(scores: Floats, labels: NDArray[np.int64]) -> float:
    """Return the score from which to predict 1 so that F1 is highest.

    Args:
        scores: `(pairs,)`.
        labels: `(pairs,)` of 0 and 1.

    Raises:
        DataError: no label is 1.

    >>> best_threshold(np.array([0.9, 0.2, 0.6, 0.1]), np.array([1, 0, 1, 0]))
    0.6
    """
    if not (labels == 1).any():
        raise DataError("valid must hold pairs with the label 1; it holds none. Add likes.")
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(labels[order] == 1)
    values = 2 * hits / (np.arange(1, len(order) + 1) + hits[-1])
    return float(scores[order[int(values.argmax())]])


def recalls(
    recommender: Recommender,
    test: Interactions,
    *,
    valid: Interactions | None = None,
    ks: Sequence[int] = (10, 20),
) -> dict[int, float]:
    """Return the mean share of a user's held-out likes among the first k of all items.

    Known likes, those of `valid` included, are no candidates. Pairs labelled 0 stay candidates.

    Args:
        recommender: fitted on other pairs.
        test: its likes are looked for.
        valid: further known likes.
        ks: lengths of the list.
    """
    wanted = _likes(recommender, test)
    hidden = None if valid is None else _likes(recommender, valid)
    users = np.flatnonzero(wanted.counts)
    sums = dict.fromkeys(ks, 0.0)
    for user in users.tolist():
        scores = recommender.item_vectors @ recommender.vectors[user]
        scores[recommender.likes[user]] = -np.inf
        if hidden is not None:
            scores[hidden[user]] = -np.inf
        best = np.argsort(-scores, kind="stable")[: max(ks)]
        is_hit = np.isin(best, wanted[user])
        for k in ks:
            sums[k] += is_hit[:k].sum() / len(wanted[user])
    return {k: float(total / max(1, len(users))) for k, total in sums.items()}


def _likes(recommender: Recommender, pairs: Interactions) -> Lists:
    users, items = recommender.users.ids(pairs.users), recommender.items.ids(pairs.items)
    rows, columns = pairs.pairs[pairs.labels == 1].T
    return Lists.of(users[rows], items[columns], num_rows=len(recommender.users))
