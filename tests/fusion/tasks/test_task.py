import pytest

from lichen.base.errors import ChoiceError, DataError
from lichen.data.corpus import Corpus, Document, LabelledSpan, Span
from lichen.data.vocabulary import Vocabulary
from lichen.fusion.tasks import TASKS
from lichen.fusion.tasks.task import make_task


@pytest.mark.parametrize("name", sorted(TASKS))
def test_every_task_is_made_by_its_name(name):
    made = make_task(name, group="question")
    assert type(made).__name__.lower().startswith(name)
    assert made.labels is None
    assert made.HEADS


@pytest.mark.parametrize("name", sorted(TASKS))
def test_documents_may_have_what_another_task_reads(name):
    doc = Document(id="1", text="a b", label="x", spans=(LabelledSpan(Span(0, 1), "city"),))
    kinds = Vocabulary(["x", "y"] if name in ("choose", "classify") else ["city"])
    (sample,) = make_task(name, labels=kinds, group="question").samples(Corpus((doc,)))
    assert sample.spans == doc.spans
    assert sample.label == (0 if "x" in kinds else None)


def test_no_such_task_is_told_with_the_nearest():
    with pytest.raises(ChoiceError, match="Did you mean 'choose'"):
        make_task("chose")


def test_classes_of_other_splits_are_not_learnt():
    def doc(split, label, kind):
        spans = (LabelledSpan(Span(0, 4), kind),)
        return Document(id="d", text="some text", label=label, split=split, spans=spans)

    corpus = Corpus((doc("train", "a", "city"), doc("test", "b", "city"), doc("test", "c", "city")))
    assert list(make_task("tag").learnt(corpus)) == ["city"]
    with pytest.raises(DataError, match=r"^label 'b': .* 1 documents of 'test' .* \(1 more labels"):
        make_task("classify").learnt(corpus)
    with pytest.raises(DataError, match=r"^label 'land': must occur in the split 'train'"):
        make_task("tag").learnt(Corpus((*corpus, doc("valid", "a", "land"))))
    with pytest.raises(DataError, match="split must be one of"):
        make_task("classify").learnt(Corpus(corpus.documents[1:]))
