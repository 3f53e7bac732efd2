import numpy as np
import pytest
import torch

from lichen.base.errors import ConfigError, DataError
from lichen.data.corpus import Corpus, Document, Sample
from lichen.data.vocabulary import Vocabulary
from lichen.fusion.tasks.classify import class_labels, require_classify
from lichen.fusion.tasks.task import make_task

LABELS = Vocabulary(["right", "wrong"])
CHANCES = np.array([[0.6, 0.4], [0.9, 0.1], [0.7, 0.3], [0.4, 0.6], [0.5, 0.5]])


def grouped(first="right"):
    rows = [("a", first), ("a", "wrong"), ("b", "wrong"), ("b", "wrong"), ("b", "right")]
    return [
        Sample(str(i), "x", (), LABELS.id(label), {"question": q})
        for i, (q, label) in enumerate(rows)
    ]


def test_of_a_group_the_likeliest_is_the_answer():
    asked = make_task("classify", labels=LABELS, group="question")
    assert asked.judge(CHANCES, grouped()).tolist() == [0.0, 0.0]
    better = CHANCES.copy()
    better[[0, 4], 0] = 0.95
    assert asked.judge(better, grouped()).tolist() == [1.0, 1.0]
    alone = make_task("classify", labels=LABELS)
    assert alone.judge(CHANCES, grouped()).tolist() == [1.0, 0.0, 0.0, 1.0, 1.0]


def test_a_group_without_an_answer_is_refused():
    asked = make_task("classify", labels=LABELS, group="question")
    with pytest.raises(DataError, match="group 'a' must have a document labelled 'right'"):
        asked.judge(CHANCES, grouped(first="wrong"))
    with pytest.raises(DataError, match=r"must have the key 'question'.*it has none"):
        asked.judge(CHANCES[:1], [Sample("1", "x", (), 0)])


def test_the_loss_is_the_cross_entropy_written_out():
    asked = make_task("classify", labels=LABELS)
    logits, labels = torch.randn(5, 2), torch.tensor([0, 1, 1, 0, 1])
    slow = [
        -float(torch.log(row.exp()[k] / row.exp().sum()))
        for row, k in zip(logits, labels, strict=True)
    ]
    assert float(asked.loss(logits, {"labels": labels})) == pytest.approx(np.mean(slow), rel=1e-5)


def test_a_table_is_the_documents_as_they_are():
    table = make_task("classify", labels=LABELS).table(CHANCES, grouped())
    assert table.truth.tolist() == [0, 1, 1, 1, 0]
    assert table.first.tolist() == [0, 1, 2, 3, 4]


def test_classes_that_cannot_be_trained_on_are_refused():
    docs = (Document(id="1", text="a", label="x"), Document(id="2", text="b", label="y"))
    assert list(class_labels(Corpus(docs), None)) == ["x", "y"]
    with pytest.raises(DataError, match="at least two classes"):
        class_labels(Corpus(docs[:1]), None)
    with pytest.raises(DataError, match="label must be one of right, wrong; got 'x'"):
        class_labels(Corpus(docs), LABELS)
    with pytest.raises(ConfigError, match="bagging: the model's task must be 'classify'"):
        require_classify("choose", "bagging")
