"""Who likes what and which item has which fact, as one sparse table, to vectors for both sides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lichen.base import check
from lichen.data.graph import Ids

Floats = NDArray[np.float64]
PAPER = "Hu et al., 2008; Singh and Gordon, 2008; Rendle et al., 2021, arXiv:2110.14037"
CELLS = 40_000
"""Known cells solved together; more is no faster and takes more memory."""
LEAST = 40
"""Cells that a row counts for at least: its matrix takes memory too."""
START = 0.1
"""Spread of the first item vectors."""


@dataclass(frozen=True, kw_only=True)
class FactorConfig:
    """How the table is factorised."""

    dim: int = 32
    """Width of the vectors. The ridge penalty bounds what they hold, so more is slower, not
    better."""
    unknown: float = 20.0
    """Weight of the items of which nothing is known for a user, all together; a known one weighs
    1, and so does an unknown one at most."""
    unknown_fact: float = 0.4
    """The same for an entity and the items without a fact: graphs leave much out."""
    ridge: float = 0.4
    """Penalty on a vector's length, times the root of the weight of its cells."""
    typical: float = 0.3
    """How far the penalty draws users towards the mean user, 0 to 1; 1 suits few likes a user."""
    rounds: int = 25
    """Times that both sides are solved for."""
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse values that could only fail later."""
        check.whole("recommend.dim", self.dim, 1, 4096)
        check.between("recommend.unknown", self.unknown, 0.0, 1e9)
        check.between("recommend.unknown_fact", self.unknown_fact, 0.0, 1e9)
        check.between("recommend.ridge", self.ridge, 1e-6, 1e6)
        check.between("recommend.typical", self.typical, 0.0, 1.0)
        check.whole("recommend.rounds", self.rounds, 1, 10_000)
        check.whole("recommend.seed", self.seed, 0, 2**32 - 1)

    def per_item(self, num_items: int) -> tuple[float, float]:
        """Return the weight of one unknown cell of a user and of an entity."""
        return min(1.0, self.unknown / num_items), min(1.0, self.unknown_fact / num_items)


@dataclass(frozen=True)
class Lists:
    """One list of ids a row, packed."""

    offsets: Ids
    """`(rows + 1,)`: where each row's ids start."""
    ids: Ids

    @classmethod
    def of(cls, rows: Ids, ids: Ids, *, num_rows: int) -> Lists:
        """Pack pairs of row and id, each row's ids ascending."""
        order = np.lexsort((ids, rows))
        counts = np.bincount(rows, minlength=num_rows)
        return cls(np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), ids[order])

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> Ids:
        """Return the ids of a row."""
        return self.ids[self.offsets[row] : self.offsets[row + 1]]

    @property
    def counts(self) -> Ids:
        """Count the ids of each row, `(rows,)`."""
        return np.diff(self.offsets)


@dataclass(frozen=True)
class Factors:
    """What `factorise` found."""

    users: Floats
    """`(users, dim)`."""
    entities: Floats
    """`(entities, dim)`."""
    items: Floats
    """`(items, dim)`."""
    gram: Floats
    """`(dim, dim)`: what the unknown cells add to the equations of an item."""
    weight: float
    """Sum of the weights of an item's unknown cells."""
    typical: Floats
    """`(dim,)`: towards which users are drawn, a part of the mean of those who like something."""


