import numpy as np
import pytest

from lichen.base.errors import DataError, ShapeError
from lichen.evaluation.tagging import span_scores


def test_scores_are_those_counted_span_by_span():
    rng = np.random.default_rng(0)
    spans = [(i, i + 2, kind) for i in range(6) for kind in "ab"]
    found, gold = ([[s for s in spans if rng.random() < 0.4] for _ in range(20)] for _ in range(2))
    right = wrong = missed = 0
    for mine, true in zip(found, gold, strict=True):
        for span in spans:
            right += span in mine and span in true
            wrong += span in mine and span not in true
            missed += span not in mine and span in true
    precision, recall = right / (right + wrong), right / (right + missed)
    scores = span_scores(found, gold)
    assert scores.precision == pytest.approx(precision)
    assert scores.recall == pytest.approx(recall)
    assert scores.f1 == pytest.approx(2 * precision * recall / (precision + recall))


def test_nothing_found_and_bad_sizes():
    assert span_scores([[]], [[(0, 1, "a")]]) == (0.0, 0.0, 0.0)
    assert span_scores([[]], [[]]) == (0.0, 0.0, 0.0)
    with pytest.raises(ShapeError, match="as many documents"):
        span_scores([[]], [])
    with pytest.raises(DataError, match="at least one document"):
        span_scores([], [])
