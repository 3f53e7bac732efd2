"""Stacking: a small model learns how far to trust each learner, from what they held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lichen.base import check
from lichen.base.errors import DataError
from lichen.data.corpus import Corpus, Sample
from lichen.training.learner import Chances, Learner, Predictor, require_linked, shared_labels
from lichen.training.logistic import Logistic, fit_logistic

PAPER = "Wolpert, 1992, Neural Networks 5, 241-259"
FLOOR = 1e-4
"""Least probability that is told apart from 0."""


@dataclass(frozen=True)
class Stacked:
    """Learners fitted to everything, and the regression over what they say."""

    members: tuple[Predictor, ...]
    judge: Logistic

    def predict(self, samples: Sequence[Sample]) -> Chances:
        """Return the judge's probabilities: `(samples, classes)`."""
        return self.judge.predict(features_of([m.predict(samples) for m in self.members]))


def stacking(
    learners: Sequence[Learner],
    corpus: Corpus,
    *,
    folds: int = 5,
    l2: float = 1e-2,
    group: str | None = None,
    seed: int = 0,
) -> Stacked:
    """Fit a regularised logistic regression to what learners say of documents held out.

    The documents are divided into folds; each learner is fitted to all but one fold and predicts
    that one, so the regression sees every learner as new documents will see it. Then each
    learner is fitted to everything.

    Use over learners that err in different ways: text alone, entities alone, both. It weighs
    them by class, where bagging weighs all alike.

    Args:
        learners: what to fit, of one list of classes.
        corpus: labelled, linked documents.
        folds: parts that are held out in turn; each costs one fit a learner.
        l2: weight of the squared weights of the regression.
        group: key of `meta` that documents which tell of each other's label share, such as a true
            sentence and its false twin; they are held out together, or the regression learns to
            turn answers round. None: every document stands alone.
        seed: of the division, and of the learners' starts.

    Returns:
        The stack.

    Raises:
        ConfigError: there is no learner, two have other classes, or a setting is out of bounds.
        DataError: the corpus is empty, lacks a label or a group, has fewer groups than folds, a
            class that one fold holds whole beside one other only, or no linked mention for a fused
            learner to read.
    """
    check.whole("stacking.folds", folds, 2, 1_000)
    labels = shared_labels(learners, corpus)
    require_linked(learners, corpus)
    truth = np.array([sample.label for sample in corpus.samples(labels)])
    fold_of = divide(truth, groups_of(corpus, group), folds=folds, seed=seed)
    _require_classes(truth, fold_of)
    held = np.zeros((len(learners), len(corpus), len(labels)))
    for fold in range(folds):
        out = np.flatnonzero(fold_of == fold).tolist()
        rest = Corpus(tuple(corpus[i] for i in np.flatnonzero(fold_of != fold).tolist()))
        samples = Corpus(tuple(corpus[i] for i in out)).samples(labels)
        for number, learner in enumerate(learners):
            held[number, out] = learner.fit(rest, seed).predict(samples)
    judge = fit_logistic(features_of(list(held)), truth, num_classes=len(labels), l2=l2)
    return Stacked(tuple(learner.fit(corpus, seed) for learner in learners), judge)


def _require_classes(truth: NDArray[np.int64], fold_of: NDArray[np.int64]) -> None:
    """Refuse folds of which one holds all documents of a class and leaves one class to the rest."""
    for fold in np.unique(fold_of).tolist():
        if len(np.unique(truth[fold_of != fold])) < 2:
            raise DataError(
                "stacking: the documents outside each fold must be of two classes at least; those "
                f"outside fold {fold + 1} of {int(fold_of.max()) + 1} are all of one. Label more "
                "documents of the rare class."
            )


def groups_of(corpus: Corpus, key: str | None) -> list[str]:
    """Return the group of every document: its value of `meta`, or its id.

    Raises:
        DataError: a document lacks the key.
    """
    if key is None:
        return [doc.id for doc in corpus]
    for doc in corpus:
        if key not in doc.meta:
            raise DataError(
                f"document {doc.id!r}: must have {key!r} in meta, which stacking.group names; it "
                "has not. Add it, or leave group out."
            )
    return [str(doc.meta[key]) for doc in corpus]


def divide(
    truth: NDArray[np.int64], groups: Sequence[str], *, folds: int, seed: int
) -> NDArray[np.int64]:
    """Give every document a fold, a group's the same, so that classes are spread evenly.

    Args:
        truth: `(documents,)` class ids.
        groups: `(documents,)` names; a group is spread by the class of its first document.
        folds: how many.
        seed: of the draw.

    Returns:
        `(documents,)` fold numbers.

    Raises:
        DataError: there are fewer groups than folds.
    """
    number = {name: i for i, name in enumerate(dict.fromkeys(groups))}
    group_of = np.array([number[name] for name in groups], dtype=np.int64)
    first = np.unique(group_of, return_index=True)[1]
    if len(first) < folds:
        raise DataError(
            f"stacking.folds must not exceed the number of documents, or groups of them "
            f"({len(first)}); got {folds}."
        )
    order = np.random.default_rng([seed, 13]).permutation(len(first))
    by_class = order[np.argsort(truth[first][order], kind="stable")]
    out = np.empty(len(first), dtype=np.int64)
    out[by_class] = np.arange(len(first)) % folds
    return out[group_of]


def features_of(chances: Sequence[Chances]) -> Chances:
    """Return what the regression sees: the log-odds of each class by each learner.

    Args:
        chances: of each learner, `(samples, classes)`.

    Returns:
        `(samples, learners * classes)`, each learner's part centred.
    """
    parts = [np.log(np.maximum(found, FLOOR)) for found in chances]
    return np.concatenate([part - part.mean(1, keepdims=True) for part in parts], axis=1)
