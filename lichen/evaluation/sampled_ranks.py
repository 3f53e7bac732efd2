"""Rivals above the truth in a sample of the entities to MRR and Hits@k among all of them.

Of n entities, m are drawn without replacement. A truth of rank r has r - 1 better rivals, so the
better rivals in its sample follow the hypergeometric distribution of n, r - 1 and m. This is so
whichever other entities are hidden as known answers: those are never better.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ids = NDArray[np.int64]
HITS = (1, 3, 10)
GRID = 80
"""Ranks told apart, evenly spaced on a logarithmic scale, beside the likeliest of each count."""
EXACT, WIDTH = 20, 0.1
"""Counts told apart, and the relative width of classes above."""
STEPS = 200
"""Steps of expectation maximisation."""
FALL = 2.3
"""How far the log-likelihood may fall.

Half the 95 % point of chi-squared with one degree is 1.92, which covers a share near 0 or 1 too
seldom: where all of q queries hit, it ends at 1.92 / q misses, and 1.92 / q let all hit in 15 % of
draws. Minus the logarithm of 0.1 makes that 10 %."""
PULLS, NEAR, CLOSE = 20, 0.1, 1e-4
"""Tries to find an end of an interval; log-likelihood, or gain, within which it is found."""
NEWTON, LOSS = 100, 0.02
"""Steps at most, and the log-likelihood that may be lost by ending early."""


class Estimate(NamedTuple):
    """A figure with its 95 % interval over the queries."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """Show the figure and its interval."""
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def figures_of(ranks: Floats | Ids) -> Floats:
    """Return `(ranks, 4)`: what a rank adds to the MRR and to each of Hits@1, 3, 10."""
    return np.stack([1 / ranks, *(ranks <= k for k in HITS)], axis=1).astype(np.float64)


def estimate_figures(
    better: Floats, block: Ids, *, stratum: Ids, num_entities: int, num_drawn: int
) -> list[Estimate]:
    """Estimate MRR and Hits@1, 3, 10 among all entities from what a sample of them shows.

    The figures are those of the likeliest distribution of ranks, found by expectation maximisation
    from ranks that are evenly spread on a logarithmic scale. An interval holds the figures of all
    distributions whose likelihood is not much lower, so it is as wide as what a sample cannot tell:
    ranks under num_entities / num_drawn look alike. Queries that share a sample count for less,
    by their design effect.

    Args:
        better: `(queries,)` drawn entities that rank above the truth; a tie counts half.
        block: `(queries,)` number from 0 of the sample that each query met.
        stratum: `(queries,)` number from 0 of its kind, such as tails and heads; no sample is met
            by two kinds.
        num_entities: entities there are, the truth and known answers included.
        num_drawn: entities in a sample, fewer than there are.

    Returns:
        MRR, Hits@1, Hits@3, Hits@10.

    References:
        Jin et al., 2021, arXiv:2103.01474 (the estimate). Differs: hypergeometric, not binomial.
        Owen, 1988, Biometrika 75 (the interval: an empirical likelihood ratio); Batlle et al.,
        2023, arXiv:2310.02461 (what it covers where ranks cannot be told apart).
        Kish, 1965, "Survey Sampling" (the design effect).
    """
    counts, place, weight = _classes(better, num_drawn)
    ranks, likelihood = _likelihood(counts, num_entities, num_drawn)
    start = np.log(np.append(ranks[1:], num_entities + 1) / ranks)
    start /= start.sum()
    found = _likeliest(start, likelihood, weight, steps=STEPS)
    parts = figures_of(ranks)
    told = (likelihood * found @ parts) / (likelihood @ found)[:, None]
    effects = _design_effects((told[place[0]] + told[place[1]]) / 2, block, stratum)
    top = float(weight @ np.log(likelihood @ found))
    share = 1 / len(better)  # as of one more query, so that no rank is left out
    inside = (1 - share) * found + share * start
    ends = []
    for part, effect in zip(parts.T, effects, strict=True):
        least = top - FALL * effect
        low, high = (
            side * _furthest(inside, likelihood, weight, gain=side * part, least=least)
            for side in (-1, 1)
        )
        value = min(1.0, float(found @ part))
        ends.append(Estimate(value, max(0.0, min(low, value)), min(1.0, max(high, value))))
    return ends


def _classes(better: Floats, num_drawn: int) -> tuple[Ids, Ids, Floats]:
    """Return the distinct counts, `(2, queries)` where each half of a query is, and their weights.

    A half count belongs to the two whole ones beside it by half; large ones share a class.
    """
    halves = np.stack([np.floor(better), np.ceil(better)])
    wide = np.exp(np.round(np.log(np.maximum(halves, 1)) / WIDTH) * WIDTH).round()
    halves = np.where(halves <= EXACT, halves, wide.clip(max=num_drawn)).astype(np.int64)
    counts, place = np.unique(halves, return_inverse=True)
    place = place.reshape(halves.shape)
    return counts, place, np.bincount(place.ravel()) / 2


def _likelihood(counts: Ids, num_entities: int, num_drawn: int) -> tuple[Ids, Floats]:
    """Return `(ranks,)` ranks, and `(counts, ranks)` likelihoods, 1 the highest of each count."""
    left = num_entities - num_drawn
    likely = counts * (num_entities + 1) // num_drawn
    likely = np.clip(likely, counts, np.minimum(counts + left, num_entities - 1))
    spread = np.geomspace(1, num_entities, GRID).round().astype(np.int64)
    ranks = np.unique(np.concatenate([spread, 1 + likely]))
    above, drawn = ranks - 1, counts[:, None]
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, num_entities + 1)))])
    missed = above - drawn  # better ones that were not drawn, and the others that were not
    others = left - missed
    log = logs[above] + logs[num_entities - above]
    log = log - logs[missed.clip(min=0)] - logs[others.clip(min=0)]
    log[(missed < 0) | (others < 0)] = -np.inf
    return ranks, np.exp(log - log.max(axis=1, keepdims=True))


def _likeliest(start: Floats, likelihood: Floats, weight: Floats, *, steps: int) -> Floats:
    """Return `(ranks,)` shares of ranks after some steps of expectation maximisation.

    Args:
        start: `(ranks,)` shares.
        likelihood: `(counts, ranks)`
        weight: `(counts,)` how often each was seen.
        steps: how many.
    """
    found = start
    for _ in range(steps):
        found = found * ((weight / np.maximum(likelihood @ found, 1e-300)) @ likelihood)
        found = found / found.sum()
    return found


def _design_effects(told: Floats, block: Ids, stratum: Ids) -> Floats:
    """Return by how much the variance of `(queries, figures)` grows by shared samples; at least 1.

    It is the squared sums of the blocks over the squares of the queries, about a stratum's mean.
    """
    effects = []
    for figure in told.T:
        means = np.bincount(stratum, figure) / np.maximum(1, np.bincount(stratum))
        apart = figure - means[stratum]
        effects.append((np.bincount(block, apart) ** 2).sum() / max(1e-12, apart @ apart))
    return np.maximum(1.0, effects)


def _furthest(
    start: Floats, likelihood: Floats, weight: Floats, *, gain: Floats, least: float
) -> float:
    """Return the highest gain of shares whose log-likelihood is at least so much.

    By Lagrange: for every pull, the highest of log-likelihood + pull * gain bounds it from above,
    and the bound is lowest where that height is reached at `least`, which is where the search for
    the pull ends. A search that ends early gives a gain that is too high, never one too low.

    Args:
        start: `(ranks,)` shares to begin with, none of them 0.
        likelihood: `(counts, ranks)`
        weight: `(counts,)`
        gain: `(ranks,)`
        least: the log-likelihood.

    References:
        Boyd and Vandenberghe, 2004, "Convex Optimization", chapters 5 and 11.
    """
    spread = start @ (gain - start @ gain) ** 2
    pull, low, high = np.sqrt(weight.sum() / max(spread, 1e-4)), 0.0, np.inf
    best = float(gain.max())
    for _ in range(PULLS):
        found = _highest(start, likelihood, weight, gain=pull * gain)
        expected = likelihood @ found
        slope = (weight / expected) @ likelihood + pull * gain
        above = weight @ np.log(expected) - least
        best = min(best, float(gain @ found + (above + slope.max() - found @ slope) / pull))
        if abs(above) < NEAR or (above > 0 and best - gain @ found < CLOSE):
            break
        if above > 0:
            low, pull = pull, 3 * pull
        else:
            high, pull = pull, pull / 3
        if low > 0 and high < np.inf:
            pull = np.sqrt(low * high)
    return best


def _highest(start: Floats, likelihood: Floats, weight: Floats, *, gain: Floats) -> Floats:
    """Return `(ranks,)` shares of the highest log-likelihood + gain, by Newton's method.

    A logarithmic barrier keeps them above 0, at a loss of at most `LOSS`.
    """
    barrier = LOSS / len(start)

    def height(shares: Floats) -> float:
        logs = weight @ np.log(likelihood @ shares) + barrier * np.log(shares).sum()
        return float(logs + gain @ shares)

    found = start
    for _ in range(NEWTON):
        share = likelihood * found / (likelihood @ found)[:, None] - found
        root = np.sqrt(weight)[:, None] * share
        bend = root.T @ root + barrier * np.eye(len(found))
        slope = weight @ share + found * (gain - gain @ found) + barrier
        free, kept = np.linalg.solve(bend, np.stack([slope, found], axis=1)).T
        step = free - (found @ free) / (found @ kept) * kept  # relative; the sum stays
        rise, length = step @ slope, min(1.0, 0.99 / max(1e-300, -step.min()))
        at = height(found)
        while height(found * (1 + length * step)) < at + 0.1 * length * rise and length > 1e-9:
            length /= 2
        found = found * (1 + length * step)
        found = found / found.sum()
        if rise < barrier:
            break
    return found
