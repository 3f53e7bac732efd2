import numpy as np
import pytest

from lichen.base.errors import DataError, ShapeError
from lichen.evaluation.auc import auc, auc_parts


def slow_auc(scores, labels):
    """Compare every positive with every negative."""
    wins = [
        1.0 if a > b else 0.5 if a == b else 0.0
        for a, x in zip(scores, labels, strict=True)
        for b, y in zip(scores, labels, strict=True)
        if x == 1 and y == 0
    ]
    return sum(wins) / len(wins)


@pytest.mark.parametrize("seed", range(5))
def test_as_the_slow_formula_says_with_ties(seed):
    rng = np.random.default_rng(seed)
    scores, labels = rng.integers(0, 6, 40), rng.integers(0, 2, 40)
    assert auc(scores, labels) == pytest.approx(slow_auc(scores, labels))
    assert auc_parts(scores, labels).mean() == pytest.approx(slow_auc(scores, labels))


@pytest.mark.parametrize(("labels", "only"), [([1, 1], "1"), ([0, 0], "0")])
def test_one_class_is_refused(labels, only):
    with pytest.raises(DataError, match=f"both classes, 0 and 1; found only {only}"):
        auc([0.1, 0.2], labels)


def test_bad_scores_are_refused():
    with pytest.raises(DataError, match="row 1 does"):
        auc([0.1, np.nan], [0, 1])
    with pytest.raises(ShapeError, match="shape"):
        auc([0.1], [0, 1])
    with pytest.raises(DataError, match="found only none"):
        auc([], [])
