import numpy as np
import pytest

from lichen.data.distinct import LARGEST, ascending, distinct_facts, owned, stable_order


@pytest.mark.parametrize("bound", [3, 1000, 2**31, LARGEST])
@pytest.mark.parametrize("count", [0, 1, 2, 500])
def test_order_is_that_of_a_stable_sort(bound, count):
    keys = np.random.default_rng(count).integers(0, min(bound, 40), count)
    keys[: count // 3] += bound - min(bound, 40)
    expected = np.argsort(keys, kind="stable")
    np.testing.assert_array_equal(stable_order(keys, bound=bound), expected)


@pytest.mark.parametrize("num_entities", [6, 2**32])
def test_each_fact_is_kept_once_where_it_came_first(num_entities):
    triples = np.random.default_rng(1).integers(0, 6, (300, 3))
    found = distinct_facts(triples, num_entities=num_entities, num_relations=6)
    expected = {}
    rows = [expected.setdefault(tuple(x), len(expected)) for x in triples.tolist()]
    assert [tuple(x) for x in found.triples.tolist()] == list(expected)
    assert found.rows.tolist() == rows


def test_distinct_facts_stay_as_they_are():
    triples = np.array([[1, 0, 0], [0, 0, 1]])
    found = distinct_facts(triples, num_entities=2, num_relations=1)
    assert found.triples is triples
    assert found.rows is None


def test_no_facts_are_distinct():
    found = distinct_facts(np.empty((0, 3), dtype=np.int64), num_entities=0, num_relations=0)
    assert found.rows is None


def test_only_arrays_that_nobody_can_write_to_are_taken_as_they_are(tmp_path):
    own = np.arange(6)
    assert owned(own) is not own
    view = own[:]
    view.setflags(write=False)
    assert owned(view) is not view  # `own` still writes to it
    own.setflags(write=False)
    assert owned(own) is own
    np.save(tmp_path / "x.npy", own)
    mapped = np.asarray(np.load(tmp_path / "x.npy", mmap_mode="r"))
    assert owned(mapped) is mapped
    changed = np.load(tmp_path / "x.npy", mmap_mode="c")
    assert owned(changed) is not changed
    for given in ([3, 1], own.astype(np.int32)):
        copy = owned(given)
        assert copy.tolist() == list(given)
        assert (copy.dtype, copy.flags.writeable) == (np.int64, False)


def test_rows_come_ascending_and_once():
    rows = np.array([1, 4, 9])
    assert ascending(rows) is rows
    assert ascending(np.array([4, 1, 4])).tolist() == [1, 4]
    assert not len(ascending(np.empty(0, dtype=np.int64)))
