"""Candidates of one mention -> probabilities, by name, context, neighbours and prominence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lichen.linking.candidates import Named

CLUES = (
    "similarity",
    "is_exact",
    "is_label",
    "is_lower",
    "degree",
    "type",
    "context",
    "coherence",
)
"""What speaks for a candidate.

similarity: of the mention and the name, 1 - edits / length.
is_exact: the text has the name to the letter.
is_label: the name is the entity's first.
is_lower: the text has in lower case what is written with a capital.
degree: log of the number of its facts, 0 to 1.
type: mean degree of the entities of its type.
context: cosine of what surrounds the mention and what is known of the entity, less the mean
    over the candidates.
coherence: how many of the text's other entities are its neighbours, 0 to 1.
"""


@dataclass(frozen=True)
class Weights:
    """How much each clue counts, and the score of nothing at all.

    `values` is `(len(CLUES),)`. A candidate whose clues add up to `nil` is as likely as that
    the mention names nothing in the graph.
    """

    values: NDArray[np.float64]
    nil: float

    def probabilities(self, clues: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how likely each candidate is what the mention means.

        A softmax over the candidates and nothing (NIL); what is missing to 1 is NIL's share.

        Args:
            clues: `(candidates, len(CLUES))`.

        Returns:
            `(candidates,)` between 0 and 1.
        """
        scores = np.append(clues @ self.values, self.nil)
        odds = np.exp(scores - scores.max())
        shares: NDArray[np.float64] = odds[:-1] / odds.sum()
        return shares


DEFAULT = Weights(np.array([14.0, 0.6, 1.0, -2.0, 2.0, 1.0, 6.0, 3.0]), 12.5)
"""Learned by `benchmarks/linking/atlas_linking.py`."""


def clues_of(
    named: Sequence[Named],
    *,
    is_lower: bool,
    degree: ArrayLike,
    type_: ArrayLike,
    context: ArrayLike | None,
    coherence: ArrayLike | None,
) -> NDArray[np.float64]:
    """Return what speaks for each candidate, `(candidates, len(CLUES))`.

    Args:
        named: the candidates and how their names agree with the mention.
        is_lower: whether the mention is in lower case in a text that is not.
        degree: `(candidates,)`.
        type_: `(candidates,)`.
        context: `(candidates,)`; None without a text encoder.
        coherence: `(candidates,)`; None where it was not looked at.
    """
    clues = np.zeros((len(named), len(CLUES)))
    if not named:
        return clues
    for row, name in zip(clues, named, strict=True):
        has_capital = is_lower and not name.name.islower()
        row[:4] = name.similarity, name.is_exact, name.is_label, has_capital
    for column, values in enumerate((degree, type_, context, coherence), start=4):
        if values is not None:
            clues[:, column] = values
    return clues


def fit(
    matrices: Sequence[NDArray[np.float64]],
    truths: Sequence[int | None],
    *,
    decay: float = 0.02,
    steps: int = 300,
) -> Weights:
    """Return the weights and NIL score under which the truths are most likely.

    Args:
        matrices: one `(candidates, len(CLUES))` per mention.
        truths: the right candidate's row, or None where it is NIL.
        decay: pull of every weight towards 0, which keeps a feature that never differs at 0.
        steps: of gradient ascent with momentum.

    References:
        McFadden, 1974, "Conditional logit analysis of qualitative choice behavior".
    """
    width = matrices[0].shape[1]
    sizes = np.array([len(m) + 1 for m in matrices])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    # NIL is a row with no feature but a constant of its own.
    rows = np.zeros((sizes.sum(), width + 1))
    is_true = np.zeros(len(rows))
    for start, matrix, truth in zip(starts, matrices, truths, strict=True):
        rows[start : start + len(matrix), :width] = matrix
        rows[start + len(matrix), width] = 1.0
        is_true[start + (len(matrix) if truth is None else truth)] = 1.0
    owner = np.repeat(np.arange(len(matrices)), sizes)
    weights, speed, square = np.zeros(width + 1), np.zeros(width + 1), np.zeros(width + 1)
    for step in range(1, steps + 1):
        scores = rows @ weights
        odds = np.exp(scores - np.maximum.reduceat(scores, starts)[owner])
        odds /= np.add.reduceat(odds, starts)[owner]
        slope = rows.T @ (is_true - odds) / len(matrices) - decay * weights / len(matrices)
        speed = 0.9 * speed + 0.1 * slope
        square = 0.99 * square + 0.01 * slope**2
        weights += 0.2 * (speed / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
    return Weights(weights[:width], float(weights[width]))
