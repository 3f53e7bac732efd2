"""Ranking: probabilities, and weights learned from examples."""

from __future__ import annotations

import numpy as np
import pytest

from lichen.linking.candidates import Named
from lichen.linking.rank import CLUES, DEFAULT, Weights, clues_of, fit


def test_probabilities_leave_room_for_nothing():
    weights = Weights(np.eye(len(CLUES))[0] * 2.0, 1.0)
    clues = np.zeros((2, len(CLUES)))
    clues[0, 0] = 1.0
    shares = weights.probabilities(clues)
    expected = np.exp([2.0, 0.0, 1.0])
    np.testing.assert_allclose(shares, expected[:2] / expected.sum())
    assert weights.probabilities(clues[:0]).shape == (0,)


def test_weights_are_finite_for_large_scores():
    weights = Weights(np.full(len(CLUES), 1e4), 0.0)
    assert np.isfinite(weights.probabilities(np.ones((3, len(CLUES))))).all()


def test_default_weights_fit_the_clues():
    assert DEFAULT.values.shape == (len(CLUES),)


def test_clues_are_laid_out_by_name():
    named = [
        Named(4, 1.0, is_exact=True, is_label=True, name="Berlin"),
        Named(5, 0.8, is_exact=False, is_label=False, name="barley"),
    ]
    clues = clues_of(
        named,
        is_lower=True,
        degree=[0.1, 0.2],
        type_=[0.3, 0.4],
        type_named=[0, 1],
        context=[0.5, 0.6],
        coherence=None,
    )
    column = {name: clues[:, i].tolist() for i, name in enumerate(CLUES)}
    assert column["similarity"] == [1.0, 0.8]
    assert column["behind"] == pytest.approx([0.0, 0.2])
    assert column["brevity"] == pytest.approx([0.0, 1 / 6])
    assert column["is_exact"] == column["is_label"] == [1.0, 0.0]
    assert column["is_common"] == [0.0, 1.0]
    assert column["is_lower"] == [1.0, 0.0]
    assert column["degree"] == [0.1, 0.2]
    assert column["type_named"] == [0.0, 1.0]
    assert column["context"] == [0.5, 0.6]
    assert column["coherence"] == [0.0, 0.0]


def test_learning_finds_the_weights_that_made_the_examples():
    rng = np.random.default_rng(0)
    true = Weights(np.array([2.0, -1.0, 0.0]), 0.5)
    matrices = [rng.normal(size=(rng.integers(1, 5), 3)) for _ in range(4000)]
    truths = []
    for matrix in matrices:
        shares = true.probabilities(matrix)
        drawn = int(rng.choice(len(shares) + 1, p=[*shares, 1 - shares.sum()]))
        truths.append(None if drawn == len(shares) else drawn)
    found = fit(matrices, truths)
    np.testing.assert_allclose(found.values, true.values, atol=0.15)
    assert found.nil == pytest.approx(true.nil, abs=0.15)
