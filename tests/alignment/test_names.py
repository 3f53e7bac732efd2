import numpy as np
import pytest

from lichen.alignment.names import equal_names, name_vectors, plain, spelling
from lichen.base.errors import ConfigError, DataError

ZH = ["維也納", "柏林", "羅馬", "NBA", "第7街", "黃河"]
EN = ["Vienna", "Berlin", "Rome", "N.B.A. (NBA)", "7th Street", "Yellow River"]


def nearest(one, other):
    return (one @ other.T).argmax(1).tolist()


def test_equal_words_and_numbers_are_near_across_scripts():
    one, other = name_vectors(ZH, EN, dim=256)
    assert nearest(one, other)[3:5] == [3, 4]
    assert np.allclose(np.linalg.norm(one, axis=1), 1)


def test_a_lexicon_translates_the_longest_words_found():
    lexicon = [("維也納", "vienna"), ("黃", "yellow"), ("河", "river"), ("黃河", "yellow river")]
    one, other = name_vectors(ZH, EN, lexicon=lexicon, dim=512)
    assert nearest(one, other)[0] == 0
    assert nearest(one, other)[5] == 5


def test_known_pairs_teach_how_names_are_rendered():
    sounds = {"阿": "ara", "貝": "bep", "西": "cix", "多": "dov", "埃": "ewu", "弗": "fyz"}
    letters = sorted(sounds)
    names = [a + b + c for a in letters for b in letters for c in letters]
    rendered = ["".join(sounds[x] for x in name) for name in names]
    order = np.random.default_rng(0).permutation(len(names))
    known, rest = order[:150], order[150:]
    one, other = name_vectors(names, rendered, pairs=[(i, i) for i in known], dim=512)
    found = np.array(nearest(one[rest], other[rest]))
    assert (found == np.arange(len(rest))).mean() > 0.8
    without, beside = name_vectors(names, rendered, dim=512)
    assert np.abs(without @ beside.T).max() < 0.4


def test_a_name_without_letters_is_zero_and_order_does_not_matter():
    one, _ = name_vectors(["...", "Ada"], ["Ada"], dim=64)
    assert not one[0].any()
    again, _ = name_vectors(["Ada", "..."], ["Ada"], dim=64)
    assert np.array_equal(one[1], again[0])


def test_plain_names_and_spelling():
    assert plain("Nebojša_ＲＡＤ") == "nebojsa rad"
    assert list(spelling("黃河 ab")) == ["ab", "#ab", "ab#", "黃", "河", "黃河"]
    assert equal_names(["A_b", "x"], ["a B", "y"]).tolist() == [True, False]


def test_bad_input_is_refused():
    with pytest.raises(DataError, match="both sides must have names; got 0 and 1"):
        name_vectors([], ["a"])
    with pytest.raises(DataError, match=r"row below 1 and one below 1; got \(0, 1\)"):
        name_vectors(["a"], ["b"], pairs=[(0, 1)])
    with pytest.raises(ConfigError, match=r"names\.dim"):
        name_vectors(["a"], ["b"], dim=1)
