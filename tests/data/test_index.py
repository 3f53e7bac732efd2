import numpy as np

from lichen.data.index import EndIndex, PairIndex


def test_pairs_do_not_run_into_one_another():
    index = PairIndex(
        np.array([0, 1, 1]), np.array([1, 0, 0]), np.array([5, 6, 4]), num_relations=2
    )
    assert index.values_of(0, 1) == (5,)
    assert index.values_of(1, 0) == (6, 4)
    assert index.values_of(0, 2) == ()  # would be the key of (1, 0)
    assert index.values_of(1, -1) == ()
    assert (index.count(1, 0), index.row(1, 0, 4), index.row(1, 0, 5)) == (2, 2, None)


def test_no_facts():
    none = np.empty(0, dtype=np.int64)
    assert PairIndex(none, none, none, num_relations=0).values_of(0, 0) == ()
    ends = EndIndex(none, none, num_entities=2)
    assert ends.rows_of(1).tolist() == []
    assert ends.nearest([0, 1], hops=2, limit=5) == []


def test_self_loop_is_one_row():
    ends = EndIndex(np.array([0, 0]), np.array([0, 1]), num_entities=2)
    assert ends.rows_of(0).tolist() == [0, 1]
    assert ends.offsets.tolist() == [0, 3, 4]


def test_nearest_is_a_breadth_first_search():
    heads, tails = np.arange(5), np.arange(1, 6)
    ends = EndIndex(heads, tails, num_entities=6)
    assert ends.nearest([2], hops=1, limit=9) == [1, 2]
    assert ends.nearest([2], hops=2, limit=9) == [1, 2, 0, 3]
    assert ends.nearest([2], hops=9, limit=3) == [1, 2, 0]


def test_turns_between_seeds():
    heads = np.array([0] * 4 + [1] * 4)
    ends = EndIndex(heads, np.arange(2, 10), num_entities=10)
    assert ends.nearest([0, 1], hops=1, limit=4) == [0, 4, 1, 5]
