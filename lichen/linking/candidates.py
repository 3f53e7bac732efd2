"""The words of a mention -> the entities it may mean, from the surest way to the loosest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from lichen.linking.fold import key
from lichen.linking.trigrams import TrigramIndex

REBUILD = 512
"""Names added live are compared one by one up to this number, then indexed."""
SHORTLIST = 128
"""Names that share most trigrams with a misspelt one, compared by edit distance."""


class Named(NamedTuple):
    """An entity, and how the words agree with its nearest name."""

    entity: int
    similarity: float
    """1 - edits / length of the reduced names; 1 for the same name."""
    is_exact: bool
    """Whether the words are that name to the letter."""
    is_label: bool
    """Whether that name is the entity's first, its label."""
    name: str


class CandidateIndex:
    """Entities by name: exact, reduced (case, diacritics, punctuation), then misspelt.

    A later step is taken only where the earlier ones find nothing. A misspelt name is looked
    for by the Jaccard index of character trigrams, then by edit distance, where two swapped
    letters count as one edit.

    Args:
        names: (entity id, name); an entity's first name is its label.

    References:
        Damerau, 1964, "A technique for computer detection and correction of spelling errors".

    >>> index = CandidateIndex([(0, "Austria"), (1, "Australia"), (0, "Österreich")])
    >>> [(c.entity, round(c.similarity, 2)) for c in index.find("Asutria")]
    [(0, 0.86)]
    """

    def __init__(self, names: Iterable[tuple[int, str]]) -> None:
        self._by_key: dict[str, dict[tuple[int, str], bool]] = {}
        self._labelled: set[int] = set()
        self._keys: list[str] = []
        self._late: list[str] = []
        self._trigrams: TrigramIndex | None = None
        for entity, name in names:
            self._put(entity, name)
        self._keys, self._late = self._late, []

    def add(self, entity: int, text: str) -> None:
        """Give an entity one more name, from the next call on.

        Args:
            entity: its id.
            text: the name.
        """
        self._put(entity, text)
        if len(self._late) > REBUILD:
            self._keys += self._late
            self._late, self._trigrams = [], None

    def _put(self, entity: int, name: str) -> None:
        reduced = key(name)
        if not reduced:
            return
        if reduced not in self._by_key:
            self._late.append(reduced)
        named = self._by_key.setdefault(reduced, {})
        named.setdefault((entity, name), entity not in self._labelled)
        self._labelled.add(entity)

    def find(
        self, words: str, *, limit: int = 16, min_similarity: float = 0.8
    ) -> tuple[Named, ...]:
        """Return candidate entities, the most similar name first.

        Args:
            words: the mention as the text has it.
            limit: how many entities at most.
            min_similarity: below this a misspelt name is no candidate.
        """
        reduced = key(words)
        if reduced in self._by_key:
            found = self._named([(reduced, 1.0)], words, limit)
            # What stands in brackets tells homonyms apart, so where it agrees it decides.
            return tuple(n for n in found if n.is_exact and "(" in words) or found
        return self._named(self.misspelt(reduced, min_similarity=min_similarity), words, limit)

    def has(self, words: str) -> bool:
        """Say whether the words are a name, spelling variants included."""
        return key(words) in self._by_key

    def misspelt(self, reduced: str, *, min_similarity: float) -> list[tuple[str, float]]:
        """Return (reduced name, similarity) of the names that a reduced mention is near to.

        Args:
            reduced: as `key` gives it.
            min_similarity: what they must reach.
        """
        if len(reduced) < 3:
            return []
        if self._trigrams is None:
            self._trigrams = TrigramIndex(self._keys)
        rows, _ = self._trigrams.nearest(reduced, limit=SHORTLIST)
        pool = [self._keys[row] for row in rows.tolist()] + self._late
        near = process.extract(
            reduced,
            pool,
            scorer=OSA.normalized_similarity,
            score_cutoff=min_similarity,
            limit=SHORTLIST,
        )
        return [(name, float(similarity)) for name, similarity, _ in near]

    def _named(self, near: list[tuple[str, float]], words: str, limit: int) -> tuple[Named, ...]:
        best: dict[int, Named] = {}
        for reduced, similarity in near:
            for (entity, name), is_label in self._by_key[reduced].items():
                found = Named(entity, similarity, name == words, is_label, name)
                if entity not in best or found[1:4] > best[entity][1:4]:
                    best[entity] = found
        ordered = sorted(best.values(), key=lambda n: (-n.similarity, -n.is_label, n.entity))
        return tuple(ordered[:limit])
