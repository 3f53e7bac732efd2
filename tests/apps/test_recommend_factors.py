import numpy as np
import pytest

from lichen.apps.recommend_factors import FactorConfig, Lists, factorise, solve, solve_items
from lichen.base.errors import ConfigError

CONFIG = FactorConfig(dim=3, unknown=0.6, unknown_fact=0.12, ridge=0.5, rounds=4)


def table(num_rows, num_items, seed):
    cells = np.random.default_rng(seed).random((num_rows, num_items)) < 0.4
    rows, ids = np.nonzero(cells)
    return cells, Lists.of(rows, ids, num_rows=num_rows)


def slow_row(cells, other, unknown, ridge, prior):
    """One row by weighted least squares over every cell, known or not."""
    left, right = ridge * np.eye(other.shape[1]), ridge * prior
    for cell, vector in zip(cells, other, strict=True):
        left = left + np.outer(vector, vector) * (1.0 if cell else 0.0)
        left = left + np.outer(vector, vector) * unknown
        right = right + (vector if cell else 0.0)
    return np.linalg.solve(left, right)


def test_rows_are_as_the_slow_formula_says():
    cells, known = table(6, 9, seed=1)
    rng = np.random.default_rng(2)
    items, unknown = rng.normal(size=(9, 3)), rng.random(6)
    prior = rng.normal(size=(6, 3))
    found = solve(known, items, gram=items.T @ items, unknown=unknown, prior=prior, config=CONFIG)
    for row in range(6):
        ridge = CONFIG.ridge * (cells[row].sum() + unknown[row] * 9) ** 0.5
        slow = slow_row(cells[row], items, unknown[row], ridge, prior[row])
        assert found[row] == pytest.approx(slow)


def test_items_are_as_the_slow_formula_says():
    cells, known = table(5, 7, seed=3)
    rng = np.random.default_rng(4)
    rows, unknown = rng.normal(size=(7, 3)), rng.random(7)
    gram = (rows * unknown[:, None]).T @ rows
    found = solve_items(known, rows, gram=gram, weight=float(unknown.sum()), config=CONFIG)
    for item in range(5):
        left = CONFIG.ridge * (cells[item].sum() + unknown.sum()) ** 0.5 * np.eye(3)
        for cell, vector, weight in zip(cells[item], rows, unknown, strict=True):
            left += np.outer(vector, vector) * (cell + weight)
        assert found[item] == pytest.approx(np.linalg.solve(left, rows[cells[item]].sum(axis=0)))


def test_users_and_entities_fit_the_items_that_were_found():
    _, likes = table(8, 6, seed=5)
    _, facts = table(4, 6, seed=6)
    found = factorise(likes, facts, num_items=6, config=CONFIG)
    gram = found.items.T @ found.items
    users = solve(
        likes,
        found.items,
        gram=gram,
        unknown=np.full(8, 0.1),
        prior=np.tile(found.typical, (8, 1)),
        config=CONFIG,
    )
    entities = solve(
        facts,
        found.items,
        gram=gram,
        unknown=np.full(4, 0.02),
        prior=np.zeros((4, 3)),
        config=CONFIG,
    )
    assert found.users == pytest.approx(users)
    assert found.entities == pytest.approx(entities)
    assert found.weight == pytest.approx(8 * 0.1 + 4 * 0.02)


def test_blocks_do_not_change_the_result(monkeypatch):
    _, likes = table(30, 12, seed=7)
    _, facts = table(3, 12, seed=8)
    whole = factorise(likes, facts, num_items=12, config=CONFIG)
    monkeypatch.setattr("lichen.apps.recommend_factors.CELLS", 1)
    single = factorise(likes, facts, num_items=12, config=CONFIG)
    assert single.items == pytest.approx(whole.items)


def test_a_user_without_likes_is_the_typical_one():
    likes = Lists.of(np.array([0, 0, 1]), np.array([0, 1, 1]), num_rows=3)
    nothing = Lists.of(np.array([], dtype=int), np.array([], dtype=int), num_rows=0)
    found = factorise(likes, nothing, num_items=2, config=CONFIG)
    scores = found.items @ found.users[2]
    assert scores[1] > scores[0] > 0


def test_lists_keep_empty_rows():
    lists = Lists.of(np.array([2, 0, 2]), np.array([5, 1, 3]), num_rows=4)
    assert [lists[row].tolist() for row in range(len(lists))] == [[1], [], [3, 5], []]
    assert lists.counts.tolist() == [1, 0, 2, 0]


@pytest.mark.parametrize("key", ["dim", "unknown", "unknown_fact", "ridge", "typical", "rounds"])
def test_a_setting_that_cannot_work_is_refused(key):
    with pytest.raises(ConfigError, match=rf"recommend\.{key} must be between"):
        FactorConfig(**{key: -1})
