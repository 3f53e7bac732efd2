"""Calibration against a slow, obvious sum over bands."""

from __future__ import annotations

import numpy as np
import pytest

from lichen.base.errors import DataError, ShapeError
from lichen.evaluation.calibration import calibration_error, reliability


def slow_error(chances, truth, bins):
    total = 0.0
    for b in range(bins):
        inside = [
            (max(row), int(np.argmax(row)) == t)
            for row, t in zip(chances, truth, strict=True)
            if b / bins < max(row) <= (b + 1) / bins
        ]
        if inside:
            confidence, right = np.mean(inside, axis=0)
            total += len(inside) * abs(confidence - right)
    return total / len(chances)


@pytest.mark.parametrize("bins", [1, 7, 15])
def test_error_matches_the_slow_sum(bins):
    rng = np.random.default_rng(bins)
    chances = rng.dirichlet([1, 1, 1], 200)
    truth = rng.integers(0, 3, 200)
    assert calibration_error(chances, truth, bins=bins) == pytest.approx(
        slow_error(chances, truth, bins)
    )


def test_an_honest_coin_is_calibrated():
    rng = np.random.default_rng(0)
    p = rng.uniform(0.5, 1, 40_000)
    truth = (rng.random(40_000) >= p).astype(int)
    chances = np.stack([p, 1 - p], axis=1)
    assert calibration_error(chances, truth) < 0.02
    bands = reliability(chances, truth, bins=10)
    assert bands.num_examples.sum() == 40_000
    assert bands.num_examples[:5].sum() == 0
    np.testing.assert_allclose(bands.accuracy[5:], bands.confidence[5:], atol=0.03)


def test_certain_and_wrong_is_the_worst():
    assert calibration_error([[1.0, 0.0]], [1]) == 1.0
    assert calibration_error([[1.0, 0.0]], [0]) == 0.0


def test_bad_input_is_told():
    with pytest.raises(ShapeError, match="probabilities must have shape"):
        calibration_error([[0.5, 0.5]], [0, 1])
    with pytest.raises(DataError, match="not logits"):
        calibration_error([[2.0, -1.0]], [0])
    with pytest.raises(DataError, match=r"probabilities\[1\]"):
        calibration_error([[0.5, 0.5], [np.nan, 1.0]], [0, 1])
    with pytest.raises(DataError, match="at least one example"):
        calibration_error(np.empty((0, 2)), [])
