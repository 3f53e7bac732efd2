"""Exchanges: a permutation of the kept, each fitting, as many kept as can be."""

from __future__ import annotations

import numpy as np
import pytest

from lichen.data.atlas.exchange import exchange


@pytest.mark.parametrize("size", [0, 1, 2, 3, 50])
def test_all_fit_gives_a_derangement(size):
    given = exchange(size, lambda _i, _j: True, np.random.default_rng(size))
    assert sorted(given) == sorted(given.values())
    assert all(i != j for i, j in given.items())
    assert len(given) == (0 if size < 2 else size)


@pytest.mark.parametrize("seed", range(20))
def test_only_fitting_partners(seed):
    rng = np.random.default_rng(seed)
    fits = rng.random((40, 40)) < 0.3
    given = exchange(40, lambda i, j: bool(fits[i, j]), np.random.default_rng(seed))
    assert sorted(given) == sorted(given.values())
    assert all(fits[i, j] and i != j for i, j in given.items())
    assert len(given) >= 36


def test_an_item_that_fits_nowhere_is_left_out():
    given = exchange(10, lambda i, j: 3 not in (i, j), np.random.default_rng(0))
    assert set(given) == set(range(10)) - {3}


def test_nothing_fits():
    assert exchange(8, lambda _i, _j: False, np.random.default_rng(0)) == {}


def test_a_majority_of_one_kind_loses_what_cannot_be_exchanged():
    kind = [0] * 8 + [1] * 2
    given = exchange(10, lambda i, j: kind[i] != kind[j], np.random.default_rng(1))
    assert sum(kind[i] == 0 for i in given) == sum(kind[i] == 1 for i in given) == 2
