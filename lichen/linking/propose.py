"""Text -> stretches that may be a misspelt name: capitalised words, and words near a name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lichen.data.corpus import Span
from lichen.linking.fold import key
from lichen.linking.ordinary import ORDINARY

MAX_WORDS = 4
MIN_CHARS = 5
"""Shorter words have too many near neighbours to be told from a misspelt name."""
NEAR = 0.85
"""How alike a word in lower case and a name must be to be taken for it."""

_WORD = re.compile(r"[^\W\d_](?:[^\W_]|['’.-](?=[^\W\d_]))*")
_LINKING_WORDS = frozenset(("of", "the", "and", "de", "la", "da", "do", "du", "del", "al", "el"))
_IDEOGRAPH = re.compile("[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


def capitalised(text: str, taken: Sequence[Span]) -> Iterator[Span]:
    """Yield runs of capitalised words outside what is taken, longest stretches first.

    The first word of a sentence counts only when it is no ordinary word.

    Args:
        text: what to search.
        taken: spans in order that are linked already.

    Yields:
        Spans in order of position, not overlapping.
    """
    run: list[re.Match[str]] = []
    for word in _words(text, taken):
        gap = text[run[-1].end() : word.start()] if run else ""
        if run and (gap.strip(" ") or len(gap) > 1):
            yield from _trimmed(run)
            run = []
        if (word[0][:1].isupper() and word[0].lower() not in ORDINARY) or (
            run and word[0] in _LINKING_WORDS
        ):
            run.append(word)
        elif run:
            yield from _trimmed(run)
            run = []
    yield from _trimmed(run)


def _trimmed(run: list[re.Match[str]]) -> Iterator[Span]:
    words = list(run)
    while words and words[-1][0] in _LINKING_WORDS:
        words.pop()
    if words:
        yield Span(words[0].start(), words[-1].end())


def in_lower_case(text: str, taken: Sequence[Span]) -> Iterator[Span]:
    """Yield stretches of one to four words that are worth comparing with names.

    Args:
        text: a question or another short text.
        taken: spans in order that are linked already.

    Yields:
        Spans that neither start nor end with an ordinary word, longest first at each place.
    """
    words = list(_words(text, taken))
    is_ordinary = [w[0].lower() in ORDINARY or w[0] in _LINKING_WORDS for w in words]
    for first, word in enumerate(words):
        for last in range(min(first + MAX_WORDS, len(words)) - 1, first - 1, -1):
            stretch = Span(word.start(), words[last].end())
            gaps = (text[words[i].end() : words[i + 1].start()] for i in range(first, last))
            is_whole = all(gap == " " for gap in gaps)
            if is_whole and not is_ordinary[first] and not is_ordinary[last]:
                yield stretch


def _words(text: str, taken: Sequence[Span]) -> Iterator[re.Match[str]]:
    """Yield the words that no taken span touches, of scripts that write spaces."""
    place = 0
    for word in _WORD.finditer(text):
        while place < len(taken) and taken[place].end <= word.start():
            place += 1
        is_free = place == len(taken) or taken[place].start >= word.end()
        if is_free and not _IDEOGRAPH.search(word[0]):
            yield word


def starts_sentence(text: str, span: Span) -> bool:
    """Say whether a stretch stands where any word would have a capital."""
    before = text[max(0, span.start - 4) : span.start].rstrip("\"'“‘( \n")
    return not before or before[-1] in ".!?:"


def is_worth_comparing(words: str) -> bool:
    """Say whether a stretch is long enough to be told from a misspelt name."""
    return len(key(words)) >= MIN_CHARS
