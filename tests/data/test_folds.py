from collections import Counter

import pytest

from lichen.base.errors import ConfigError, DataError
from lichen.data.corpus import Corpus, Document
from lichen.data.folds import folds


def docs(num, **more):
    return Corpus(
        tuple(
            Document(id=f"d{i}", text="a", label="rare" if i % 10 == 0 else "common", **more)
            for i in range(num)
        )
    )


def test_each_document_is_held_out_once_and_labels_are_even():
    corpus = docs(103)
    found = folds(corpus, 4, seed=3)
    held = Counter(doc.id for fold in found for doc in fold.test)
    assert held == Counter({doc.id: 1 for doc in corpus})
    for fold in found:
        assert [doc.id for doc in fold] == [doc.id for doc in corpus]
        assert len(fold.test) in (25, 26)
        assert sum(doc.label == "rare" for doc in fold.test) in (2, 3)
    assert folds(corpus, 4, seed=3) == found
    assert folds(corpus, 4, seed=4) != found


def test_groups_stay_together():
    corpus = Corpus(
        tuple(
            Document(id=f"d{i}", text="a", label="yn"[i % 2], meta={"question": i // 3})
            for i in range(30)
        )
    )
    for fold in folds(corpus, 3, group="question"):
        tested, learned = ({d.meta["question"] for d in part} for part in (fold.test, fold.train))
        assert tested
        assert not tested & learned


def test_what_cannot_be_divided_is_one_clear_line():
    with pytest.raises(ConfigError, match=r"folds\.num must be .* 2"):
        folds(docs(5), 1)
    with pytest.raises(DataError, match="at least as many documents as folds; got 3 for 4"):
        folds(docs(3), 4)
    with pytest.raises(DataError, match=r"'d0': meta must have the key 'question'"):
        folds(docs(3), 2, group="question")
    together = docs(6, meta={"question": "q"})
    with pytest.raises(DataError, match="as many groups of equal 'question' as folds; got 1 for 2"):
        folds(together, 2, group="question")
