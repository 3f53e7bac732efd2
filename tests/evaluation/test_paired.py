"""Paired tests against slow, obvious formulas and against their own promises."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from lichen.base.errors import ConfigError, DataError, ShapeError
from lichen.evaluation.paired import bootstrap, mcnemar, permutation_test


def slow_mcnemar(wins, losses):
    n, k = wins + losses, min(wins, losses)
    tail = sum(math.comb(n, i) for i in range(k + 1)) / 2**n
    return min(1.0, 2 * tail)


def right(wins, losses, both):
    first = [1] * wins + [0] * losses + [1] * both
    second = [0] * wins + [1] * losses + [1] * both
    return first, second


@pytest.mark.parametrize("losses", range(8))
@pytest.mark.parametrize("wins", [0, 1, 5, 9])
def test_mcnemar_is_the_exact_binomial(wins, losses):
    first, second = right(wins, losses, 7)
    expected = slow_mcnemar(wins, losses) if wins + losses else 1.0
    assert mcnemar(first, second) == pytest.approx(expected, rel=1e-12)
    assert mcnemar(second, first) == pytest.approx(expected, rel=1e-12)


def test_mcnemar_holds_for_many_examples():
    first, second = right(1200, 1000, 0)
    assert mcnemar(first, second) == pytest.approx(slow_mcnemar(1200, 1000), rel=1e-9)
    assert mcnemar(*right(3000, 0, 5)) < 1e-300


def test_mcnemar_golden():
    # scipy.stats.binomtest(3, 15).pvalue, written 2026 with scipy 1.17
    assert mcnemar(*right(12, 3, 0)) == pytest.approx(0.03515625)


def test_permutation_matches_all_swaps():
    rng = np.random.default_rng(4)
    first, second = rng.normal(0.6, 1, 10), rng.normal(0, 1, 10)
    difference = first - second
    sums = [abs(np.dot(signs, difference)) for signs in product((-1, 1), repeat=10)]
    exact = np.mean([s >= abs(difference.sum()) - 1e-9 for s in sums])
    assert permutation_test(first, second, num_draws=20_000) == pytest.approx(exact, abs=0.012)


def test_permutation_keeps_its_level():
    rng = np.random.default_rng(0)
    low = 0
    for i in range(300):
        first, second = rng.random((2, 60)) < 0.7
        low += permutation_test(first, second, num_draws=200, seed=i) <= 0.05
    assert low / 300 < 0.09


def test_permutation_averages_the_seeds():
    rng = np.random.default_rng(1)
    first, second = rng.random((3, 40)), rng.random((3, 40))
    assert permutation_test(first, second) == permutation_test(
        first.mean(axis=0), second.mean(axis=0)
    )
    assert permutation_test(first, first) == 1.0


def test_permutation_finds_a_difference():
    rng = np.random.default_rng(2)
    second = rng.random(500) < 0.5
    first = second | (rng.random(500) < 0.2)
    assert permutation_test(first, second, num_draws=999) == 1 / 1000


def slow_bootstrap(difference, num_draws, rng):
    seeds, size = difference.shape
    means = []
    for _ in range(num_draws):
        rows = rng.integers(0, seeds, max(1, seeds - 1))
        columns = rng.integers(0, size, size)
        means.append(np.mean([difference[s, e] for s in rows for e in columns]))
    return np.quantile(means, [0.025, 0.975])


def test_bootstrap_matches_the_slow_draws():
    rng = np.random.default_rng(3)
    first = rng.normal(0.3, 1, (3, 40)) + rng.normal(0, 0.3, (3, 1))
    second = rng.normal(0, 1, (3, 40))
    got = bootstrap(first, second, num_draws=20_000)
    low, high = slow_bootstrap(first - second, 4000, rng)
    assert got.mean == pytest.approx((first - second).mean())
    assert got.low == pytest.approx(low, abs=0.03)
    assert got.high == pytest.approx(high, abs=0.03)


def test_bootstrap_covers_the_truth():
    """95 % intervals hold the true difference about that often, seeds varying too."""
    rng = np.random.default_rng(5)
    held = 0
    for i in range(200):
        shift = rng.normal(0, 0.05, (5, 1))
        easy = rng.normal(0, 0.2, (1, 120))
        difference = 0.1 + shift + easy + rng.normal(0, 0.2, (5, 120))
        got = bootstrap(difference, np.zeros_like(difference), num_draws=400, seed=i)
        held += got.low <= 0.1 <= got.high
    assert 0.85 < held / 200 <= 1


def test_more_seed_spread_widens_the_interval():
    base = np.random.default_rng(6).normal(0, 0.1, (3, 200))
    spread = base + np.array([[-0.3], [0.0], [0.3]])
    zero = np.zeros_like(base)
    narrow, wide = bootstrap(base, zero), bootstrap(spread, zero)
    assert wide.high - wide.low > 3 * (narrow.high - narrow.low)


def test_seeded_twice_is_equal():
    rng = np.random.default_rng(7)
    first, second = rng.random((2, 3, 50))
    assert bootstrap(first, second, seed=3) == bootstrap(first, second, seed=3)
    assert bootstrap(first, second, seed=3) != bootstrap(first, second, seed=4)


def test_bad_input_is_told():
    with pytest.raises(ShapeError, match=r"got \(2,\) and \(3,\)"):
        bootstrap([1, 2], [1, 2, 3])
    with pytest.raises(DataError, match="NaN"):
        permutation_test([1, np.nan], [1, 2])
    with pytest.raises(DataError, match="at least one example"):
        mcnemar([], [])
    with pytest.raises(ShapeError, match="one seed"):
        mcnemar([[1, 0], [1, 1]], [[1, 0], [1, 1]])
    with pytest.raises(ConfigError, match=r"bootstrap\.level"):
        bootstrap([1], [0], level=95)
    with pytest.raises(ConfigError, match="num_draws"):
        permutation_test([1], [0], num_draws=0)
