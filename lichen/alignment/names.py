"""Names of the entities of two graphs to vectors that are near where the names say the same."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from lichen.base import check
from lichen.base.errors import DataError

PAPER = None

LATIN = re.compile(r"[^\W\d_\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff]+|\d+")
"""A word of a spaced script, or a number."""
WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff]+")
"""A run of characters of a script without spaces (Chinese, Japanese kana, Korean)."""
LONGEST = 6
"""Characters of the longest lexicon entry looked for in a run."""

Vectors = NDArray[np.float32]
Lexicon = Iterable[tuple[str, str]]


def name_vectors(
    left: Sequence[str],
    right: Sequence[str],
    *,
    lexicon: Lexicon = (),
    pairs: Sequence[tuple[int, int]] = (),
    dim: int = 1024,
    ridge: float = 0.1,
) -> tuple[Vectors, Vectors]:
    """Turn names of two graphs into vectors of one space.

    Two parts side by side. *Spelling*: words and character trigrams weighted by rarity, hashed;
    what a lexicon translates is added as the words it translates to. *Learned*: a ridge map from
    the characters of left names to those of right names, fitted to known pairs, which learns how
    names are rendered in the other script.

    Use when the two graphs have names in different languages and no multilingual encoder is at
    hand; vectors of one can be set beside these.

    Args:
        left: a name an entity of the left graph.
        right: likewise of the right graph.
        lexicon: (left word, right word), any number of translations a word.
        pairs: known pairs, (row of `left`, row of `right`); without them there is no learned
            part.
        dim: numbers of each part.
        ridge: weight of the penalty of the learned map, relative to the mean variance.

    Returns:
        `(left names, width)` and `(right names, width)`, rows of unit length, zero where a name
        has no letter and no digit; width is `dim`, or twice that with a learned part.

    Raises:
        DataError: a side has no name, or a pair names a row that is not there.
        ConfigError: `dim` or `ridge` is out of bounds.
    """
    check.whole("names.dim", dim, 16, 65_536)
    check.between("names.ridge", ridge, 1e-9, 1e9)
    if not left or not right:
        raise DataError(f"names: both sides must have names; got {len(left)} and {len(right)}.")
    known = _checked(pairs, len(left), len(right))
    words = _by_source(lexicon)
    ours, theirs = [plain(n) for n in left], [plain(n) for n in right]
    spelled = [_translated(n, words) for n in ours]
    plain_right = [list(spelling(n)) for n in theirs]
    rarity = _rarity([*spelled, *plain_right])
    parts = [(_hashed(spelled, rarity, dim), _hashed(plain_right, rarity, dim))]
    if known:
        parts.append(_learned(ours, theirs, known, dim=dim, ridge=ridge))
    return _beside([p[0] for p in parts]), _beside([p[1] for p in parts])


def equal_names(left: Sequence[str], right: Sequence[str]) -> NDArray[np.bool_]:
    """Say for each pair of names whether they are spelled alike, case and accents aside.

    A pair with equal names is no test of anything but spelling: count them beside a figure.

    Args:
        left: names.
        right: the name paired with each.

    Returns:
        `(pairs,)` bool.

    Raises:
        ValueError: the lengths differ.

    >>> equal_names(["Gül", "Wien"], ["gul", "Vienna"])
    array([ True, False])
    """
    return np.array([plain(a) == plain(b) for a, b in zip(left, right, strict=True)], dtype=bool)


def plain(name: str) -> str:
    """Return a name in small letters without accents, underscores as spaces.

    >>> plain("Abdullah_Gül")
    'abdullah gul'
    """
    parts = unicodedata.normalize("NFKD", name.replace("_", " ").casefold())
    kept = "".join(c for c in parts if not unicodedata.combining(c))
    return " ".join(unicodedata.normalize("NFKC", kept).split())


def spelling(name: str) -> Iterator[str]:
    """Yield the features of a name: words, their trigrams, and pairs of wide characters.

    >>> list(spelling("ab 7"))
    ['ab', '#ab', 'ab#', '7']
    """
    for word in LATIN.findall(name):
        yield word
        if not word.isdigit():
            yield from _grams(f"#{word}#", 3)
    for run in WIDE.findall(name):
        yield from run
        yield from _grams(run, 2)


def _grams(text: str, size: int) -> Iterator[str]:
    for i in range(len(text) - size + 1):
        yield text[i : i + size]


def _checked(pairs: Sequence[tuple[int, int]], rows: int, columns: int) -> list[tuple[int, int]]:
    for i, j in pairs:
        if not (0 <= i < rows and 0 <= j < columns):
            raise DataError(
                f"names: a pair must be a row below {rows} and one below {columns}; "
                f"got {(int(i), int(j))}."
            )
    return [(int(i), int(j)) for i, j in pairs]


def _by_source(lexicon: Lexicon) -> dict[str, list[str]]:
    words: dict[str, list[str]] = {}
    for source, target in lexicon:
        found = words.setdefault(plain(source), [])
        if (meaning := plain(target)) not in found:
            found.append(meaning)
    return words


def _translated(name: str, words: Mapping[str, list[str]]) -> list[str]:
    """Return a name's features and those of its words' translations, longest words first."""
    features = list(spelling(name))
    if not words:
        return features
    pieces = [w for w in LATIN.findall(name) if w in words]
    for run in WIDE.findall(name):
        start = 0
        while start < len(run):
            for end in range(min(len(run), start + LONGEST), start, -1):
                if run[start:end] in words:
                    pieces.append(run[start:end])
                    break
            else:
                end = start + 1
            start = end
    for piece in pieces:
        for meaning in words[piece]:
            features += spelling(meaning)
    return features


def _rarity(names: Sequence[Sequence[str]]) -> dict[str, float]:
    """Return the logarithm of names over names that have it, by feature."""
    counts = Counter(feature for name in names for feature in set(name))
    return {f: float(np.log((1 + len(names)) / c)) for f, c in counts.items()}


def _hashed(names: Sequence[Sequence[str]], rarity: Mapping[str, float], dim: int) -> Vectors:
    """Return `(names, dim)` unit rows; each feature adds to four numbers by its hash."""
    rows, places, values = [], [], []
    spots = {f: _spots(f, dim) for f in rarity}
    for row, name in enumerate(names):
        for feature in dict.fromkeys(name):
            for place, sign in spots[feature]:
                rows.append(row)
                places.append(place)
                values.append(sign * rarity[feature])
    flat = np.array(rows, dtype=np.int64) * dim + np.array(places, dtype=np.int64)
    summed = np.bincount(flat, weights=values, minlength=len(names) * dim)
    return _unit(summed.reshape(len(names), dim).astype(np.float64))


def _spots(feature: str, dim: int) -> list[tuple[int, float]]:
    hashes = [crc32(feature.encode(), salt) for salt in (0, 77_777, 1_234_567, 987_654_321)]
    return [((h >> 1) % dim, 1.0 if h & 1 else -1.0) for h in hashes]


def _learned(
    left: Sequence[str],
    right: Sequence[str],
    pairs: Sequence[tuple[int, int]],
    *,
    dim: int,
    ridge: float,
) -> tuple[Vectors, Vectors]:
    """Map left features to right ones by ridge regression over known pairs of names."""
    sides = []
    for names in (left, right):
        split = [list(spelling(n)) for n in names]
        sides.append(_hashed(split, _rarity(split), dim))
    x, y = (side[list(rows)] for side, rows in zip(sides, zip(*pairs, strict=True), strict=True))
    square = (x.T @ x).astype(np.float64)
    square += ridge * np.trace(square) / dim * np.eye(dim)
    weight = np.linalg.solve(square, (x.T @ y).astype(np.float64))
    return _unit(sides[0] @ weight.astype(np.float32)), sides[1]


def _beside(parts: Sequence[Vectors]) -> Vectors:
    return _unit(np.concatenate(parts, axis=1))


def _unit(vectors: NDArray[np.floating]) -> Vectors:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = (vectors / np.maximum(length, 1e-12)).astype(np.float32)
    return unit
