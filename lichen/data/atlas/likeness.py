"""Names that give one another away by their letters."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

COMMON_STEMS = frozenset({"repu", "isla", "unit", "sain", "nort", "sout", "west", "east", "cent"})
"""Beginnings of words that say nothing of what a name names."""


@lru_cache(maxsize=50_000)
def words(name: str) -> tuple[str, ...]:
    """Return the words of a name, without case and accents.

    >>> words("Côte d'Ivoire")
    ('cote', 'd', 'ivoire')
    """
    plain = unicodedata.normalize("NFKD", name.casefold())
    bare = "".join(c for c in plain if not unicodedata.combining(c))
    return tuple(re.findall(r"\w+", bare))


@lru_cache(maxsize=200_000)
def holds(a: str, b: str) -> bool:
    """Say whether all words of one name are words of the other.

    >>> holds("crude petroleum", "petroleum"), holds("refined gold", "crude gold")
    (True, False)
    """
    first, second = set(words(a)), set(words(b))
    return first <= second or second <= first


@lru_cache(maxsize=200_000)
def alike(a: str, b: str) -> bool:
    """Say whether two names share the first four letters of a word, or one holds the other.

    Such a pair ("France", "French") would be known for true by its letters.

    >>> alike("Germany", "German"), alike("Austria", "Vienna"), alike("oil", "crude oil")
    (True, False, True)
    """
    if holds(a, b) or (a[:1] == b[:1] and not a.isascii() and not b.isascii()):
        return True
    stems = {w[:4] for w in words(a) if len(w) >= 4} - COMMON_STEMS
    return any(w[:4] in stems for w in words(b) if len(w) >= 4)
