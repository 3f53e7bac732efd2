import numpy as np
import pytest

from lichen.training.few.strategies import STRATEGIES, Pool, entropy, reach_of


def pool_of(chances, *, vectors=None, reach=None, worth=(), labelled=()):
    size = len(chances)
    known = np.zeros(size, dtype=np.bool_)
    known[list(labelled)] = True
    return Pool(
        chances=np.asarray(chances, dtype=np.float64),
        vectors=np.eye(size) if vectors is None else np.asarray(vectors, dtype=np.float64),
        reach=tuple(np.asarray(x, dtype=np.int64) for x in (reach or [()] * size)),
        worth=np.asarray(worth, dtype=np.float64),
        labelled=known,
    )


def chosen(name, pool, num, seed=0):
    return STRATEGIES[name](pool, num, np.random.default_rng(seed)).tolist()


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_what_is_chosen_is_new_distinct_and_as_many_as_asked_for(name):
    rng = np.random.default_rng(1)
    reach = [rng.integers(9, size=2) for _ in range(30)]
    pool = pool_of(
        rng.dirichlet(np.ones(3), size=30),
        vectors=rng.normal(size=(30, 4)),
        reach=reach,
        worth=rng.random(9),
        labelled=(3, 7),
    )
    found = chosen(name, pool, 12)
    assert len(set(found)) == 12
    assert not {3, 7} & set(found)
    assert found == chosen(name, pool, 12)
    assert sorted(chosen(name, pool, 99)) == pool.open.tolist()


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_equal_documents_without_vectors_or_links_are_no_trouble(name):
    pool = pool_of(np.full((6, 2), 0.5), vectors=np.ones((6, 3)), labelled=(0,))
    assert len(set(chosen(name, pool, 4))) == 4


def test_uncertainty_takes_the_spread_and_the_close():
    chances = [[0.98, 0.01, 0.01], [0.5, 0.5, 0.0], [0.4, 0.3, 0.3], [0.9, 0.05, 0.05]]
    assert chosen("entropy", pool_of(chances), 2) == [2, 1]
    assert chosen("margin", pool_of(chances), 2) == [1, 2]


def test_k_centre_goes_where_nothing_is():
    points = [[0.0], [0.1], [5.0], [5.1], [9.0]]
    pool = pool_of(np.full((5, 2), 0.5), vectors=points, labelled=(0,))
    assert chosen("k_centre", pool, 2)[0] == 4
    assert chosen("k_centre", pool, 2)[1] in (2, 3)


def test_gradient_distances_are_those_of_the_outer_products():
    rng = np.random.default_rng(0)
    chances, vectors = rng.dirichlet(np.ones(3), size=8), rng.normal(size=(8, 4))
    errors = chances - np.eye(3)[chances.argmax(1)]
    outer = np.einsum("ic,id->icd", errors, vectors).reshape(8, -1)
    pool = pool_of(chances, vectors=vectors)
    longest = int((outer**2).sum(1).argmax())
    assert all(chosen("gradient", pool, 3, seed)[0] == longest for seed in range(5))
    share = np.zeros(8)
    for seed in range(3000):
        share[chosen("gradient", pool, 2, seed)[1]] += 1 / 3000
    apart = ((outer - outer[longest]) ** 2).sum(1)
    assert np.abs(share - apart / apart.sum()).max() < 0.04


def test_coverage_weighs_what_no_label_has_reached():
    even = np.full((4, 2), 0.5)
    reach, worth = [(0, 1), (0, 1), (2,), (3,)], [2.0, 2.0, 3.0, 1.0]
    pool = pool_of(even, reach=reach, worth=worth)
    assert set(chosen("coverage", pool, 2)) in ({0, 2}, {1, 2})
    pool = pool_of(even, reach=reach, worth=worth, labelled=(0,))
    assert chosen("coverage", pool, 3) == [2, 3, 1]
    sure = np.array([[0.5, 0.5], [0.5, 0.5], [0.999, 0.001], [0.5, 0.5]])
    assert chosen("coverage", pool_of(sure, reach=reach, worth=worth, labelled=(0,)), 1) == [3]


def test_reach_holds_the_linked_and_their_neighbours():
    near = {0: [1, 2], 5: [0]}
    found = reach_of([[0, 5], []], lambda i: np.array(near[i]))
    assert [x.tolist() for x in found] == [[0, 1, 2, 5], []]
    assert entropy(np.array([[0.25] * 4])).round(4) == np.log(4).round(4)
