"""Self-training: what the model is sure of among unlabelled texts becomes training data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lichen.base import check
from lichen.data.corpus import Corpus, Sample
from lichen.training.learner import Chances, Learner, Predictor, require_linked, shared_labels

PAPER = "Lee, 2013, ICML workshop (pseudo-labels); Xie et al., 2020, arXiv:1911.04252 (rounds)"


@dataclass(frozen=True)
class SelfTrained:
    """The predictor of the last round, and how many texts each round took."""

    predictor: Predictor
    num_pseudo: tuple[int, ...]
    """Pseudo-labelled texts of each round."""

    def predict(self, samples: Sequence[Sample]) -> Chances:
        """Return the probability of each class: `(samples, classes)`."""
        return self.predictor.predict(samples)


def self_training(
    learner: Learner,
    labelled: Corpus,
    unlabelled: Corpus,
    *,
    rounds: int = 3,
    threshold: float = 0.9,
    seed: int = 0,
) -> SelfTrained:
    """Fit a learner, label what it is sure of, and fit it afresh to both, some rounds long.

    Every round labels all unlabelled texts anew and starts from a fresh model, so a wrong label
    is not kept for ever. Of each class the surest texts are taken, as many from each as its
    share among the labelled ones allows, so the common class does not crowd out the rare one.

    Use when the first model is right where it is sure. Not when it is sure and wrong: its errors
    are then taught back to it.

    Args:
        learner: what to fit.
        labelled: documents with labels.
        unlabelled: documents; their labels, if any, are not read.
        rounds: fits after the first.
        threshold: least probability of a label that is taken, 0 to 1.
        seed: of the learner; every round has the next.

    Returns:
        The predictor of the last round.

    Raises:
        ConfigError: a setting is out of its bounds.
        DataError: the labelled documents cannot be learned from, or no document has a linked
            mention that the learner's fusion could read.
    """
    check.whole("self_training.rounds", rounds, 1, 1_000)
    check.between("self_training.threshold", threshold, 0.0, 1.0)
    labels = shared_labels([learner], labelled)
    require_linked([learner], labelled, unlabelled)
    bare = tuple(replace(doc, label=None) for doc in unlabelled)
    samples = Corpus(bare).samples(labels)
    truth = np.array([sample.label for sample in labelled.samples(labels)])
    shares = np.bincount(truth, minlength=len(labels)) / len(truth)
    predictor = learner.fit(labelled, seed)
    counts = []
    for number in range(rounds):
        if not samples:
            break
        chances = predictor.predict(samples)
        taken = confident(chances, shares=shares, threshold=threshold)
        counts.append(len(taken))
        classes = chances.argmax(1)
        pseudo = tuple(replace(bare[i], label=labels[int(classes[i])]) for i in taken.tolist())
        predictor = learner.fit(Corpus(labelled.documents + pseudo), seed + number + 1)
    return SelfTrained(predictor, tuple(counts))


def confident(
    chances: Chances, *, shares: NDArray[np.float64], threshold: float
) -> NDArray[np.int64]:
    """Return the texts whose likeliest class is likely enough, classes in their shares.

    The class that is sure of the fewest texts, for its share, sets the measure for all others.
    A class that is sure of none is left out of that comparison.

    Args:
        chances: `(texts, classes)` probabilities.
        shares: `(classes,)` of the classes among labelled documents.
        threshold: least probability.

    Returns:
        Ascending text numbers.

    >>> sure = np.array([[0.95, 0.05], [0.99, 0.01], [0.92, 0.08], [0.1, 0.9], [0.6, 0.4]])
    >>> confident(sure, shares=np.array([0.5, 0.5]), threshold=0.9)
    array([1, 3])
    """
    best, classes = chances.max(1), chances.argmax(1)
    sure = best >= threshold
    counts = np.bincount(classes[sure], minlength=chances.shape[1])
    seen = (counts > 0) & (shares > 0)
    if not seen.any():
        return np.empty(0, dtype=np.int64)
    size = (counts[seen] / shares[seen]).min()
    taken = []
    for kind in np.flatnonzero(seen).tolist():
        rows = np.flatnonzero(sure & (classes == kind))
        order = np.argsort(-best[rows], kind="stable")
        taken.append(rows[order[: max(1, int(size * shares[kind] + 1e-9))]])
    return np.sort(np.concatenate(taken))
