"""Classify: which of some classes a text belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lichen.base.errors import ConfigError, DataError
from lichen.data.corpus import Corpus, Sample
from lichen.data.vocabulary import Vocabulary
from lichen.fusion.item import Item
from lichen.fusion.tasks.task import UNKNOWN, Answers, Table, Task
from lichen.lm.token_states import Tokens

RIGHT = "right"
"""Of grouped documents, the label of the one that answers its question."""


class Classify(Task):
    """Give each text one class, by a softmax over the classes.

    With a group, documents are still trained one by one, but judged by question: the answer is the
    document most likely labelled "right".
    """

    @property
    def num_outputs(self) -> int:
        """Return the number of classes."""
        assert self.labels is not None
        return len(self.labels)

    def found(self, data: Corpus) -> Vocabulary:
        """Return the labels that occur."""
        return data.labels()

    def classes(self, data: Corpus, *, need_all: bool = True) -> Vocabulary:
        """Return the classes, checked for training."""
        return class_labels(data, self.labels, need_all=need_all)

    def target(self, sample: Sample, tokens: Tokens) -> Tensor | None:  # noqa: ARG002 - tasks have one form
        """Return the class id."""
        return None if sample.label is None else torch.tensor(sample.label)

    def answers(self, logits: Tensor, batch: Mapping[str, Tensor]) -> Answers:
        """Return one question a text; `logits` are `(batch, classes)`."""
        unknown = logits.new_full((len(logits),), UNKNOWN, dtype=torch.long)
        return Answers(logits.log_softmax(-1), batch.get("labels", unknown))

    def decode(self, logits: Sequence[Tensor], items: Sequence[Item]) -> Tensor:  # noqa: ARG002 - tasks have one form
        """Return class probabilities, `(samples, classes)`."""
        if not logits:
            return torch.zeros((0, self.num_outputs))
        return torch.stack(list(logits)).softmax(-1)

    def judge(self, predicted: Tensor, samples: Sequence[Sample]) -> NDArray[np.float64]:
        """Return for each question whether it was answered right.

        Args:
            predicted: `(samples, classes)` probabilities.
            samples: the same samples, labelled.

        Raises:
            DataError: a group has no document that is labelled right.
        """
        assert self.labels is not None
        chances = np.asarray(predicted, dtype=np.float64)
        truth = np.array([-1 if s.label is None else s.label for s in samples])
        if self.group is None:
            return np.asarray(chances.argmax(1) == truth, dtype=np.float64)
        right = self.labels.id(RIGHT)
        out = []
        for name, rows in questions(samples, self.group).items():
            if not any(truth[i] == right for i in rows):
                raise DataError(f"group {name!r} must have a document labelled {RIGHT!r}; none is.")
            best = max(rows, key=lambda i: chances[i, right])
            out.append(truth[best] == right)
        return np.array(out, dtype=np.float64)

    def table(self, predicted: Tensor, samples: Sequence[Sample]) -> Table:
        """Return the documents as they are: each is a question, its options are the classes."""
        truth = np.array([-1 if s.label is None else s.label for s in samples])
        return Table(np.asarray(predicted, dtype=np.float64), truth, np.arange(len(samples)))


def questions(samples: Sequence[Sample], key: str) -> dict[str, list[int]]:
    """Return the positions of each question's samples, questions in order of appearance.

    Raises:
        DataError: a sample's `meta` does not say its question.
    """
    members: dict[str, list[int]] = {}
    for i, sample in enumerate(samples):
        members.setdefault(question_of(sample, key), []).append(i)
    return members


def question_of(sample: Sample, key: str) -> str:
    """Return the question that a sample is a choice of.

    Raises:
        DataError: its `meta` does not say.
    """
    found = sample.meta.get(key)
    if not found:
        raise DataError(
            f"document {sample.id!r}: meta must have the key {key!r}, which says the question that "
            f"it is a choice of; it has {', '.join(sample.meta) or 'none'}."
        )
    return found


def require_classify(task: str, where: str) -> None:
    """Refuse a model of another task.

    Raises:
        ConfigError: the task is not "classify".
    """
    if task != "classify":
        raise ConfigError(
            f"{where}: the model's task must be 'classify', so that each document stands for "
            f"itself; got {task!r}."
        )


def class_labels(data: Corpus, known: Vocabulary | None, *, need_all: bool = True) -> Vocabulary:
    """Return the classes of a corpus, checked for training.

    Args:
        data: labelled documents.
        known: the model's classes; None takes those that occur.
        need_all: whether there must be two classes or more in the data.

    Raises:
        DataError: the data is empty, a label is missing or unknown, or there is one class only.
    """
    if not len(data):
        raise DataError("train: the data must hold at least one document; it is empty.")
    for doc in data:
        if doc.label is None or doc.label.strip().lower() in ("", "nan"):
            raise DataError(
                f"document {doc.id!r}: must have a label to train on; got {doc.label!r}. Label it, "
                "or leave it out."
            )
        if known is not None and doc.label not in known:
            raise DataError(
                f"document {doc.id!r}: label must be one of {', '.join(known)}; got {doc.label!r}."
            )
    found = data.labels()
    if need_all and len(found) < 2:
        raise DataError(
            f"train: the data must hold at least two classes; all {len(data)} documents are "
            f"{found[0]!r}."
        )
    return known or found
