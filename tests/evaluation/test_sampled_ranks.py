"""Planted ranks come back from samples, and the intervals hold them."""

from math import comb

import numpy as np
import pytest

from lichen.evaluation.sampled_ranks import (
    _classes,
    _design_effects,
    _furthest,
    _highest,
    _likeliest,
    _likelihood,
    estimate_figures,
    figures_of,
)


def drawn(ranks, num_entities, num_drawn, seed=0):
    draw = np.random.default_rng(seed)
    return draw.hypergeometric(ranks - 1, num_entities - ranks + 1, num_drawn).astype(float)


def own_samples(better, num_entities, num_drawn):
    sizes = {"num_entities": num_entities, "num_drawn": num_drawn}
    alike = np.zeros(len(better), dtype=np.int64)
    return estimate_figures(better, np.arange(len(better)), stratum=alike, **sizes)


@pytest.mark.parametrize("num_drawn", [20, 50, 100, 130])
def test_intervals_hold_the_truth_as_often_as_they_say(num_drawn):
    shares = np.r_[0.79, 0.13, 0.06, np.full(10, 0.002)]
    ranks = np.arange(1, 14)
    truth, inside, off, width = shares @ figures_of(ranks), np.zeros(4), np.zeros(4), 0.0
    for seed in range(40):
        asked = np.random.default_rng(seed).choice(ranks, 300, p=shares)
        found = own_samples(drawn(asked, 135, num_drawn, seed), 135, num_drawn)
        inside += [x.low <= y <= x.high for x, y in zip(found, truth, strict=True)]
        off += [x.value - y for x, y in zip(found, truth, strict=True)]
        width += found[0].high - found[0].low
    assert inside.min() >= 36
    assert width / 40 < {20: 0.2, 50: 0.12, 100: 0.08, 130: 0.07}[num_drawn]
    assert np.abs(off / 40).max() < 0.03


@pytest.mark.parametrize("num_drawn", [400, 150])
def test_the_estimate_finds_planted_ranks_where_averaging_does_not(num_drawn):
    count = 1_000
    ranks = np.exp(np.random.default_rng(0).uniform(0, np.log(count), 4000)).round().astype(int)
    better = drawn(ranks, count, num_drawn)
    found = own_samples(better, count, num_drawn)
    naive = (1 / (1 + better * (count - 1) / num_drawn)).mean()
    truth = figures_of(ranks).mean(axis=0)
    assert abs(naive - truth[0]) > 0.02
    assert abs(found[0].value - truth[0]) < 0.02
    assert abs(found[3].value - truth[3]) < 0.03
    assert all(x.low < y < x.high for x, y in zip(found, truth, strict=True))


def test_one_rival_tells_little_and_the_interval_says_so():
    for better in (np.zeros(50), np.ones(50), np.arange(50) % 2.0, np.zeros(1)):
        for found in own_samples(better, 135, 1):
            assert 0 <= found.low <= found.value <= found.high <= 1
    wide = own_samples(np.arange(50) % 2.0, 135, 1)[1]
    assert wide.low < 0.01
    assert wide.high > 0.4


def test_the_interval_ends_where_the_likelihood_fell_so_far():
    likelihood, weight, gain = np.eye(2), np.array([60.0, 40.0]), np.array([1.0, 0.0])
    least = weight @ np.log([0.6, 0.4]) - 2.0
    end = _furthest(np.array([0.6, 0.4]), likelihood, weight, gain=gain, least=least)
    grid = np.linspace(0.6, 0.999, 100_000)
    inside = 60 * np.log(grid) + 40 * np.log(1 - grid) >= least
    assert end == pytest.approx(grid[inside].max(), abs=2e-3)


def test_newtons_method_is_no_lower_than_what_is_drawn_at_random():
    draw = np.random.default_rng(0)
    likelihood, weight, gain = draw.random((6, 9)), draw.integers(1, 30, 6), draw.normal(0, 9, 9)
    found = _highest(np.full(9, 1 / 9), likelihood, weight.astype(float), gain=gain)
    assert found.sum() == pytest.approx(1)
    assert found.min() > 0
    tried = np.vstack([draw.dirichlet(np.full(9, 0.2), 20_000), np.eye(9) * 0.999 + 1e-3 / 9])
    heights = np.log(tried @ likelihood.T) @ weight + tried @ gain
    assert weight @ np.log(likelihood @ found) + gain @ found > heights.max() - 0.02


def test_likelihoods_are_hypergeometric():
    counts = np.array([0, 2, 5])
    ranks, found = _likelihood(counts, 12, 6)
    for row, b in zip(found, counts.tolist(), strict=True):
        slow = np.array([comb(r - 1, b) * comb(13 - r, 6 - b) for r in ranks.tolist()])
        np.testing.assert_allclose(row, slow / slow.max(), atol=1e-12)
    assert ranks[0] == 1
    assert ranks[-1] == 12


@pytest.mark.parametrize(("num_entities", "num_drawn"), [(2, 1), (5000, 4999), (5000, 1)])
def test_every_count_can_be_explained(num_entities, num_drawn):
    counts, _, _ = _classes(np.arange(num_drawn + 1.0), num_drawn)
    assert np.isfinite(_likelihood(counts, num_entities, num_drawn)[1]).all()


def test_a_half_count_belongs_to_both_sides_by_half():
    counts, place, weight = _classes(np.array([0.0, 0.5, 3.0, 9_999.0, 10_000.0]), 10_000)
    assert counts.tolist() == [0, 1, 3, counts[-1]]
    assert weight.tolist() == [1.5, 0.5, 1.0, 2.0]
    assert counts[place[:, 1]].tolist() == [0, 1]
    assert counts[-1] == pytest.approx(10_000, rel=0.03)


def test_queries_alike_because_they_share_a_sample_count_for_less():
    draw = np.random.default_rng(0)
    block = np.arange(1000) // 10
    alone = draw.normal(size=(1000, 1))
    alike = np.repeat(draw.normal(size=(100, 1)), 10, axis=0)
    one, two = np.zeros(1000, dtype=np.int64), np.arange(1000) // 500
    assert _design_effects(alone, block, one)[0] < 1.5
    assert _design_effects(alike, block, one)[0] == pytest.approx(10, rel=0.05)
    assert _design_effects(alone + 3 * two[:, None], block, two)[0] < 1.5
    assert _design_effects(np.ones((1000, 1)), block, one)[0] == 1.0


def test_expectation_maximisation_equals_a_slow_step():
    draw = np.random.default_rng(0)
    prior, likelihood = draw.dirichlet(np.ones(4)), draw.random((5, 4))
    weight = np.array([3.0, 0.0, 2.0, 1.0, 4.0])
    expected = np.zeros(4)
    for outcome, times in enumerate(weight):
        posterior = prior * likelihood[outcome]
        expected += times * posterior / posterior.sum()
    found = _likeliest(prior, likelihood, weight, steps=1)
    np.testing.assert_allclose(found, expected / expected.sum())
