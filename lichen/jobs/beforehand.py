"""What training would refuse only after hours of linking and embedding, refused before them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from lichen.base.errors import DataError
from lichen.data.corpus import Corpus
from lichen.data.vocabulary import Vocabulary
from lichen.fusion.tasks.task import Task
from lichen.training.teacher import with_labels


def learnable(
    task: Task,
    corpus: Corpus,
    *,
    where: str,
    test: bool = False,
    taught: Vocabulary | None = None,
) -> Vocabulary:
    """Return the classes of the training documents, all documents checked that will be read.

    Args:
        task: what is asked of them.
        corpus: with splits, linked or not.
        where: its file, for messages.
        test: whether models are measured on the split "test"; otherwise on "valid" if there is one.
        taught: the classes of a teacher, without whom every training document must say its own.

    Raises:
        DataError: there is nothing to train or to measure on, a label or the spans of a document
            are missing or wrong, a split has a class that training lacks, there is one class only,
            or a question lies in two splits.
    """
    with named(where):
        shown = corpus.train
        if taught is None:
            _require_taught(task, shown)
            task.learnt(corpus)
            labels = task.classes(shown)
        else:
            labels = taught
            told = with_labels(task, shown)
            if len(told) or not len(shown):
                replace(task, labels=labels).classes(told, need_all=False)
        if test or any(doc.split == "valid" for doc in corpus):
            measured = corpus.test if test else corpus.valid
            replace(task, labels=labels).classes(measured, need_all=False)
            task.require_apart(shown, measured)
    return labels


def _require_taught(task: Task, shown: Corpus) -> None:
    """Refuse documents of which not one says what it teaches: a column of another name, mostly."""
    key, fix = "spans", "Write JSON lines with them, which a CSV cannot hold."
    if task.READS_LABEL:
        key, fix = "label", "Name the right one 'label'."
    if all(getattr(doc, key) is None for doc in shown):
        others = ", ".join(map(repr, dict.fromkeys(name for doc in shown for name in doc.meta)))
        raise DataError(
            f"the documents of the split 'train' must have a column or key {key!r}; none of "
            f"{len(shown)} says anything there, and their other columns are: {others or 'none'}. "
            f"{fix}"
        )


@contextmanager
def named(where: str) -> Iterator[None]:
    """Say of an error in documents which file they are of.

    Raises:
        DataError: the one that came, its file before it.
    """
    try:
        yield
    except DataError as error:
        raise DataError(f"{where}: {error}") from None
