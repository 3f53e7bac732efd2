"""A pool of unlabelled documents to the ones worth labelling next: the query strategies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Pool:
    """All documents, and what is known of them before the next are chosen."""

    chances: Floats
    """`(documents, classes)` probabilities of the model trained so far."""
    vectors: Floats
    """`(documents, dim)` of the texts."""
    reach: tuple[NDArray[np.int64], ...]
    """Of each document, its linked entities and their neighbours in the graph."""
    worth: Floats
    """`(entities,)` what covering an entity counts."""
    labelled: Bools
    """`(documents,)` True where the label is known."""

    @property
    def open(self) -> NDArray[np.int64]:
        """Return the numbers of the documents that may be chosen."""
        return np.flatnonzero(~self.labelled)


Strategy = Callable[[Pool, int, np.random.Generator], NDArray[np.int64]]
"""A pool and how many to choose to the numbers of the chosen documents."""


def choose_at_random(pool: Pool, num: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Choose documents at random: the baseline of all others."""
    return rng.permutation(pool.open)[:num]


def choose_by_entropy(pool: Pool, num: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Choose where the model's answer is spread most over the classes.

    References:
        Lewis and Gale, 1994, arXiv:cmp-lg/9407020 (uncertainty sampling).
    """
    order = rng.permutation(pool.open)
    return order[np.argsort(-entropy(pool.chances[order]), kind="stable")[:num]]


def choose_by_margin(pool: Pool, num: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Choose where the two likeliest classes are nearest to each other.

    References:
        Scheffer et al., 2001, "Active hidden Markov models for information extraction".
    """
    order = rng.permutation(pool.open)
    best = np.sort(pool.chances[order], axis=1)
    return order[np.argsort(best[:, -1] - best[:, -2], kind="stable")[:num]]


def choose_by_k_centre(pool: Pool, num: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Choose the texts farthest from all that are labelled or chosen, one after another.

    References:
        Sener and Savarese, 2018, arXiv:1708.00489 (core-set, the greedy form).
    """
    order = rng.permutation(pool.open)
    points, centres = pool.vectors[order], pool.vectors[pool.labelled]
    size = (points**2).sum(1)
    nearest = np.full(len(order), np.inf)
    for centre in centres:
        np.minimum(nearest, size - 2 * points @ centre + centre @ centre, out=nearest)
    chosen: list[int] = []
    for _ in range(min(num, len(order))):
        far = int(nearest.argmax())
        chosen.append(far)
        np.minimum(nearest, size - 2 * points @ points[far] + size[far], out=nearest)
        nearest[chosen] = -np.inf
    return order[chosen]


def choose_by_gradient(pool: Pool, num: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Choose by k-means++ over the gradients that the likeliest labels would give.

    A gradient is long where the model is unsure and points where the text differs, so the draw
    is both uncertain and diverse. The last layer's gradient is the outer product of the error
    and the text vector, so distances need no outer product.

    References:
        Ash et al., 2020, arXiv:1906.03671 (BADGE).
    """
    order = rng.permutation(pool.open)
    texts, errors = pool.vectors[order], pool.chances[order].copy()
    errors[np.arange(len(order)), errors.argmax(1)] -= 1.0
    size = (errors**2).sum(1) * (texts**2).sum(1)
    first = int(size.argmax())
    chosen = [first]
    nearest = np.full(len(order), np.inf)
    while len(chosen) < min(num, len(order)):
        last = chosen[-1]
        product = (errors @ errors[last]) * (texts @ texts[last])
        np.minimum(nearest, np.maximum(size - 2 * product + size[last], 0.0), out=nearest)
        nearest[chosen] = 0.0
        total = nearest.sum()
        if total <= 0.0:
            left = np.setdiff1d(np.arange(len(order)), chosen)
            chosen += left[: num - len(chosen)].tolist()
            break
        chosen.append(int(rng.choice(len(order), p=nearest / total)))
    return order[chosen]


def choose_by_coverage(pool: Pool, num: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Choose unsure texts whose entities and their neighbours no label has reached yet.

    One after another, the document is chosen whose uncertainty (entropy, as a share of the
    most) times (1 + what its uncovered entities are worth, as a share of the most) is largest;
    its entities and their neighbours then count as covered.

    References:
        Cai et al., 2017, arXiv:1705.05085 combine uncertainty and centrality; the coverage of
        neighbourhoods in place of centrality alone is Lichen's own.
    """
    order = rng.permutation(pool.open)
    open_worth = pool.worth.copy()
    for i in np.flatnonzero(pool.labelled).tolist():
        open_worth[pool.reach[i]] = 0.0
    unsure = entropy(pool.chances[order])
    unsure = unsure / max(float(unsure.max(initial=0.0)), 1e-12)
    gains = np.array([open_worth[pool.reach[i]].sum() for i in order.tolist()])
    most = max(float(gains.max(initial=0.0)), 1e-12)
    taken = np.zeros(len(order), dtype=np.bool_)
    chosen: list[int] = []
    # gains only fall, so a stale value is an upper bound and few are computed anew
    while len(chosen) < min(num, len(order)):
        values = np.where(taken, -1.0, unsure * (1.0 + gains / most))
        best = int(values.argmax())
        fresh = float(open_worth[pool.reach[int(order[best])]].sum())
        if fresh < gains[best] - 1e-12:
            gains[best] = fresh
            continue
        taken[best] = True
        chosen.append(best)
        open_worth[pool.reach[int(order[best])]] = 0.0
    return order[chosen]


STRATEGIES: Mapping[str, Strategy] = MappingProxyType(
    {
        "coverage": choose_by_coverage,
        "entropy": choose_by_entropy,
        "gradient": choose_by_gradient,
        "k_centre": choose_by_k_centre,
        "margin": choose_by_margin,
        "random": choose_at_random,
    }
)
"""Strategy name to function."""


def entropy(chances: Floats) -> Floats:
    """Return the entropy of each row: `(documents, classes)` -> `(documents,)`, in nats.

    >>> entropy(np.array([[1.0, 0.0], [0.5, 0.5]])).round(3)
    array([0.   , 0.693])
    """
    out: Floats = 0.0 - (chances * np.log(np.maximum(chances, 1e-12))).sum(1)
    return out


def reach_of(
    linked: Sequence[Sequence[int]], neighbours: Callable[[int], NDArray[np.int64]]
) -> tuple[NDArray[np.int64], ...]:
    """Return each document's linked entities and their neighbours, distinct and ascending.

    Args:
        linked: entity ids of each document.
        neighbours: an entity id to the ids next to it.
    """
    near: dict[int, NDArray[np.int64]] = {}
    out = []
    for ids in linked:
        for i in ids:
            if i not in near:
                near[i] = np.union1d(neighbours(i), [i]).astype(np.int64)
        parts = [near[i] for i in ids]
        out.append(np.unique(np.concatenate(parts)) if parts else np.empty(0, dtype=np.int64))
    return tuple(out)
