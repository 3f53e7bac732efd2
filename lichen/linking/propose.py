"""Text -> stretches that may be a misspelt name, each around a word that nothing explains."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from lichen.data.corpus import Span
from lichen.linking.ordinary import ORDINARY

MAX_WORDS = 6
MIN_CHARS = 4
"""Shorter words have too many near neighbours to be told from a misspelt name."""

_WORD = re.compile(r"[^\W\d_](?:[^\W_]|['’.-](?=[^\W\d_]))*")
_LINKING = frozenset(("of", "the", "and", "de", "la", "da", "do", "du", "del", "al", "el", "for"))
_NO_SPACES = re.compile("[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


class Word(NamedTuple):
    """A word of a text, and what it looks like."""

    span: Span
    text: str
    is_capital: bool
    """Whether it has a capital that its place in the sentence does not explain."""
    is_taken: bool
    """Whether it is part of a mention already found."""

    @property
    def is_function(self) -> bool:
        """Whether it is a word that names nothing by itself."""
        return self.text.lower() in ORDINARY or self.text in _LINKING


def words_of(text: str, taken: Sequence[Span]) -> list[Word]:
    """Return the words of a text, of scripts that write spaces, in order.

    Args:
        text: what to search.
        taken: spans in order that are mentions already.
    """
    words: list[Word] = []
    place = 0
    for match in _WORD.finditer(text):
        span = Span(match.start(), match.end())
        while place < len(taken) and taken[place].end <= span.start:
            place += 1
        is_taken = place < len(taken) and taken[place].start < span.end
        is_capital = match[0][0].isupper() and not _starts_sentence(text, span.start)
        if not _NO_SPACES.search(match[0]):
            words.append(Word(span, match[0], is_capital, is_taken))
    return words


def _starts_sentence(text: str, start: int) -> bool:
    before = text[max(0, start - 4) : start].rstrip("\"'“‘( \n")
    return not before or before[-1] in ".!?:。！？"


def unexplained(words: Sequence[Word], is_ordinary: Callable[[str], bool]) -> Iterator[int]:
    """Yield the places of words that are neither mentions nor words of every day.

    Args:
        words: of a text.
        is_ordinary: says whether a word in lower case is known as an ordinary one.
    """
    for place, word in enumerate(words):
        if word.is_taken or word.is_function or len(word.text) == 1:
            continue
        if word.is_capital or not is_ordinary(word.text.lower()):
            yield place


def windows(text: str, words: Sequence[Word], place: int) -> Iterator[Span]:
    """Yield stretches around a word that may together be a name, longest first.

    Args:
        text: the words' text.
        words: of the text.
        place: of the word in the middle of things.
    """
    reach = [place, place]
    for side, step in ((0, -1), (1, 1)):
        while abs(reach[side] - place) < MAX_WORDS - 1:
            other = reach[side] + step
            if not 0 <= other < len(words) or not _is_next(text, words, min(other, reach[side])):
                break
            word = words[other]
            is_part = word.text[0].isupper() or word.is_taken or word.text in _LINKING
            if not is_part and abs(other - place) > 2:
                break
            reach[side] = other
    stretches = [
        (first, last)
        for first in range(reach[0], place + 1)
        for last in range(place, reach[1] + 1)
        if last - first < MAX_WORDS and not (words[first].is_function or words[last].is_function)
    ]
    for first, last in sorted(stretches, key=lambda x: x[0] - x[1]):
        span = Span(words[first].span.start, words[last].span.end)
        if span.end - span.start >= MIN_CHARS:
            yield span


def _is_next(text: str, words: Sequence[Word], place: int) -> bool:
    gap = text[words[place].span.end : words[place + 1].span.start]
    return len(gap) <= 2 and not gap.strip(" -")


def run(text: str, words: Sequence[Word], place: int) -> Span:
    """Return the capitalised words from one on that nothing explains, as one stretch.

    Args:
        text: the words' text.
        words: of the text.
        place: of the first.
    """
    last = place
    while (
        last + 1 < len(words)
        and _is_next(text, words, last)
        and words[last + 1].is_capital
        and not words[last + 1].is_taken
    ):
        last += 1
    return Span(words[place].span.start, words[last].span.end)
