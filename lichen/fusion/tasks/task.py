"""What a task is: the one place where training and prediction learn what is asked of a text."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lichen.base.choose import choose
from lichen.base.errors import ConfigError, DataError
from lichen.data.corpus import Corpus, Sample
from lichen.data.splits import unseen_labels
from lichen.data.vocabulary import Vocabulary
from lichen.fusion.item import Item
from lichen.fusion.tasks import TASKS
from lichen.lm.token_states import Tokens


class Table(NamedTuple):
    """Answers laid out as questions with options."""

    chances: NDArray[np.float64]
    """`(questions, options)` probabilities; 0 where a question has fewer options."""
    truth: NDArray[np.int64]
    """`(questions,)` the right option."""
    first: NDArray[np.int64]
    """`(questions,)` the first sample of each question."""


UNKNOWN = -1
"""Target of a question whose answer is not known."""


class Answers(NamedTuple):
    """What a batch is asked, each question with the same number of options."""

    logs: Tensor
    """`(questions, options)` logarithms of probabilities; minus infinity where there is none."""
    truth: Tensor
    """`(questions,)` int; the right option, or `UNKNOWN`."""


@dataclass(frozen=True)
class Task(ABC):
    """One kind of question to a text.

    A task has no weights: the head that answers it belongs to the model, which asks the task how
    many numbers to give and what to make of them.
    """

    HEADS: ClassVar[tuple[str, ...]] = ("pairs", "pooled", "matched")
    """Heads that can answer it, the usual one first."""
    FEWEST: ClassVar[int] = 2
    """Classes that there must be."""
    METRIC: ClassVar[str] = "accuracy"
    """Name of the mean of what `judge` returns."""
    READS_LABEL: ClassVar[bool] = True
    """Whether a document's own label says the class; otherwise its spans do."""

    labels: Vocabulary | None = None
    """The classes; None until training data says them."""
    group: str | None = None
    """Key of `meta` that the documents of one question share; None: each is one of its own."""
    is_causal: bool = False
    """Whether a token has read only what stands before it, so that the last speaks for a text."""

    def head(self, asked: str | None) -> str:
        """Return the head to use; None takes the usual one.

        Raises:
            ChoiceError: that head cannot answer the task.
        """
        choose("fusion.head", asked or self.HEADS[0], dict.fromkeys(self.HEADS))
        return asked or self.HEADS[0]

    @property
    @abstractmethod
    def num_outputs(self) -> int:
        """Return how many numbers the head gives for a text, or for a token of it."""

    @abstractmethod
    def found(self, data: Corpus) -> Vocabulary:
        """Return the classes that occur in a corpus."""

    def learnt(self, data: Corpus) -> Vocabulary:
        """Return the classes of the training documents, which no other split may go beyond.

        Args:
            data: a whole corpus, its splits named.

        Raises:
            DataError: no document is to train on, or another split has a class that these lack.
        """
        labels = self.found(data.train)
        for unseen in unseen_labels(data, of_spans=not self.READS_LABEL):
            (label, count), *more = unseen.documents.items()
            also = f" ({len(more)} more labels are so)" if more else ""
            raise DataError(
                f"label {label!r}: must occur in the split 'train', or it cannot be learnt; "
                f"{count} documents of {unseen.split!r} have it and none of 'train'{also}. Move "
                "some of them to 'train', or leave them out."
            )
        return labels

    @abstractmethod
    def classes(self, data: Corpus, *, need_all: bool = True) -> Vocabulary:
        """Return the classes, those of the data where none are known yet.

        Args:
            data: documents to train or to measure on.
            need_all: whether there must be enough of each to train on.

        Raises:
            DataError: the data cannot be trained on, or has an unknown class.
        """

    def samples(self, data: Corpus) -> tuple[Sample, ...]:
        """Return documents as samples of this task; what only other tasks read is left out.

        Raises:
            DataError: a document's label is none of the classes.
        """
        assert self.labels is not None
        if self.READS_LABEL:
            return data.samples(self.labels)
        return tuple(Sample(d.id, d.text, d.mentions, None, d.meta, d.spans) for d in data)

    def require_apart(self, train: Corpus, other: Corpus) -> None:  # noqa: B027 - most need nothing
        """Refuse documents to measure on that belong to a question which is trained on.

        Args:
            train: documents to train on.
            other: documents to measure on.

        Raises:
            DataError: the two share a question.
        """

    @abstractmethod
    def target(self, sample: Sample, tokens: Tokens) -> Tensor | None:
        """Return what is wanted of a sample, or None when that is not known."""

    def group_of(self, sample: Sample) -> str | None:  # noqa: ARG002 - most do not group
        """Return the question that a sample is a choice of, where the task groups samples."""
        return None

    def bundles(self, items: Sequence[Item]) -> list[list[Item]]:
        """Return the items that must meet in one batch, together."""
        return [[item] for item in items]

    def targets(self, items: Sequence[Item], mask: Tensor) -> dict[str, Tensor]:  # noqa: ARG002 - of texts
        """Return the parts of a batch that `answers` reads; "labels" where an item has a target.

        Args:
            items: of the batch.
            mask: `(batch, tokens)` bool; True where there is a token.
        """
        if all(item.target is None for item in items):
            return {}
        unknown = torch.tensor(UNKNOWN)
        wanted = [unknown if item.target is None else item.target for item in items]
        return {"labels": torch.stack(wanted)}

    @abstractmethod
    def answers(self, logits: Tensor, batch: Mapping[str, Tensor]) -> Answers:
        """Return how likely each option of each question of a batch is.

        Args:
            logits: what the head gives.
            batch: with what `targets` returned.
        """

    def loss(self, logits: Tensor, batch: Mapping[str, Tensor]) -> Tensor:
        """Return the mean cross-entropy of the questions whose answer is known.

        Args:
            logits: what the head gives.
            batch: with what `targets` returned; one answer at least is known.
        """
        logs, truth = self.answers(logits, batch)
        return nn.functional.nll_loss(logs, truth, ignore_index=UNKNOWN)

    @abstractmethod
    def decode(self, logits: Sequence[Tensor], items: Sequence[Item]) -> Any:
        """Return what is predicted.

        Args:
            logits: of each sample, on the processor.
            items: the samples made ready.
        """

    @abstractmethod
    def judge(self, predicted: Any, samples: Sequence[Sample]) -> NDArray[np.float64]:
        """Return how right each question was answered, `(questions,)` from 0 to 1.

        Args:
            predicted: what `decode` returned.
            samples: the same samples, labelled.
        """

    def table(self, predicted: Any, samples: Sequence[Sample]) -> Table:  # noqa: ARG002 - of spans
        """Return answers as questions with options, for tasks that choose among some.

        Args:
            predicted: what `decode` returned.
            samples: the same samples, labelled.

        Raises:
            ConfigError: the task does not choose among options.
        """
        raise ConfigError(
            f"task: must choose among options to be laid out so; {type(self).__name__.lower()!r} "
            "does not. Compare such models by compare_fusions."
        )


def make_task(name: str, *, labels: Vocabulary | None = None, group: str | None = None) -> Task:
    """Return a task by name.

    Raises:
        ChoiceError: no such task.
        ConfigError: the task needs a group, and there is none.
    """
    module, _, kind = choose("task", name, TASKS).partition(":")
    made: Task = getattr(import_module(module), kind)(labels, group)
    return made
