"""Who liked what: rows of user, item and label, from a file or a list, and random parts of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from lichen.base import check
from lichen.base.errors import DataError
from lichen.data.graph import Ids
from lichen.data.read.csv import csv_rows
from lichen.data.read.lines import BadLines, OnBadLine, plain_suffix, shown, text_lines
from lichen.data.vocabulary import Vocabulary

COLUMNS = ("user", "item", "label")
LABELS = {"0": 0, "1": 1, "0.0": 0, "1.0": 1}


@dataclass(frozen=True, eq=False)
class Interactions:
    """Pairs of user and item, each liked or not, each pair once."""

    users: Vocabulary
    items: Vocabulary
    pairs: Ids
    """`(pairs, 2)`: user id, item id."""
    labels: Ids
    """`(pairs,)`: 1 where the user likes the item, 0 where not."""

    @classmethod
    def of(cls, rows: Iterable[Sequence[str | int]]) -> Interactions:
        """Take rows of (user, item) or (user, item, label); without a label it is a like.

        Args:
            rows: user and item as text; the label 0 or 1.

        Raises:
            DataError: a row has another shape or label, a pair has both labels, or there is
                no row.

        >>> Interactions.of([("ann", "tea"), ("bob", "tea", 0)])
        Interactions(2 users, 1 items, 1 of 2 pairs liked)
        """
        bad = BadLines()
        return _collected("interactions", enumerate(map(_texts, rows), start=1), bad)

    @classmethod
    def load(cls, path: str | Path, *, on_bad_line: OnBadLine = "raise") -> Interactions:
        """Read a CSV file, or a tab-separated one, with or without the header user, item, label.

        Args:
            path: `.csv` is comma-separated, anything else tab-separated; `.gz` allowed.
            on_bad_line: "raise" stops at the first bad line; "skip" drops and reports them.

        Raises:
            DataError: the file cannot be read, a line is bad, or no line is left.
        """
        path, bad = Path(path), BadLines(on_bad_line)
        rows: Iterator[tuple[int, list[str]]]
        if plain_suffix(path) == ".csv":
            rows = csv_rows(path, bad)
        else:
            rows = ((number, text.split("\t")) for number, text in text_lines(path, bad))
        first = next(rows, None)
        if first is None:
            raise DataError(f"{path}: must hold at least one row of user and item; it is empty.")
        names = tuple(name.strip().lower() for name in first[1])
        is_header = names[:2] == COLUMNS[:2]
        found = _collected(str(path), rows if is_header else chain([first], rows), bad)
        bad.summarise(path)
        return found

    def __len__(self) -> int:
        """Count the pairs."""
        return len(self.pairs)

    def __repr__(self) -> str:
        """Show the sizes."""
        return (
            f"Interactions({len(self.users)} users, {len(self.items)} items, "
            f"{int(self.labels.sum())} of {len(self)} pairs liked)"
        )

    def select(self, rows: ArrayLike) -> Interactions:
        """Return some pairs over the same users and items.

        Args:
            rows: `(kept,)` row numbers, or a `(pairs,)` mask (True = keep).
        """
        kept = np.asarray(rows)
        return Interactions(self.users, self.items, self.pairs[kept], self.labels[kept])

    def split(self, shares: Sequence[float], *, seed: int = 0) -> tuple[Interactions, ...]:
        """Return random parts over the same users and items.

        Args:
            shares: of each part, such as (0.6, 0.2, 0.2); together at most 1.
            seed: of the order.

        Raises:
            ConfigError: the shares are negative or sum to more than 1.

        >>> parts = Interactions.of([("ann", x) for x in "abcde"]).split((0.6, 0.4))
        >>> [len(part) for part in parts]
        [3, 2]
        """
        for share in shares:
            check.between("split.shares", share, 0.0, 1.0)
        check.between("the sum of split.shares", sum(shares), 0.0, 1.0 + 1e-9)
        order = np.random.default_rng(seed).permutation(len(self))
        ends = np.round(np.cumsum([0.0, *shares]) * len(self)).astype(int)
        return tuple(self.select(order[a:b]) for a, b in pairwise(ends))

    def with_others(self, *, seed: int = 0) -> Interactions:
        """Return the likes, and for each a random item that its user does not like, labelled 0.

        For likes alone, such as purchases: what was not bought stands in for what is not liked.

        Args:
            seed: of the items.

        Raises:
            DataError: a user likes every item, so there is no other.
        """
        rng, liked = np.random.default_rng(seed), self.pairs[self.labels == 1]
        num_items = len(self.items)
        known = np.unique(liked[:, 0] * num_items + liked[:, 1])
        full = np.bincount(liked[:, 0], minlength=1) == num_items
        for user in np.flatnonzero(full)[:1].tolist():
            raise DataError(
                f"with_others: no user may like every item; {self.users[user]!r} likes all "
                f"{num_items}. Leave this user out."
            )
        others = rng.integers(0, num_items, len(liked))
        while (clash := np.isin(liked[:, 0] * num_items + others, known)).any():
            others[clash] = rng.integers(0, num_items, int(clash.sum()))
        pairs = np.concatenate([liked, np.stack([liked[:, 0], others], axis=1)])
        return Interactions(self.users, self.items, pairs, np.repeat([1, 0], len(liked)))


def _texts(row: Sequence[str | int]) -> list[str]:
    return [str(value) for value in row] if not isinstance(row, str) else [row]


def _problem(fields: Sequence[str]) -> str | None:
    if len(fields) not in (2, 3):
        return f"expected 2 or 3 fields (user, item, label), found {len(fields)}"
    for name, value in zip(COLUMNS, fields[:2], strict=False):
        if not value.strip():
            return f"expected text for {name}, found nothing"
    if len(fields) == 3 and fields[2].strip() not in LABELS:
        return f"expected the label 0 or 1, found {shown(fields[2])}"
    return None


def _collected(
    where: str, rows: Iterable[tuple[int, Sequence[str]]], bad: BadLines
) -> Interactions:
    found: dict[tuple[str, str], int] = {}
    for number, fields in rows:
        problem = _problem(fields)
        if problem is None:
            key = (fields[0].strip(), fields[1].strip())
            label = LABELS[fields[2].strip()] if len(fields) == 3 else 1
            if found.setdefault(key, label) != label:
                problem = f"expected one label a pair, found both for {shown(' '.join(key))}"
        if problem is not None:
            bad.found(where, number, problem)
    if not found:
        raise DataError(f"{where}: must hold at least one row of user and item; none is left.")
    users = Vocabulary(dict.fromkeys(user for user, _ in found), what="user")
    items = Vocabulary(dict.fromkeys(item for _, item in found), what="item")
    pairs = np.array([(users.id(u), items.id(i)) for u, i in found], dtype=np.int64)
    return Interactions(users, items, pairs, np.array(list(found.values()), dtype=np.int64))
