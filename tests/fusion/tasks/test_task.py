import pytest

from lichen.base.errors import ChoiceError
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
