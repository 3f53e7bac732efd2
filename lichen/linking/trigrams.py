"""Names by the three-letter pieces they share with a misspelt word."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]


class TrigramIndex:
    """An inverted index from character trigrams to names.

    Args:
        names: `(names,)` strings, already folded.

    Cost: a few milliseconds to build per thousand names; a query reads only the names that
    share a trigram with it.

    >>> index = TrigramIndex(["austria", "australia", "germany"])
    >>> rows, jaccard = index.nearest("austira", limit=2)
    >>> rows.tolist()
    [0, 1]
    """

    def __init__(self, names: Sequence[str]) -> None:
        grams, owners = _grams(names)
        order = np.argsort(grams, kind="stable")
        self._keys, first = np.unique(grams[order], return_index=True)
        self._offsets = np.append(first, len(grams))
        self._rows = owners[order]
        self._sizes = np.bincount(owners, minlength=len(names))

    def nearest(self, name: str, *, limit: int) -> tuple[Ids, NDArray[np.float64]]:
        """Return the rows of the most similar names, best first, and their Jaccard index.

        Args:
            name: the folded word or words.
            limit: how many to return at most.
        """
        wanted, _ = _grams([name])
        places = np.searchsorted(self._keys, wanted)
        is_there = places < len(self._keys)
        is_there[is_there] = self._keys[places[is_there]] == wanted[is_there]
        places = places[is_there]
        if not len(places):
            return np.empty(0, dtype=np.int64), np.empty(0)
        hits = np.concatenate([self._rows[self._offsets[p] : self._offsets[p + 1]] for p in places])
        rows, shared = np.unique(hits, return_counts=True)
        jaccard = shared / (len(wanted) + self._sizes[rows] - shared)
        if len(rows) > limit:
            kept = np.argpartition(-jaccard, limit - 1)[:limit]
            rows, jaccard = rows[kept], jaccard[kept]
        order = np.lexsort((rows, -jaccard))
        return rows[order], jaccard[order]


def _grams(names: Sequence[str]) -> tuple[Ids, Ids]:
    """Return distinct (trigram, row of its name) pairs; a name is padded by two at both ends."""
    codes = np.frombuffer(
        "".join(f"\x02\x02{name}\x03\x03" for name in names).encode("utf-32-le", "surrogatepass"),
        dtype=np.uint32,
    ).astype(np.int64)
    lengths = np.fromiter((len(name) + 4 for name in names), dtype=np.int64, count=len(names))
    owners = np.repeat(np.arange(len(names)), lengths)
    if len(codes) < 3:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    grams = (codes[:-2] << 42) | (codes[1:-1] << 21) | codes[2:]
    is_inside = owners[:-2] == owners[2:]
    pairs = np.stack([owners[:-2][is_inside], grams[is_inside]], axis=1)
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    pairs = pairs[order]
    is_first = np.ones(len(pairs), dtype=bool)
    is_first[1:] = (pairs[1:] != pairs[:-1]).any(axis=1)
    return pairs[is_first, 1], pairs[is_first, 0]
