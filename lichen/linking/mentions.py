"""Text -> the places where it uses a name of the graph, found in one pass over the text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from lichen.base.errors import DataError
from lichen.data.corpus import Span
from lichen.data.graph import Graph
from lichen.linking.fold import fold, open_ended, with_edges
from lichen.linking.ordinary import ORDINARY

_BREAK = "\x01"


class Found(NamedTuple):
    """A place in the text and the entities that have its words as a name."""

    span: Span
    entities: tuple[int, ...]


def names_of(graph: Graph) -> list[tuple[int, str]]:
    """Return (entity id, name) for every label and name of a graph.

    Args:
        graph: whose entities may be mentioned.
    """
    return [*enumerate(graph.entities.labels), *((n.entity, n.text) for n in graph.names)]


def variants(name: str) -> list[str]:
    """Return other ways in which text writes a name.

    Args:
        name: a label or name.

    >>> variants("The Gambia"), variants("Luxembourg (city)"), variants("U.S.")
    (['Gambia'], ['Luxembourg'], ['US'])
    """
    found = []
    if name[:4] in ("The ", "the "):
        found.append(name[4:])
    if name.endswith(")") and "(" in name:
        found.append(name[: name.rindex("(")].rstrip())
    if "." in name and name.replace(".", "").isupper() and " " not in name:
        found.append(name.replace(".", ""))
    return [x for x in found if x]


class MentionFinder:
    """Every name of a graph at once, in any script, in time that follows the text's length.

    A name matches whatever its case and diacritics, at word boundaries where its script has
    them; where two overlap, the one that starts first and then the longest wins. A name of one
    or two letters, or one that is an ordinary word ("us", "other"), matches only as it is
    written and not in lower case.

    Args:
        names: (entity id, name); see `names_of`.

    References:
        Aho and Corasick, 1975, "Efficient string matching".

    >>> finder = MentionFinder([(0, "Austria"), (1, "Vienna"), (2, "US")])
    >>> finder.find("Is vienna in AUSTRIA? Tell us.")
    [Found(span=Span(start=3, end=9), entities=(1,)),
     Found(span=Span(start=13, end=20), entities=(0,))]
    """

    def __init__(self, names: Iterable[tuple[int, str]]) -> None:
        self._names: dict[str, list[tuple[int, str]]] = {}
        self._main: list[str] = []
        self._added: list[str] = []
        self._main_automaton: AhoCorasick | None = None
        self._added_automaton: AhoCorasick | None = None
        pairs = list(names)
        pairs += [(entity, other) for entity, name in pairs for other in _variants(name)]
        for pattern, pair in zip(_patterns([name for _, name in pairs]), pairs, strict=True):
            self._names.setdefault(pattern, []).append(pair)
        self._names.pop("", None)
        self._main = list(self._names)
        self._main_automaton = _automaton(self._main)

    def add(self, entity: int, text: str) -> None:
        """Let text mention an entity by one more name, from the next call on.

        Args:
            entity: its id.
            text: the name.

        Raises:
            DataError: the name is empty.
        """
        if not text.strip():
            raise DataError(f"a name must have at least one letter; got {text!r}.")
        names = [text, *_variants(text)]
        for pattern, name in zip(_patterns(names), names, strict=True):
            if pattern and pattern not in self._names:
                self._added.append(pattern)
                self._added_automaton = None
            if pattern:
                self._names.setdefault(pattern, []).append((entity, name))

    def find(self, text: str) -> list[Found]:
        """Return the mentions of a text in order, not overlapping.

        Args:
            text: any text; offsets count its characters.
        """
        folded = fold(text)
        marked = with_edges(folded.text)
        hits = self._hits(marked)
        if not hits:
            return []
        codes = np.frombuffer(marked.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        before = np.concatenate([[0], np.cumsum(codes != 0)])
        found: list[Found] = []
        meant: dict[tuple[str, str], tuple[int, ...]] = {}
        for pattern, start, end in hits:
            span = Span(*folded.original(int(before[start]), int(before[end])))
            if text.startswith("the ", span.start):
                span = Span(span.start + 4, span.end)
            surface = text[span.start : span.end]
            entities = meant.get((pattern, surface))
            if entities is None:
                named = (e for e, name in self._names[pattern] if _may_be(name, surface))
                entities = meant[pattern, surface] = tuple(dict.fromkeys(named))
            if entities:
                found.append(Found(span, entities))
        return found

    def _hits(self, marked: str) -> list[tuple[str, int, int]]:
        hits = _scan(self._main_automaton, self._main, marked)
        if not self._added:
            return hits
        if self._added_automaton is None:
            self._added_automaton = _automaton(self._added)
        late = _scan(self._added_automaton, self._added, marked)
        return _leftmost_longest(hits + late) if late else hits


def _variants(name: str) -> list[str]:
    # Most names hold none of these, and this is asked for each of tens of thousands.
    return variants(name) if name[:4] in ("The ", "the ") or ")" in name or "." in name else []


def _patterns(names: list[str]) -> list[str]:
    """Fold many names at once; a name that cannot be told from punctuation becomes ''."""
    joined = _BREAK.join(name.replace(_BREAK, " ") for name in names)
    whole = with_edges(fold(unicodedata.normalize("NFC", joined)).text)
    return [_closed(pattern) for pattern in whole.split(_BREAK)] if names else []


def _closed(pattern: str) -> str:
    bare = pattern.strip(" ")
    is_one = len(bare) == 1  # a single ideograph is too often part of another word
    return "" if is_one or not any(map(str.isalpha, bare)) else open_ended(bare)


def _automaton(patterns: list[str]) -> AhoCorasick | None:
    if not patterns:
        return None
    return AhoCorasick(
        patterns,
        matchkind=MatchKind.LeftmostLongest,
        store_patterns=False,
        implementation=Implementation.ContiguousNFA,
    )


def _scan(
    automaton: AhoCorasick | None, patterns: list[str], marked: str
) -> list[tuple[str, int, int]]:
    if automaton is None:
        return []
    return [
        (patterns[i], start, end) for i, start, end in automaton.find_matches_as_indexes(marked)
    ]


def _leftmost_longest(hits: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    chosen: list[tuple[str, int, int]] = []
    for hit in sorted(hits, key=lambda x: (x[1], -x[2])):
        if not chosen or hit[1] >= chosen[-1][2]:
            chosen.append(hit)
    return chosen


def _may_be(name: str, surface: str) -> bool:
    """Say whether a text's words may be meant as a name that might be an ordinary word."""
    lower = surface.lower()
    if lower in ORDINARY:
        return surface == name and surface.isupper()
    letters = [c for c in surface if c.isalnum()]
    has_case = lower != surface.upper()
    if len(letters) <= 2 and has_case:
        return surface == name and surface != lower
    return True
