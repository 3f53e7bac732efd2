"""Good or bad, for every synset: spread from fourteen words over the relations of WordNet."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.sparse import csr_matrix, diags

from tasks.wordnet import WordNet, wordnet

PAPER = "Turney and Littman, 2003, arXiv:cs/0309034 (the fourteen words)"

POSITIVE = ("good", "nice", "excellent", "positive", "fortunate", "correct", "superior")
NEGATIVE = ("bad", "nasty", "poor", "negative", "unfortunate", "wrong", "inferior")
WEIGHTS = {"&": 1.0, "^": 0.5, "+": 1.0, "\\": 1.0, "!": -1.0, "=": 0.5, "$": 0.5, "@": 0.3}
"""How much of its polarity a synset hands on along each relation; an antonym turns it round."""
GLOSS = 0.1
"""The same for the words of its definition."""
KEPT = 0.97
"""Share of the polarity that comes from neighbours; the rest is that of the fourteen words."""
ROUNDS = 30
THRESHOLD = 1.0
"""Scores nearer to 0 are called neutral: half of all synsets are."""


@cache
def polarities() -> dict[str, float]:
    """Return a score for every synset that the fourteen words reach, 0 in the middle."""
    net = wordnet()
    keys = list(net.synsets)
    index = {key: i for i, key in enumerate(keys)}
    weights = _weights(net, index)
    degree = np.asarray(abs(weights).sum(axis=1)).ravel()
    scale = diags(1 / np.sqrt(np.maximum(degree, 1e-9)))
    walk = scale @ weights @ scale
    seeds = np.zeros(len(keys))
    for words, sign in ((POSITIVE, 1.0), (NEGATIVE, -1.0)):
        for word in words:
            seeds[index[net.senses[word, "a"][0]]] = sign
    scores = seeds.copy()
    for _ in range(ROUNDS):
        scores = KEPT * (walk @ scores) + (1 - KEPT) * seeds
    scores /= np.sqrt(np.maximum(degree, 1e-9))
    reached = scores != 0
    scores -= np.median(scores[reached])
    scores /= np.median(abs(scores[reached]))
    scores = np.sign(scores) * np.log2(1 + abs(scores))
    return {key: float(scores[i]) for key, i in index.items() if reached[i]}


def _weights(net: WordNet, index: dict[str, int]) -> csr_matrix:
    rows, columns, values = [], [], []
    for key, synset in net.synsets.items():
        linked = [(p.target, WEIGHTS[p.symbol]) for p in synset.pointers if p.symbol in WEIGHTS]
        for target, weight in linked + [(x, GLOSS) for x in _defining(net, synset.definition)]:
            rows += [index[key], index[target]]
            columns += [index[target], index[key]]
            values += [weight, weight]
    return csr_matrix((values, (rows, columns)), shape=(len(index), len(index)))


def _defining(net: WordNet, definition: str) -> list[str]:
    """Return the first senses of the adjectives and adverbs of a definition."""
    found = []
    for word in definition.lower().replace(";", " ").replace(",", " ").split():
        for part in ("a", "r"):
            if (word, part) in net.senses:
                found.append(net.senses[word, part][0])
                break
    return found