def factorise(
    likes: Lists, facts: Lists, *, num_items: int, config: FactorConfig | None = None
) -> Factors:
    """Find vectors whose products are 1 for known cells and near 0 for unknown ones.

    The table has a row a user and a row an entity, a column an item. A user's cell is known
    where the user likes the item, an entity's where a fact links the two. Both kinds of rows
    share the item vectors, so items with common facts grow alike even where few people know
    them. Each side is solved in turn, exactly, by ridge regression (alternating least squares).

    A user's ridge penalty is on the distance from a part of the mean user, so somebody with few
    likes is served what most people like; an entity's and an item's is on that from zero.

    Cost: a round takes about `cells * dim**2 + (rows + items) * dim**3` multiplications.

    Args:
        likes: item ids of each user.
        facts: item ids of each entity.
        num_items: columns of the table.
        config: widths and weights.

    Returns:
        Vectors; those of users and entities are exact for those of the items.

    References:
        Hu et al., 2008, ICDM (weights of unknown cells); Singh and Gordon, 2008, KDD (tables
        that share a side); Rendle et al., 2021, arXiv:2110.14037 (the ridge's exponent).
        Differs: the entities are rows of the one table, not a second one; users are drawn
        towards their mean.
    """
    config = config or FactorConfig()
    num_users, num_rows = len(likes), len(likes) + len(facts)
    known = Lists(
        np.concatenate([likes.offsets, facts.offsets[1:] + likes.offsets[-1]]),
        np.concatenate([likes.ids, facts.ids]),
    )
    unknown = np.repeat(config.per_item(num_items), [num_users, len(facts)])
    rows_of = np.repeat(np.arange(num_rows), known.counts)
    known_by_item = Lists.of(known.ids, rows_of, num_rows=num_items)
    weight = float(unknown.sum())
    typical = np.zeros(config.dim)
    is_user = np.arange(num_rows)[:, None] < num_users
    is_active = likes.counts > 0
    items = np.random.default_rng(config.seed).normal(0.0, START, (num_items, config.dim))
    for left in reversed(range(config.rounds)):
        gram = items.T @ items
        prior = is_user * typical
        rows = solve(known, items, gram=gram, unknown=unknown, prior=prior, config=config)
        typical = config.typical * rows[:num_users][is_active].mean(axis=0)
        gram = (rows * unknown[:, None]).T @ rows
        if left:
            items = solve_items(known_by_item, rows, gram=gram, weight=weight, config=config)
    return Factors(rows[:num_users], rows[num_users:], items, gram, weight, prior[0])


def solve(
    known: Lists,
    items: Floats,
    *,
    gram: Floats,
    unknown: Floats,
    prior: Floats,
    config: FactorConfig,
) -> Floats:
    """Return the vectors of users or entities that fit their items best.

    Args:
        known: item ids of each row.
        items: `(items, dim)`.
        gram: `(dim, dim)`, the sum of the items' outer products.
        unknown: `(rows,)`, the weight of a row's unknown cells.
        prior: `(rows, dim)`, the vectors that the ridge draws towards.
        config: of the ridge.

    Returns:
        `(rows, dim)`.
    """
    ridge = config.ridge * np.sqrt(known.counts + unknown * len(items))
    return _solved(known, items, gram=gram, scale=unknown, ridge=ridge, prior=prior)


def solve_items(
    known: Lists, rows: Floats, *, gram: Floats, weight: float, config: FactorConfig
) -> Floats:
    """Return the vectors of items that fit their users and entities best.

    Args:
        known: ids of users and entities of each item.
        rows: `(users + entities, dim)`.
        gram: `(dim, dim)`, of the unknown cells.
        weight: sum of the weights of an item's unknown cells.
        config: of the ridge.

    Returns:
        `(items, dim)`; zeros for an item that nobody likes and no fact touches.
    """
    ridge = config.ridge * np.sqrt(known.counts + weight)
    scale, prior = np.ones(len(known)), np.zeros((len(known), rows.shape[1]))
    return _solved(known, rows, gram=gram, scale=scale, ridge=ridge, prior=prior)


def _solved(
    known: Lists, other: Floats, *, gram: Floats, scale: Floats, ridge: Floats, prior: Floats
) -> Floats:
    """Solve the rows in blocks of like length, padded with zero vectors."""
    dim = other.shape[1]
    padded = np.vstack([other, np.zeros(dim)])
    ids = np.append(known.ids, len(other))
    counts, out = known.counts, np.zeros((len(known), dim))
    for rows in _blocks(counts):
        places = np.arange(counts[rows[-1]])
        is_known = places < counts[rows][:, None]
        cells = np.where(is_known, known.offsets[rows][:, None] + places, len(ids) - 1)
        found = padded[ids[cells]]
        matrix = found.transpose(0, 2, 1) @ found + scale[rows][:, None, None] * gram
        matrix += ridge[rows][:, None, None] * np.eye(dim)
        wanted = found.sum(axis=1) + ridge[rows][:, None] * prior[rows]
        out[rows] = np.linalg.solve(matrix, wanted[:, :, None])[:, :, 0]
    return out


def _blocks(counts: Ids) -> Iterator[Ids]:
    """Yield all rows, short ones first, about `CELLS` cells at a time."""
    order = np.argsort(counts, kind="stable")
    start = 0
    while start < len(order):
        widths = np.maximum(counts[order[start : start + CELLS]], LEAST)
        fits = widths * np.arange(1, len(widths) + 1) <= CELLS
        stop = start + max(1, int(fits.sum()))
        yield order[start:stop]
        start = stop
