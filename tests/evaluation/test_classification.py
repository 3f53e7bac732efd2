"""Classification figures against slow, obvious counting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lichen.base.errors import DataError, ShapeError
from lichen.evaluation.classification import accuracy, confusion, macro_f1

PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30)


def slow_macro_f1(pairs):
    scores = []
    for c in range(4):
        hit = sum(t == c and p == c for t, p in pairs)
        false = sum(t != c and p == c for t, p in pairs)
        miss = sum(t == c and p != c for t, p in pairs)
        if hit + false + miss:
            scores.append(hit / (hit + (false + miss) / 2))
    return sum(scores) / len(scores)


@given(PAIRS)
def test_figures_match_counting(pairs):
    truth, predicted = zip(*pairs, strict=True)
    assert accuracy(truth, predicted) == pytest.approx(np.mean([t == p for t, p in pairs]))
    assert macro_f1(truth, predicted) == pytest.approx(slow_macro_f1(pairs))
    counts = confusion(truth, predicted, num_classes=4)
    assert counts.sum() == len(pairs)
    for t in range(4):
        for p in range(4):
            assert counts[t, p] == pairs.count((t, p))


def test_golden():
    truth, predicted = [0, 0, 1, 2, 2, 2], [0, 1, 1, 2, 0, 2]
    assert accuracy(truth, predicted) == pytest.approx(4 / 6)
    # F1 by hand: class 0 is 1/2, class 1 is 2/3, class 2 is 4/5
    assert macro_f1(truth, predicted) == pytest.approx((1 / 2 + 2 / 3 + 4 / 5) / 3)
    assert confusion(truth, predicted).tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 2]]


def test_bad_input_is_told():
    with pytest.raises(ShapeError, match=r"got \(2,\) and \(1,\)"):
        accuracy([0, 1], [0])
    with pytest.raises(DataError, match="at least one example"):
        accuracy([], [])
    with pytest.raises(DataError, match="class ids"):
        accuracy([0.0, np.nan], [0, 1])
    with pytest.raises(DataError, match="predicted must hold class ids"):
        macro_f1([0, 1], [0, -1])
    with pytest.raises(DataError, match="below num_classes = 2"):
        confusion([0, 2], [0, 1], num_classes=2)
