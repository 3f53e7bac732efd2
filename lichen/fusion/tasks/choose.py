"""Choose: which of the documents of one question is the right one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from lichen.base.errors import ConfigError, DataError, ShapeError
from lichen.data.corpus import Corpus, Sample
from lichen.data.vocabulary import Vocabulary
from lichen.fusion.item import Item
from lichen.fusion.tasks.classify import RIGHT, Classify, class_labels, question_of, questions
from lichen.fusion.tasks.task import UNKNOWN, Answers, Table


@dataclass(frozen=True)
class Choose(Classify):
    """Choose one of the documents of each question, by a softmax over these.

    A choice is only right beside the others, so it is trained beside the others: the loss is the
    cross-entropy of the right choice among its question's, and what all choices share cancels out.

    Use when exactly one of several texts is right: multiple choice, word senses, candidates of a
    mention. With `Classify` each would be judged alone, mostly wrong ones against few right ones.

    Cost: as `Classify`; a batch holds whole questions.

    Raises:
        ConfigError: no group is named.
    """

    def __post_init__(self) -> None:
        """Refuse to choose among nothing."""
        if self.group is None:
            raise ConfigError(
                "group must name the key of meta that the choices of one question share, for task "
                "'choose'; got None."
            )

    @property
    def key(self) -> str:
        """Return the key of `meta` that tells questions apart."""
        assert self.group is not None
        return self.group

    @property
    def num_outputs(self) -> int:
        """Return 1: how good a choice is."""
        return 1

    def classes(self, data: Corpus, *, need_all: bool = True) -> Vocabulary:
        """Return "right" and what the other choices are labelled, checked for training.

        Args:
            data: the choices of whole questions.
            need_all: whether there must be right and wrong ones.

        Raises:
            DataError: as `class_labels`; or there are other labels than "right" and one more, or a
                question has not exactly one right choice.
        """
        labels = class_labels(data, self.labels, need_all=need_all)
        if RIGHT not in labels or len(labels) != 2:
            raise DataError(
                f"train: documents must be labelled {RIGHT!r} or one other label for task "
                f"'choose'; got {', '.join(map(repr, labels))}."
            )
        self._right_ones(data.samples(labels), labels.id(RIGHT))
        return labels

    def _right_ones(self, samples: Sequence[Sample], right: int) -> dict[str, int]:
        """Return each question's place of the right one among its choices."""
        out = {}
        for name, rows in questions(samples, self.key).items():
            places = [place for place, i in enumerate(rows) if samples[i].label == right]
            if len(places) != 1:
                raise DataError(
                    f"question {name!r} (meta {self.key!r}): must have exactly one document "
                    f"labelled {RIGHT!r}; got {len(places)} of {len(rows)}."
                )
            out[name] = places[0]
        return out

    def require_apart(self, train: Corpus, other: Corpus) -> None:
        """Refuse a question with choices on both sides."""
        shared = {doc.meta.get(self.key) for doc in train} & {d.meta.get(self.key) for d in other}
        if shared:
            raise DataError(
                f"question {min(map(str, shared))!r} (meta {self.key!r}): its choices must lie in "
                "one split; some are trained on and some are measured on. Split by question."
            )

    def group_of(self, sample: Sample) -> str:
        """Return the question that a sample is a choice of."""
        return question_of(sample, self.key)

    def bundles(self, items: Sequence[Item]) -> list[list[Item]]:
        """Return the choices of each question together."""
        members: dict[str | None, list[Item]] = {}
        for item in items:
            members.setdefault(item.group, []).append(item)
        return list(members.values())

    def targets(self, items: Sequence[Item], mask: Tensor) -> dict[str, Tensor]:
        """Return known labels, and `groups` `(batch,)`: which question each belongs to."""
        numbers: dict[str | None, int] = {}
        groups = [numbers.setdefault(item.group, len(numbers)) for item in items]
        return {**super().targets(items, mask), "groups": torch.tensor(groups)}

    def answers(self, logits: Tensor, batch: Mapping[str, Tensor]) -> Answers:
        """Return the questions of a batch, their choices as options.

        Args:
            logits: `(batch, 1)`.
            batch: with groups, and labels where some are known.

        Raises:
            ShapeError: a question whose labels are known has not exactly one right choice.
        """
        assert self.labels is not None
        groups = batch["groups"]
        labels = batch.get("labels", torch.full_like(groups, UNKNOWN))
        right, count = labels == self.labels.id(RIGHT), int(groups.max()) + 1
        is_known = torch.bincount(groups[labels != UNKNOWN], minlength=count) > 0
        if (torch.bincount(groups[right], minlength=count) != is_known.long()).any():
            raise ShapeError(
                "batch: must hold whole questions with one right choice each; got "
                f"{int(right.sum())} right choices of {int(is_known.sum())} questions."
            )
        of_group = nn.functional.one_hot(groups, count)
        place = (of_group.cumsum(0) * of_group).sum(1) - 1
        logs = logits.new_full((count, int(place.max()) + 1), float("-inf"))
        logs[groups, place] = log_shares(logits[:, 0], groups)
        truth = torch.full_like(groups[:count], UNKNOWN)
        truth[groups[right]] = place[right]
        return Answers(logs, truth)

    def decode(self, logits: Sequence[Tensor], items: Sequence[Item]) -> Tensor:
        """Return `(samples, classes)`: how likely each is right among its question's, or not."""
        assert self.labels is not None
        out = torch.zeros((len(items), 2))
        if not items:
            return out
        groups = self.targets(items, torch.empty(0))["groups"]
        shares = log_shares(torch.cat(list(logits)), groups).exp()
        right = self.labels.id(RIGHT)
        out[:, right], out[:, 1 - right] = shares, 1 - shares
        return out

    def table(self, predicted: Tensor, samples: Sequence[Sample]) -> Table:
        """Return questions with their choices as options.

        Raises:
            DataError: a question has not exactly one right choice.
        """
        assert self.labels is not None
        right = self.labels.id(RIGHT)
        members = questions(samples, self.key)
        truth = self._right_ones(samples, right)
        chances = np.zeros((len(members), max(map(len, members.values()))))
        for number, rows in enumerate(members.values()):
            chances[number, : len(rows)] = np.asarray(predicted)[rows, right]
        first = np.array([rows[0] for rows in members.values()])
        return Table(chances, np.array(list(truth.values())), first)


def log_shares(scores: Tensor, groups: Tensor) -> Tensor:
    """Return the logarithm of a softmax within each group.

    Args:
        scores: `(choices,)`.
        groups: `(choices,)` int from 0; which group each belongs to.

    Returns:
        `(choices,)`; the exponents of a group's sum to 1.

    >>> log_shares(torch.tensor([0.0, 0.0, 5.0]), torch.tensor([0, 0, 1])).exp()
    tensor([0.5000, 0.5000, 1.0000])
    """
    count = int(groups.max()) + 1
    most = scores.detach().new_full((count,), float("-inf"))
    most = most.scatter_reduce(0, groups, scores.detach(), "amax")
    centred = scores - most[groups]
    total = scores.new_zeros(count).index_add(0, groups, centred.exp())
    return centred - total.log()[groups]
