"""Boosting (SAMME): each round learns most from what the rounds before got wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lichen.base import check
from lichen.data.corpus import Corpus, Sample
from lichen.training.ensemble.bagging import resample
from lichen.training.learner import Chances, Learner, Predictor, require_linked, shared_labels

PAPER = "Hastie et al., 2009, Statistics and Its Interface 2, 349-360 (SAMME)"
LEAST_ERROR = 1e-3
"""Weighted error below which a round counts no more, so that none outvotes all others."""


@dataclass(frozen=True)
class Boosted:
    """The rounds of a boosted ensemble, each with the weight of its vote."""

    members: tuple[Predictor, ...]
    votes: tuple[float, ...]
    """Positive; of each member."""

    def predict(self, samples: Sequence[Sample]) -> Chances:
        """Return each class's share of the weighted votes: `(samples, classes)`."""
        parts = []
        for member, vote in zip(self.members, self.votes, strict=True):
            chances = member.predict(samples)
            parts.append(vote * np.eye(chances.shape[1])[chances.argmax(1)])
        out: Chances = np.sum(parts, axis=0) / sum(self.votes)
        return out


def boosting(
    learners: Sequence[Learner], corpus: Corpus, *, rounds: int = 5, seed: int = 0
) -> Boosted:
    """Fit one learner a round to documents drawn by weight, and raise the weight of its errors.

    With weighted error e and K classes, the round votes with log((1 - e) / e) + log(K - 1), and
    the documents it gets wrong weigh exp(vote) times more in the next draw. Weights become draws
    with replacement, so any learner will do; with several learners the rounds take turns. A round
    no better than chance is left out, and the weights begin anew.

    Use when learners are too simple for the data: each round adds what the others cannot say.
    Not where labels are wrong or learners fit everything: the weight then goes to the noise.

    Args:
        learners: what to fit, of one list of classes.
        corpus: labelled, linked documents.
        rounds: how many are fitted.
        seed: of the draws; round d starts from seed + d.

    Returns:
        The weighted ensemble; when no round was better than chance, the last one alone.

    Raises:
        ConfigError: there is no learner, two have other classes, or `rounds` is out of bounds.
        DataError: the corpus is empty, lacks a label, has one class only, or has no linked mention
            for a fused learner to read.
    """
    check.whole("boosting.rounds", rounds, 1, 10_000)
    labels = shared_labels(learners, corpus)
    require_linked(learners, corpus)
    samples = corpus.samples(labels)
    truth = np.array([sample.label for sample in samples])
    rng = np.random.default_rng([seed, 12])
    even = np.full(len(corpus), 1.0 / len(corpus))
    weights, members, votes = even, list[Predictor](), list[float]()
    for number in range(rounds):
        drawn = resample(corpus, rng, weights=weights)
        member = learners[number % len(learners)].fit(drawn, seed + number)
        is_wrong = member.predict(samples).argmax(1) != truth
        vote = vote_of(float(weights[is_wrong].sum()), num_classes=len(labels))
        if vote <= 0.0:
            weights = even
            continue
        members.append(member)
        votes.append(vote)
        weights = weights * np.exp(vote * is_wrong)
        weights = weights / weights.sum()
    if not members:
        return Boosted((member,), (1.0,))
    return Boosted(tuple(members), tuple(votes))


def vote_of(error: float, *, num_classes: int) -> float:
    """Return the weight of a round's vote; positive when it is better than chance.

    Args:
        error: weighted share of what it gets wrong, 0 to 1.
        num_classes: how many classes there are.

    >>> round(vote_of(0.25, num_classes=2), 3), vote_of(0.5, num_classes=2)
    (1.099, 0.0)
    """
    error = min(max(error, LEAST_ERROR), 1.0 - LEAST_ERROR)
    return float(np.log((1.0 - error) / error) + np.log(num_classes - 1.0))
