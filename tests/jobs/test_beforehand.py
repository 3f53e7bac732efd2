import pytest

from lichen.base.errors import DataError
from lichen.data.corpus import Corpus, Document
from lichen.fusion.tasks.task import make_task
from lichen.jobs.beforehand import learnable


def corpus(*said, **more):
    docs = [
        Document(id=str(i), text="Norton", split=split, label=label, **more)
        for i, (split, label) in enumerate(said)
    ]
    return Corpus(tuple(docs))


GOOD = (("train", "a"), ("train", "b"), ("valid", "a"), ("test", "b"))


def test_the_classes_are_those_of_the_training_documents():
    task = make_task("classify")
    assert learnable(task, corpus(*GOOD), where="x.csv").labels == ("a", "b")
    assert learnable(task, corpus(*GOOD, ("test", None)), where="x.csv").labels == ("a", "b")


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ([("valid", "a")], "split must be one of the corpus's splits"),
        ([("train", None)], "must have a column or key 'label'; .* their other columns are: none"),
        ([*GOOD, ("train", None)], "document '4': must have a label to train on; got None"),
        ([("train", "a")], "must hold at least two classes"),
        ([*GOOD, ("valid", "c")], "label 'c': must occur in the split 'train'"),
        ([*GOOD, ("valid", None)], "document '4': must have a label"),
    ],
)
def test_documents_that_cannot_be_learned_from_are_refused(said, problem):
    with pytest.raises(DataError, match=f"^x.csv: .*{problem}"):
        learnable(make_task("classify"), corpus(*said), where="x.csv")


def test_documents_that_cannot_be_measured_on_are_refused():
    with pytest.raises(DataError, match=r"x.csv: document '4': must have a label"):
        learnable(make_task("classify"), corpus(*GOOD, ("test", None)), where="x.csv", test=True)
    asked = [(split, x) for split in ("train", "valid") for x in ("right", "wrong")]
    task = make_task("choose", group="q")
    with pytest.raises(DataError, match=r"x.csv: question '1' .* must lie in one split"):
        learnable(task, corpus(*asked, meta={"q": "1"}), where="x.csv")
