"""Answer figures by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lichen.base.errors import DataError
from lichen.evaluation.answers import score_answers, set_f1

FOUND = [["a", "b"], ["x"], [], ["b", "a"], [], ["q"]]
GOLD = [{"a"}, {"a", "b"}, {"c"}, {"a", "b"}, set(), set()]


def test_golden():
    scores = score_answers(FOUND, GOLD)
    assert scores.num_questions == 6
    assert scores.hits_at_1 == 2 / 4
    assert scores.f1 == pytest.approx((2 / 3 + 0 + 0 + 1) / 4)
    assert scores.abstention_precision == 1 / 2
    assert scores.abstention_recall == 1 / 2
    assert scores.given_up == 1 / 4
    assert scores.to_json()["num_questions"] == 6


def test_nothing_to_measure_is_none():
    scores = score_answers([["a"]], [{"a"}])
    assert scores.abstention_recall is None
    assert scores.abstention_precision is None
    assert scores.given_up == 0.0
    silent = score_answers([[]], [set()])
    assert silent.hits_at_1 is None
    assert silent.f1 is None
    assert silent.abstention_precision == 1.0


@given(st.sets(st.integers(0, 9)), st.sets(st.integers(0, 9), min_size=1))
def test_set_f1_is_the_mean_of_precision_and_recall(found, gold):
    both = len(found & gold)
    if both == 0:
        assert set_f1(found, gold) == 0
    else:
        precision, recall = both / len(found), both / len(gold)
        assert set_f1(found, gold) == pytest.approx(2 * precision * recall / (precision + recall))
    assert set_f1(found, gold) == set_f1(gold, found)


def test_different_lengths_are_refused():
    with pytest.raises(DataError, match="got 1 and 2"):
        score_answers([["a"]], [{"a"}, {"b"}])
    with pytest.raises(DataError, match="at least one"):
        score_answers([], [])
