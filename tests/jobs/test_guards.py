import pytest

from lichen.base.errors import ConfigError, DataError
from lichen.data.corpus import Corpus, Document
from lichen.jobs.guards import (
    divide_labelled,
    require_seeds,
    require_twins,
    unread_splits,
    warn_of_unread,
)


@pytest.fixture
def corpus():
    splits = ["train", "valid", "test", None, "dev", "held out", "dev"]
    docs = [Document(id=str(i), text="a", split=split) for i, split in enumerate(splits)]
    return Corpus(tuple(docs))


def test_splits_that_nothing_reads_are_counted(corpus, caplog):
    rest = "the splits are train, valid and test"
    assert unread_splits(corpus) == (
        f"split dev: nothing reads its 2 documents; {rest}",
        f"split held out: nothing reads its 1 documents; {rest}",
    )
    warn_of_unread(corpus, where="texts.csv")
    assert f"texts.csv: split dev: nothing reads its 2 documents; {rest}" in caplog.text


def test_what_cannot_be_compared_with_is_refused():
    require_seeds("seeds", (0, 1, 2))
    with pytest.raises(
        ConfigError, match=r"seeds must be at least 3 different numbers; got \(0, 0"
    ):
        require_seeds("seeds", (0, 0, 1))
    require_twins("twins", ("count", "none"))
    for wrong in ((), ("none", "none"), ("fused",)):
        with pytest.raises(ConfigError, match="twins must be some of 'none', 'shuffled' and"):
            require_twins("twins", wrong)


def test_folds_keep_questions_whole_and_classes_known():
    docs = [
        Document(id=f"{q}{c}", text="a", label=c, meta={"q": q, "f": f"{q}{c}"})
        for q in "uvwx"
        for c in ("right", "wrong")
    ]
    parts = divide_labelled(Corpus(tuple(docs)), 2, group="q", together=None)
    assert [sorted({d.meta["q"] for d in part.test}) for part in parts] != []
    assert all(len(part.test) == 4 for part in parts)
    with pytest.raises(DataError, match=r"group q = 'u' must have one value of 'f'"):
        divide_labelled(Corpus(tuple(docs)), 2, group="q", together="f")
    alone = Document(id="z", text="a", label="rare", meta={"q": "z"})
    with pytest.raises(DataError, match=r"'rare' must stand in at least two values of 'q'"):
        divide_labelled(Corpus((*docs, alone)), 2, group="q", together=None)
    with pytest.raises(DataError, match=r"'rare' must stand in at least two documents"):
        divide_labelled(Corpus((*docs, alone)), 2, group=None, together=None)
