import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lichen.base.errors import ChoiceError, DataError, ShapeError
from lichen.evaluation.ranks import rank_metrics, rank_of_truth


def by_hand(scores, truth, hide, ties):
    ranks = []
    for row, right, hidden in zip(scores, truth, hide, strict=True):
        rivals = [s for i, s in enumerate(row) if i != right and not hidden[i]]
        above = sum(s > row[right] for s in rivals)
        equal = sum(s == row[right] for s in rivals)
        ranks.append(1 + above + {"optimistic": 0, "realistic": equal / 2}.get(ties, equal))
    return ranks


@pytest.mark.parametrize("ties", ["realistic", "optimistic", "pessimistic"])
def test_equals_counting_by_hand(ties):
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 4, size=(50, 9)).astype(np.float32)
    truth = rng.integers(9, size=50)
    hide = rng.random((50, 9)) < 0.3
    found = rank_of_truth(scores, truth, hide=hide, ties=ties)
    assert found.tolist() == by_hand(scores, truth, hide, ties)


def test_golden():
    scores = [[0.2, 0.9, 0.9, 0.1], [5.0, 5.0, 5.0, 5.0], [1.0, 2.0, 3.0, 4.0]]
    assert rank_of_truth(scores, [1, 2, 0]).tolist() == [1.5, 2.5, 4.0]
    assert rank_of_truth(scores, [1, 2, 0], ties="optimistic").tolist() == [1, 1, 4]
    assert rank_of_truth(scores, [1, 2, 0], ties="pessimistic").tolist() == [2, 4, 4]
    hide = [[True, True, True, True]] * 3
    assert rank_of_truth(scores, [1, 2, 0], hide=hide).tolist() == [1, 1, 1]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20), st.data())
def test_tie_rules_bracket_one_another_and_keep_to_the_candidates(row, data):
    right = data.draw(st.integers(0, len(row) - 1))
    low, mid, high = (
        rank_of_truth([row], [right], ties=ties)[0]
        for ties in ("optimistic", "realistic", "pessimistic")
    )
    assert 1 <= low <= mid <= high <= len(row)
    assert mid == (low + high) / 2


def test_minus_infinity_and_no_query():
    assert rank_of_truth([[-np.inf, -np.inf, 0.0]], [0]).tolist() == [2.5]
    assert rank_of_truth(np.empty((0, 3)), []).shape == (0,)


def test_refuses_what_cannot_be_ranked():
    with pytest.raises(DataError, match=r"scores\[1\] must hold numbers; it holds a NaN"):
        rank_of_truth([[1.0, 2.0], [np.nan, 1.0]], [0, 0])
    with pytest.raises(DataError, match=r"truth\[0\] must be a column from 0 to 1; got 2"):
        rank_of_truth([[1.0, 2.0]], [2])
    with pytest.raises(ShapeError, match=r"got \(1, 2\) and \(2,\)"):
        rank_of_truth([[1.0, 2.0]], [0, 1])
    with pytest.raises(ShapeError, match="hide must have the shape of scores"):
        rank_of_truth([[1.0, 2.0]], [0], hide=[[True]])
    with pytest.raises(ChoiceError, match="Did you mean 'realistic'"):
        rank_of_truth([[1.0]], [0], ties="realist")


def test_metrics():
    found = rank_metrics([1, 2, 4, 20], at=(1, 10))
    assert found.mrr == pytest.approx((1 + 1 / 2 + 1 / 4 + 1 / 20) / 4)
    assert found.hits == {1: 0.25, 10: 0.75}
    assert found.mean_rank == 6.75
    assert found.mrr_low < found.mrr < found.mrr_high
    assert found.as_dict()["num_queries"] == 4
    assert rank_metrics([1, 2, 4, 20]) == rank_metrics([1, 2, 4, 20])


def test_interval_covers_the_true_mean_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    covered = 0
    for draw in range(200):
        ranks = rng.integers(1, 11, size=200)
        found = rank_metrics(ranks, resamples=200, seed=draw)
        covered += found.mrr_low <= np.mean(1 / np.arange(1, 11)) <= found.mrr_high
    assert 0.88 <= covered / 200 <= 0.99


def test_interval_of_very_many_distinct_ranks_is_that_of_each_drawn_alone(monkeypatch):
    ranks = np.exp(np.random.default_rng(2).uniform(0, 11, size=4000)).round() / 2 + 0.5
    grouped = rank_metrics(ranks)
    monkeypatch.setattr("lichen.evaluation.ranks.MOST_DISTINCT", 10**9)
    alone = rank_metrics(ranks)
    assert grouped.mrr == alone.mrr
    assert grouped.mrr_low == pytest.approx(alone.mrr_low, abs=0.001)
    assert grouped.mrr_high == pytest.approx(alone.mrr_high, abs=0.001)


def test_metrics_refuse_nothing_and_nonsense():
    with pytest.raises(DataError, match="at least one rank"):
        rank_metrics([])
    with pytest.raises(DataError, match=r"at least 1; got 0\.0"):
        rank_metrics([1, 0])
    with pytest.raises(DataError, match="at least 1; got nan"):
        rank_metrics([1, np.nan])
