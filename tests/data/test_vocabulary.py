import pickle
import time

import numpy as np
import pytest

from lichen.base.errors import DataError
from lichen.data.vocabulary import Vocabulary


def test_both_ways():
    words = Vocabulary(["奥地利", "🏔️", "a"], what="entity")
    assert [words.id(x) for x in words] == [0, 1, 2]
    assert words[1] == "🏔️"
    assert words.get("none") is None
    assert np.array_equal(words.ids(["a", "奥地利"]), [2, 0])
    assert words == Vocabulary(["奥地利", "🏔️", "a"])
    assert words != Vocabulary(["a"])
    assert hash(words) == hash(Vocabulary(words.labels))


def test_repeated_label_is_named():
    with pytest.raises(DataError, match="entity labels must be distinct; 'b' occurs twice"):
        Vocabulary(["a", "b", "c", "b"], what="entity")


def test_unknown_label_suggests_the_nearest():
    words = Vocabulary(["Austria", "Vienna"], what="entity")
    with pytest.raises(DataError, match=r"one of the 2 known; got 'Austira'\. Did you mean 'Aus"):
        words.id("Austira")
    with pytest.raises(DataError, match="Did you mean 'Vienna'"):
        words.id("VIENNA")
    with pytest.raises(DataError, match=r"got 'qqq'\.$"):
        words.ids(["Vienna", "qqq"])


def test_negative_id_is_no_place_from_the_end():
    with pytest.raises(IndexError, match="label ids must lie from 0 to 0; got -1"):
        Vocabulary(["a"])[-1]


def test_error_is_quick_with_many_labels():
    words = Vocabulary(f"entity number {i}" for i in range(200_000))
    started = time.perf_counter()
    with pytest.raises(DataError):
        words.id("entity numbre 5")
    assert time.perf_counter() - started < 5


def test_survives_pickling_for_worker_processes():
    words = Vocabulary(["a", "b"], what="entity")
    assert pickle.loads(pickle.dumps(words)) == words
