"""The trigram index against the definition of the Jaccard index."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lichen.linking.trigrams import TrigramIndex

WORDS = st.text(alphabet="abcß北", min_size=1, max_size=6)


def grams(word):
    padded = f"\x02\x02{word}\x03\x03"
    return {padded[i : i + 3] for i in range(len(padded) - 2)}


@given(st.lists(WORDS, min_size=1, max_size=20), WORDS)
def test_it_equals_the_definition(names, word):
    rows, jaccard = TrigramIndex(names).nearest(word, limit=len(names))
    expected = [len(grams(n) & grams(word)) / len(grams(n) | grams(word)) for n in names]
    np.testing.assert_allclose(jaccard, [expected[row] for row in rows])
    assert set(rows.tolist()) == {i for i, score in enumerate(expected) if score > 0}
    assert (np.diff(jaccard) <= 0).all()


def test_a_limit_keeps_the_best():
    rows, _ = TrigramIndex(["berlin", "merlin", "berlins", "bern"]).nearest("berlin", limit=2)
    assert rows.tolist() == [0, 2]


def test_nothing_to_find():
    rows, jaccard = TrigramIndex([]).nearest("berlin", limit=3)
    assert len(rows) == len(jaccard) == 0
    assert len(TrigramIndex(["wien"]).nearest("xyz", limit=3)[0]) == 0
