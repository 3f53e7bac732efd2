"""A trained model to the answers that another learns from, beside the labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from lichen.base import check
from lichen.base.errors import ConfigError
from lichen.data.corpus import Corpus, Sample
from lichen.data.vocabulary import Vocabulary
from lichen.fusion.item import Item, unlabelled
from lichen.fusion.model import FusedModel
from lichen.fusion.tasks.task import UNKNOWN, Task
from lichen.training.divergence import divergence
from lichen.training.hashes import digest

if TYPE_CHECKING:
    from lichen.training.run import Run

PAPER = "Hinton et al., 2015, arXiv:1503.02531"


@dataclass(frozen=True, kw_only=True)
class TeacherSettings:
    """How much a teacher's answers count, whoever teaches.

    Raises:
        ConfigError: a value is out of its bounds; the message starts with its key.
    """

    weight: float = 0.7
    """Share of the teacher in the loss of what has a label, 0 to 1."""
    temperature: float = 2.0
    """Above 1 shows more of how the teacher ranks the wrong options."""

    def __post_init__(self) -> None:
        """Refuse values that could only fail later, deep inside a run."""
        check.between("teacher.weight", self.weight, 0.0, 1.0)
        check.between("teacher.temperature", self.temperature, 0.01, 1000.0)

    def settings(self) -> dict[str, Any]:
        """Return these settings alone, by name."""
        return {"weight": self.weight, "temperature": self.temperature}


@dataclass(frozen=True, kw_only=True, eq=False)
class Teacher(TeacherSettings):
    """A model whose answers to the texts of a task are learned beside their labels.

    The loss of a question is weight * T^2 * KL(teacher at T || student at T) and (1 - weight)
    times the cross-entropy of its label, both answers softened by the temperature T. Where a text
    has no label the first term stands alone, at full weight; so texts without one may be given.

    Use where a large model or one with a graph is at hand for training, and a small one or one
    without runs later. The student learns nothing of facts that no text mentions.

    Cost: the teacher reads each text once, before the first step.

    Raises:
        ConfigError: the model has no classes, or a setting is out of its bounds.

    References:
        Hinton et al., 2015, arXiv:1503.02531.
    """

    model: FusedModel | Run[FusedModel]
    """The trained model, or its run, whose twins then teach those of the student; a run's folder
    keeps either."""
    task: str | None = None
    """Which of several tasks it teaches; None where there is one."""

    def __post_init__(self) -> None:
        """Refuse what could only fail later, deep inside a run."""
        super().__post_init__()
        if not isinstance(getattr(self.model, "model", self.model), FusedModel):
            raise ConfigError(
                "teacher: must be a FusedModel or the run that trained one; got "
                f"{type(self.model).__name__}. Of a run of several tasks give run.of(name)."
            )
        if self.source.labels is None:
            raise ConfigError("teacher: the model must have its classes; got None. Train it first.")

    @property
    def source(self) -> FusedModel:
        """Return the model itself."""
        return self.model if isinstance(self.model, FusedModel) else self.model.model

    @property
    def labels(self) -> Vocabulary:
        """Return the classes that it knows."""
        assert self.source.labels is not None
        return self.source.labels

    def require_student(self, student: FusedModel) -> None:
        """Refuse a student that is asked something else.

        Raises:
            ConfigError: it is of another task or graph, has other classes, reads other tokens where
                these are asked, or is the teacher.
        """
        mine, own = self.source.config, student.config
        self.require_task(own.task, own.group)
        if (self.source.backbone is student.backbone and own.trains_text) or self.source is student:
            raise ConfigError(
                "teacher: must be another model than its student, whose training would move it; "
                "got the same. Save it and load it again, or build a fresh student."
            )
        if mine.entities and own.entities and mine.entities != own.entities:
            raise ConfigError(
                "teacher: must have vectors of the student's entities, since both read the same "
                "links; it has those of others, or in another order. Train it on the same graph, "
                "or give a student without one."
            )
        vocabularies = [one.text.tokenizer.get_vocab() for one in (self.source, student)]
        if "token" in student.task.HEADS and vocabularies[0] != vocabularies[1]:
            raise ConfigError(
                "teacher: a text must have the same tokens for teacher and student, since each is "
                "asked; their tokenizers differ. Give the student the teacher's language model."
            )
        if student.labels is not None and list(student.labels) != list(self.labels):
            raise ConfigError(
                f"teacher: the student must have the teacher's classes {list(self.labels)}; got "
                f"{list(student.labels)}."
            )

    def require_task(self, task: str, group: str | None) -> None:
        """Refuse another task than the teacher's.

        Raises:
            ConfigError: it is another one.
        """
        mine = self.source.config
        if (mine.task, mine.group) != (task, group):
            raise ConfigError(
                f"teacher: the student must have the teacher's task {mine.task!r} (group "
                f"{mine.group!r}); got {task!r} (group {group!r})."
            )

    def require_kept(self) -> None:
        """Refuse a teacher that no folder can hold.

        Raises:
            ConfigError: it is a twin whose knowledge is dealt wrongly or only counted.
        """
        if self.source.deal is not None or self.source.counts_only:
            raise ConfigError(
                "teacher: a twin with shuffled or counted knowledge cannot be kept in a run's "
                "folder, which would not tell it from the real one. Leave out away."
            )

    def taught(self, samples: Sequence[Sample], items: Sequence[Item]) -> list[Item]:
        """Return a student's items with what the teacher says of each.

        Args:
            samples: the texts, linked to the teacher's graph.
            items: the same texts, made ready for the student.

        Raises:
            ConfigError: tokens are asked, and teacher and student read a text as others.
        """
        batcher = self.source.batcher()
        asked = batcher.items(unlabelled(samples))
        logits = self.source.logits(asked, batcher)
        if "token" not in self.source.task.HEADS:
            return [item._replace(taught=x) for item, x in zip(items, logits, strict=True)]
        for sample, mine, own in zip(samples, asked, items, strict=True):
            if not torch.equal(mine.tokens.ids, own.tokens.ids):
                raise ConfigError(
                    f"teacher: document {sample.id!r} must have the same tokens for teacher and "
                    "student, since each is asked. Give the student the teacher's language model, "
                    "and shorter texts where one cuts them off."
                )
        return [
            item._replace(taught=x[: len(item.tokens.ids)])
            for item, x in zip(items, logits, strict=True)
        ]

    def loss(
        self, task: Task, logits: Tensor, taught: Tensor, batch: Mapping[str, Tensor]
    ) -> Tensor:
        """Return the mean loss of a batch's questions.

        Args:
            task: of both models.
            logits: of the student.
            taught: of the teacher, in the same form.
            batch: with labels where some are known.
        """
        heat = self.temperature
        goal = task.answers(taught / heat, batch).logs
        soft = heat**2 * divergence(goal, task.answers(logits / heat, batch).logs)
        logs, truth = task.answers(logits, batch)
        hard = nn.functional.nll_loss(logs, truth, ignore_index=UNKNOWN, reduction="none")
        share = torch.where(truth == UNKNOWN, 1.0, self.weight)
        return (share * soft + (1.0 - share) * hard).sum() / max(1, len(truth))

    def spec(self) -> dict[str, Any]:
        """Return what makes it this one: equal for runs that may go on."""
        return {
            "weights": digest(*(x.detach() for x in self.source.state_dict().values())),
            **self.settings(),
        }


def with_labels(task: Task, data: Corpus) -> Corpus:
    """Return the documents of which it is known what a task wants."""
    if task.READS_LABEL:
        return replace(data, documents=tuple(doc for doc in data if doc.label is not None))
    return replace(data, documents=tuple(doc for doc in data if doc.spans is not None))
