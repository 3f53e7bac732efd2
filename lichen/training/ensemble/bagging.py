"""Bagging: learners fitted to random draws of the documents, their probabilities averaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lichen.base import check
from lichen.base.errors import DataError
from lichen.data.corpus import Corpus, Sample
from lichen.training.learner import Chances, Learner, Predictor, require_linked, shared_labels

PAPER = "Breiman, 1996, Machine Learning 24, 123-140"
TRIES = 100
"""Draws after which a corpus that gives one class only is refused."""


@dataclass(frozen=True)
class Bagged:
    """The members of a bag, which vote with equal weight."""

    members: tuple[Predictor, ...]

    def predict(self, samples: Sequence[Sample]) -> Chances:
        """Return the mean of the members' probabilities: `(samples, classes)`."""
        out: Chances = np.mean([member.predict(samples) for member in self.members], axis=0)
        return out


def bagging(
    learners: Sequence[Learner], corpus: Corpus, *, rounds: int = 5, seed: int = 0
) -> Bagged:
    """Fit every learner to `rounds` draws of as many documents, with replacement.

    A draw leaves out about 37 % of the documents and repeats others, so members err apart and
    their mean errs less.

    Use when single runs of a learner differ from each other much, as they do on few documents.
    Not when they agree: the mean of equals is the same, at `rounds` times the cost.

    Args:
        learners: what to fit, of one list of classes.
        corpus: labelled, linked documents.
        rounds: draws.
        seed: of the draws; member m of draw d starts from seed + d.

    Returns:
        The bag of learners * rounds members.

    Raises:
        ConfigError: there is no learner, two have other classes, or `rounds` is out of bounds.
        DataError: the corpus is empty, lacks a label, has one class only, or has no linked mention
            for a fused learner to read.
    """
    check.whole("bagging.rounds", rounds, 1, 10_000)
    shared_labels(learners, corpus)
    require_linked(learners, corpus)
    rng = np.random.default_rng([seed, 11])
    members: list[Predictor] = []
    for number in range(rounds):
        drawn = resample(corpus, rng)
        members += [learner.fit(drawn, seed + number) for learner in learners]
    return Bagged(tuple(members))


def resample(
    corpus: Corpus, rng: np.random.Generator, *, weights: NDArray[np.float64] | None = None
) -> Corpus:
    """Draw as many documents as there are, with replacement, of two classes at least.

    Args:
        corpus: labelled documents.
        rng: where the draws come from.
        weights: `(documents,)` chance of each, summing to 1; None draws all alike.

    Returns:
        The drawn documents, in their order in the corpus.

    Raises:
        DataError: every one of `TRIES` draws was of one class.
    """
    for _ in range(TRIES):
        rows = np.sort(rng.choice(len(corpus), size=len(corpus), p=weights))
        drawn = Corpus(tuple(corpus[i] for i in rows.tolist()))
        if len(drawn.labels()) > 1:
            return drawn
    raise DataError(
        f"resample: {TRIES} draws of {len(corpus)} documents must hold two classes at least; all "
        "held one. Label more documents of the rare class."
    )
