"""Learners whose every answer can be worked out by hand."""

from collections import Counter
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest

from lichen.data.corpus import Corpus, Document
from lichen.data.vocabulary import Vocabulary

LABELS = Vocabulary(["a", "b", "c"])


def corpus_of(*pairs):
    return Corpus(
        tuple(Document(id=str(i), text=text, label=label) for i, (text, label) in enumerate(pairs))
    )


@dataclass
class WordPredictor:
    """Says of each text how often each class had its word at `place`, one seen more."""

    counts: dict
    place: int

    def predict(self, samples):
        out = np.zeros((len(samples), len(LABELS)))
        for row, sample in enumerate(samples):
            seen = self.counts.get(sample.text.split()[self.place], Counter())
            out[row] = [1 + seen[label] for label in LABELS]
        return out / out.sum(1, keepdims=True)


@dataclass
class WordLearner:
    """Counts classes by the word at one place of the text."""

    place: int
    labels: Vocabulary = LABELS
    seen: list = field(default_factory=list)
    """The (corpus, seed) of every fit."""

    def fit(self, corpus, seed):
        self.seen.append((corpus, seed))
        counts = {}
        for doc in corpus:
            counts.setdefault(doc.text.split()[self.place], Counter())[doc.label] += 1
        return WordPredictor(counts, self.place)


@pytest.fixture
def toy():
    """Give the learner, its classes, a maker of corpora, and a corpus.

    In the corpus the first word tells the class and the second tells nothing.
    """
    rng = np.random.default_rng(0)
    pairs = []
    for _ in range(90):
        label = LABELS[int(rng.integers(3))]
        pairs.append((f"{label}{rng.integers(3)} x{rng.integers(4)}", label))
    return SimpleNamespace(
        Learner=WordLearner, labels=LABELS, corpus_of=corpus_of, words=corpus_of(*pairs)
    )
