"""Candidates of one mention -> probabilities, by name, context, neighbours and prominence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lichen.linking.candidates import Named

CLUES = (
    "similarity",
    "behind",
    "brevity",
    "is_exact",
    "is_label",
    "is_lower",
    "is_common",
    "degree",
    "type",
    "type_named",
    "context",
    "coherence",
)
"""What speaks for a candidate.

similarity: of the mention and the name, 1 - edits / length.
behind: how much less similar it is than the most similar candidate.
brevity: of a misspelt name, 1 / length: one edit in a short word makes another word.
is_exact: the text has the name to the letter.
is_label: the name is the entity's first.
is_lower: the text has in lower case what is written with a capital.
is_common: both have it in lower case: a common noun, often meant as a word only.
degree: log of the number of its facts, 0 to 1.
type: mean degree of the entities of its type.
type_named: the text around names one of its types, as in "the river Niger".
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


DEFAULT = Weights(
    np.array([3.38, -2.09, 4.08, 2.42, 1.06, -3.82, -2.22, 3.34, 1.06, 1.28, 9.97, 8.43]), 4.09
)
"""Learned by `benchmarks/linking/atlas_linking.py`."""


def clues_of(
    named: Sequence[Named],
    *,
    is_lower: bool,
    degree: ArrayLike,
    type_: ArrayLike,
    type_named: ArrayLike,
    context: ArrayLike | None,
    coherence: ArrayLike | None,
) -> NDArray[np.float64]:
    """Return what speaks for each candidate, `(candidates, len(CLUES))`.

    Args:
        named: the candidates and how their names agree with the mention.
        is_lower: whether the mention is in lower case in a text that is not.
        degree: `(candidates,)`.
        type_: `(candidates,)`.
        type_named: `(candidates,)`.
        context: `(candidates,)`; None without a text encoder.
        coherence: `(candidates,)`; None where it was not looked at.
    """
    clues = np.zeros((len(named), len(CLUES)))
    if not named:
        return clues
    best = max(name.similarity for name in named)
    for row, name in zip(clues, named, strict=True):
        is_common = is_lower and name.name.islower()
        brevity = 1 / len(name.name) if name.name and name.similarity < 1.0 else 0.0
        row[:3] = name.similarity, best - name.similarity, brevity
        row[3:7] = name.is_exact, name.is_label, is_lower and not is_common, is_common
    for column, values in enumerate((degree, type_, type_named, context, coherence), 7):
        if values is not None:
            clues[:, column] = values
    return clues


def fit(
    matrices: Sequence[NDArray[np.float64]],
    truths: Sequence[int | None],
    *,
    decay: float = 0.1,
    steps: int = 30,
) -> Weights:
    """Return the weights and NIL score under which the truths are most likely.

    The likelihood is concave, so Newton's method finds its top; the pull of `decay` keeps a clue
    that never differs at 0 and one that always decides finite.

    Args:
        matrices: one `(candidates, len(CLUES))` per mention.
        truths: the right candidate's row, or None where it is NIL.
        decay: pull of every weight towards 0.
        steps: of Newton's method at most.

    References:
        McFadden, 1974, "Conditional logit analysis of qualitative choice behavior".
    """
    width = matrices[0].shape[1]
    sizes = np.array([len(m) + 1 for m in matrices])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    # NIL is a row with no clue but a constant of its own.
    rows = np.zeros((sizes.sum(), width + 1))
    is_true = np.zeros(len(rows))
    for start, matrix, truth in zip(starts, matrices, truths, strict=True):
        rows[start : start + len(matrix), :width] = matrix
        rows[start + len(matrix), width] = 1.0
        is_true[start + (len(matrix) if truth is None else truth)] = 1.0
    owner = np.repeat(np.arange(len(matrices)), sizes)
    weights = np.zeros(width + 1)
    for _ in range(steps):
        scores = rows @ weights
        odds = np.exp(scores - np.maximum.reduceat(scores, starts)[owner])
        odds /= np.add.reduceat(odds, starts)[owner]
        slope = rows.T @ (is_true - odds) - decay * weights
        weighted = rows * odds[:, None]
        means = np.add.reduceat(weighted, starts, axis=0)
        curve = rows.T @ weighted - means.T @ means + decay * np.eye(width + 1)
        step = np.linalg.solve(curve, slope)
        weights += step * min(1.0, 5.0 / float(np.abs(step).max()))
        if np.abs(step).max() < 1e-6:
            break
    return Weights(weights[:width], float(weights[width]))
