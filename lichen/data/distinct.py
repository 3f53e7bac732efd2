"""Integer arrays of facts: distinct, in order, and safe from being written to; for huge graphs."""

from __future__ import annotations

from mmap import mmap
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ids = NDArray[np.int64]

LARGEST = int(np.iinfo(np.int64).max)


def stable_order(keys: Ids, *, bound: int) -> Ids:
    """Return the places of the keys from smallest to largest, equal ones in order.

    Key and place are packed into one number where both fit, which sorts several times faster
    than `argsort`.

    Args:
        keys: `(n,)` from 0 to `bound - 1`.
        bound: one more than the largest possible key.

    >>> stable_order(np.array([2, 0, 2, 1]), bound=3)
    array([1, 3, 0, 2])
    """
    bits = max(len(keys) - 1, 1).bit_length()
    if max(bound - 1, 0) << bits > LARGEST - (1 << bits):
        return np.argsort(keys, kind="stable")
    packed = keys << bits
    packed |= np.arange(len(keys), dtype=np.int64)
    packed.sort()
    packed &= (1 << bits) - 1
    return packed


def owned(given: ArrayLike) -> Ids:
    """Return an array that nobody can write to: as it is when so already, or else a copy.

    Args:
        given: integers; a read-only int64 array, mapped from a file or not, is not copied.
    """
    if isinstance(given, np.ndarray) and given.dtype == np.int64:
        array: object = given
        while isinstance(array, np.ndarray) and not array.flags.writeable:
            array = array.base
        if array is None or isinstance(array, mmap):
            return given
    copy = np.array(given, dtype=np.int64)
    copy.setflags(write=False)
    return copy


def ascending(rows: Ids) -> Ids:
    """Return numbers in order, each once: as they are when so already.

    Args:
        rows: `(n,)`
    """
    return rows if bool((rows[1:] > rows[:-1]).all()) else np.unique(rows)


class Distinct(NamedTuple):
    """Which of many facts are new, and which is which."""

    triples: Ids
    """`(distinct, 3)` in order of first appearance."""
    rows: Ids | None
    """`(facts,)` place of each fact in `triples`; None when all are distinct."""


def distinct_facts(triples: Ids, *, num_entities: int, num_relations: int) -> Distinct:
    """Keep each fact once, at its first place.

    Args:
        triples: `(facts, 3)` head, relation and tail ids.
        num_entities: how many entities there are.
        num_relations: how many relations there are.

    >>> found = distinct_facts(np.array([[0, 0, 1], [1, 0, 1], [0, 0, 1]]), num_entities=2,
    ...     num_relations=1)
    >>> found.triples.tolist(), found.rows.tolist()
    ([[0, 0, 1], [1, 0, 1]], [0, 1, 0])
    """
    h, r, t = triples.T
    if num_entities * num_relations * num_entities <= LARGEST:
        keys = (h * num_relations + r) * num_entities + t
        ordered = np.sort(keys)
        if not (ordered[1:] == ordered[:-1]).any():
            return Distinct(triples, None)
        order = np.argsort(keys, kind="stable")
        is_first = np.r_[True, keys[order[1:]] != keys[order[:-1]]]
    else:
        order = np.lexsort((t, r, h))
        is_first = np.r_[True, (triples[order[1:]] != triples[order[:-1]]).any(axis=1)]
    first = order[is_first]
    is_kept = np.zeros(len(triples), dtype=np.bool_)
    is_kept[first] = True
    place = np.cumsum(is_kept) - 1
    rows = np.empty(len(triples), dtype=np.int64)
    rows[order] = place[first][np.cumsum(is_first) - 1]
    return Distinct(triples[is_kept], rows)
