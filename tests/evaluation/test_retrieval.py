import numpy as np
import pytest

from lichen.base.errors import ConfigError, DataError, ShapeError
from lichen.evaluation import retrieval
from lichen.evaluation.retrieval import partner_ranks, recall


def slow_ranks(source, target, truth, off):
    ranks = []
    for row, right in zip(source, truth, strict=True):
        scores = [
            row @ other / (np.linalg.norm(row) * np.linalg.norm(other)) - h / 2
            for other, h in zip(target, off, strict=True)
        ]
        above = sum(s > scores[right] for i, s in enumerate(scores) if i != right)
        ranks.append(1 + above)
    return ranks


def test_ranks_agree_with_the_slow_formula_whatever_the_block(monkeypatch):
    draw = np.random.default_rng(0)
    source, target = draw.normal(size=(30, 4)), draw.normal(size=(50, 4))
    truth, off = draw.integers(50, size=30), draw.random(50)
    slow = slow_ranks(source, target, truth, off)
    for block in (1, 120, 4_000_000):
        monkeypatch.setattr(retrieval, "BLOCK", block)
        assert partner_ranks(source, target, truth=truth, hubness=off).tolist() == slow


def test_vectors_that_are_all_alike_land_in_the_middle():
    assert partner_ranks(np.ones((3, 2)), np.ones((5, 2))).tolist() == [3.0, 3.0, 3.0]
    assert recall(np.ones((3, 2)), np.ones((5, 2)), k=(1, 3)) == {1: 0.0, 3: 1.0}


def test_recall_counts_partners_row_by_row():
    assert recall(np.eye(3), np.eye(3)) == {1: 1.0, 10: 1.0}
    assert recall(np.eye(3), np.roll(np.eye(3), 1, axis=0), k=(1,)) == {1: 0.0}


@pytest.mark.parametrize(
    ("source", "target", "more", "error", "words"),
    [
        (np.ones((2, 3)), np.ones((2, 4)), {}, ShapeError, "one width"),
        (np.ones(3), np.ones((2, 3)), {}, ShapeError, r"source must have shape \(rows, dim\)"),
        (np.ones((3, 2)), np.ones((2, 2)), {}, DataError, "0 to 1 of the target; got 0 to 2"),
        (np.ones((2, 2)), np.full((2, 2), np.nan), {}, DataError, r"target\[0\]"),
        (np.ones((0, 2)), np.ones((2, 2)), {}, DataError, "at least one source"),
        (np.ones((2, 2)), np.ones((2, 2)), {"truth": [0]}, ShapeError, "a partner a source"),
        (np.ones((2, 2)), np.ones((2, 2)), {"k": (0,)}, ConfigError, "k must be between 1"),
    ],
)
def test_bad_input_is_refused(source, target, more, error, words):
    with pytest.raises(error, match=words):
        recall(source, target, **more)


def test_hubness_must_be_one_a_candidate():
    with pytest.raises(ShapeError, match=r"hubness must have shape \(2,\)"):
        partner_ranks(np.ones((2, 2)), np.ones((2, 2)), hubness=[0.0])
