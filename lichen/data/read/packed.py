"""Labels as bytes to ids by array operations, so that a known label costs no Python object.

A label of at most 15 bytes fits into two 64-bit words, its length included, and those are what is
compared: nothing is left to the luck of a hash.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

LONGEST = 15
"""Bytes of a label that can be remembered; longer ones are numbered as texts each time."""

Words = NDArray[np.uint64]
Places = NDArray[np.int64]
Numbers = NDArray[np.int32]

_KEPT = np.array([(1 << (8 * n)) - 1 for n in range(9)], dtype=np.uint64)
"""A mask for the first n bytes of a word."""
_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))
_FREE = -1


class Octets:
    """Lines of UTF-8 in which fields are found by their places.

    Args:
        data: the bytes.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._words = np.frombuffer(data + bytes(32 - len(data) % 8), dtype="<u8")

    def texts(self, starts: Places, ends: Places) -> list[str]:
        """Return fields as texts: `(fields,)` places each."""
        data = self.data
        pairs = zip(starts.tolist(), ends.tolist(), strict=True)
        return [data[start:end].decode() for start, end in pairs]

    def packed(self, starts: Places, ends: Places) -> tuple[Words, Words]:
        """Return two words for each field of at most LONGEST bytes: `(fields,)` places each."""
        lengths = ends - starts
        first = self._word_at(starts) & _KEPT[np.minimum(lengths, 8)]
        second = self._word_at(starts + 8) & _KEPT[np.clip(lengths - 8, 0, 7)]
        return first, second | (lengths.astype(np.uint64) << np.uint64(56))

    def _word_at(self, places: Places) -> Words:
        whole = places >> 3
        shift = ((places & 7) << 3).astype(np.uint64)
        low = self._words[whole] >> shift
        high = (self._words[whole + 1] << np.uint64(1)) << (np.uint64(63) - shift)
        found: Words = low | high
        return found


class PackedLabels:
    """What labels were numbered so far: an open hash table in arrays.

    Args:
        number: gives labels their ids, old or new; asked for those not remembered.
        bits: the table has 2 ** bits places at first, and grows.

    >>> from lichen.data.builder import GraphBuilder
    >>> labels = PackedLabels(GraphBuilder().entity_ids)
    >>> starts, ends = np.array([0, 5, 12]), np.array([4, 11, 16])
    >>> labels.ids(Octets(b"Graz Vienna Graz"), starts, ends)
    array([0, 1, 0], dtype=int32)
    """

    def __init__(self, number: Callable[[list[str]], Numbers], *, bits: int = 16) -> None:
        self._number = number
        self._make(bits)

    def _make(self, bits: int) -> None:
        self._bits, self._count = bits, 0
        self._ids = np.full(1 << bits, _FREE, dtype=np.int32)
        self._first = np.zeros(1 << bits, dtype=np.uint64)
        self._second = np.zeros(1 << bits, dtype=np.uint64)

    def ids(self, octets: Octets, starts: Places, ends: Places) -> Numbers:
        """Return the ids of fields, new labels numbered in order: `(fields,)` places each."""
        first, second = octets.packed(starts, ends)
        is_short = ends - starts <= LONGEST
        found = self._look_up(first, second)
        found[~is_short] = _FREE
        missed = np.flatnonzero(found == _FREE)
        if len(missed):
            found[missed] = self._number(octets.texts(starts[missed], ends[missed]))
            short = missed[is_short[missed]]
            ids, once = np.unique(found[short], return_index=True)
            self._remember(first[short[once]], second[short[once]], ids)
        return found

    def _slots(self, first: Words, second: Words) -> Places:
        mixed = (first * _MIX[0]) ^ (second * _MIX[1])
        mixed ^= mixed >> np.uint64(29)
        mixed *= _MIX[0]
        return (mixed >> np.uint64(64 - self._bits)).astype(np.int64)

    def _look_up(self, first: Words, second: Words) -> Numbers:
        found = np.full(len(first), _FREE, dtype=np.int32)
        places, slots = np.arange(len(first)), self._slots(first, second)
        while len(places):
            ids = self._ids[slots]
            is_same = (self._first[slots] == first) & (self._second[slots] == second)
            is_same &= ids != _FREE
            found[places[is_same]] = ids[is_same]
            goes_on = np.flatnonzero((ids != _FREE) & ~is_same)
            places, first, second = places[goes_on], first[goes_on], second[goes_on]
            slots = (slots[goes_on] + 1) & (len(self._ids) - 1)
        return found

    def _remember(self, first: Words, second: Words, ids: Numbers) -> None:
        """Put distinct labels that are not there into the table, grown to be half empty."""
        bits = self._bits
        while 2 * (self._count + len(ids)) > 1 << bits:
            bits += 1
        if bits > self._bits:
            used = np.flatnonzero(self._ids != _FREE)
            old = self._first[used], self._second[used], self._ids[used]
            self._make(bits)
            self._put(*old)
        self._put(first, second, ids)

    def _put(self, first: Words, second: Words, ids: Numbers) -> None:
        self._count += len(ids)
        slots = self._slots(first, second)
        while len(ids):
            free = np.flatnonzero(self._ids[slots] == _FREE)
            self._ids[slots[free]] = ids[free]  # of several for one place the last stays
            stays = np.zeros(len(ids), dtype=np.bool_)
            stays[free] = self._ids[slots[free]] == ids[free]
            self._first[slots[stays]] = first[stays]
            self._second[slots[stays]] = second[stays]
            first, second, ids = first[~stays], second[~stays], ids[~stays]
            slots = (slots[~stays] + 1) & (len(self._ids) - 1)
