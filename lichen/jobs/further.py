"""What a recipe's run learns beside its own labels: further tasks, texts, teachers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lichen.base.errors import ConfigError
from lichen.data.corpus import Corpus
from lichen.data.vocabulary import Vocabulary
from lichen.fusion.model import FusedModel
from lichen.fusion.sibling import sibling
from lichen.fusion.tasks.task import make_task
from lichen.jobs.beforehand import learnable
from lichen.jobs.recipe import MAIN, Recipe
from lichen.jobs.tables import TaskRecipe
from lichen.training.consistency import Consistency
from lichen.training.joined import Joined
from lichen.training.run import RUN, Run, read_record, run_or_model
from lichen.training.teacher import Teacher


@dataclass(frozen=True, kw_only=True)
class Further:
    """One of a recipe's tasks, what it names loaded and checked."""

    told: TaskRecipe
    corpus: Corpus
    labels: Vocabulary
    """The classes of the training documents, or the teacher's."""
    teacher: FusedModel | Run[FusedModel] | None

    @property
    def valid(self) -> Corpus | None:
        """Return the documents to measure on, or None where none are marked so."""
        has_valid = any(doc.split == "valid" for doc in self.corpus)
        return self.corpus.valid if has_valid else None

    def joined(self, more: Mapping[str, Corpus], *, task: str | None) -> list[Joined]:
        """Return what is learned beside its labels.

        Args:
            more: further texts by the name of their file.
            task: its name where the run has several, else None.
        """
        found: list[Joined] = []
        agreed, told = self.told.consistency, self.told.teacher
        if agreed is not None:
            texts = self.corpus.train if agreed.texts is None else more[agreed.texts]
            found.append(Consistency(texts=texts, task=task, **agreed.settings()))
        if told is not None and self.teacher is not None:
            found.append(Teacher(model=self.teacher, task=task, **told.settings()))
        return found


def load_teacher(told: TaskRecipe) -> FusedModel | Run[FusedModel] | None:
    """Return the run or the model that teaches a task, or None.

    Raises:
        ArtifactError: its folder holds neither.
        ConfigError: it holds a run of several tasks.
    """
    if told.teacher is None:
        return None
    folder = Path(told.teacher.folder)
    if (folder / RUN).is_file() and "tasks" in read_record(folder):
        raise ConfigError(
            f"teacher.folder must hold a run of one task, or a model; {folder} holds one of "
            "several tasks. Save the model that is to teach by "
            "TasksRun.load(folder).models[name].save_pretrained(...), and name its folder."
        )
    return run_or_model(folder)


def classes_told(
    told: TaskRecipe,
    corpus: Corpus,
    *,
    test: bool = False,
    teacher: FusedModel | Run[FusedModel] | None = None,
    where: str | None = None,
) -> Vocabulary:
    """Return a task's classes, all its documents checked that will be read.

    Args:
        told: the task.
        corpus: its documents, with splits.
        test: whether models are measured on the split "test".
        teacher: whose classes they are, or None.
        where: what to call the documents in messages; None is their file.

    Raises:
        ConfigError: the teacher has no classes.
        DataError: as `learnable`.
    """
    task = make_task(told.task, group=told.group)
    taught = None if teacher is None else Teacher(model=teacher).labels
    return learnable(task, corpus, where=where or told.corpus, test=test, taught=taught)


def siblings_of(model: FusedModel, tasks: Mapping[str, Further]) -> dict[str, FusedModel]:
    """Return a model of the recipe's own task and its siblings, one a further task."""
    models = {MAIN: model}
    for name, task in tasks.items():
        if name != MAIN:
            told = task.told
            models[name] = sibling(
                model, task=told.task, labels=task.labels, group=told.group, head=told.head
            )
    return models


def texts_named(recipe: Recipe) -> list[str]:
    """Return the files of further texts that a recipe names."""
    agreed = [told.consistency for told in recipe.further().values()]
    tables = [recipe.pretrain, recipe.beside, *agreed]
    return sorted(
        {table.texts for table in tables if table is not None and table.texts is not None}
    )
