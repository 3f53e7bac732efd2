"""Words of a text that have a meaning in WordNet, found longest first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from lichen.data.read.wordnet import PARTS
from lichen.linking.ordinary import ORDINARY
from tasks.wordnet import wordnet

LONGEST = 3
"""Words of one lexical unit such as "laugh out loud"."""
WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_WORDS = """
a an the be have do will would can could may might must shall should not no as at by but he i in it
its me more most of on or so than that there they this to us we who you am are is was were been has
had does did out up down off over one two
"""
NOT_CONTENT = frozenset(_WORDS.split())
"""Words that are not linked."""


class Found(NamedTuple):
    """Characters of a text and the word of WordNet that they are a form of."""

    start: int
    end: int
    word: str


def content_words(text: str) -> Iterator[Found]:
    """Yield the words and short phrases of a text that WordNet has, function words left out."""
    tokens = [(m.start(), m.end(), m.group().lower()) for m in WORD.finditer(text)]
    at = 0
    while at < len(tokens):
        for size in range(min(LONGEST, len(tokens) - at), 0, -1):
            run = tokens[at : at + size]
            if size > 1 and _start(run[0][2], run[1][2]) not in _starts():
                continue
            spaced = text[run[0][0] : run[-1][1]].count(" ") == size - 1
            word = base_of(tuple(token[2] for token in run)) if spaced else None
            if word:
                yield Found(run[0][0], run[-1][1], word)
                break
        at += size


@cache
def _starts() -> frozenset[str]:
    """Return how the phrases of WordNet start, to pass over nearly all runs of words at once."""
    phrases = [word.split("_") for word, _ in wordnet().senses if "_" in word]
    return frozenset(_start(phrase[0], phrase[1]) for phrase in phrases)


def _start(first: str, second: str) -> str:
    return f"{first} {second[:3]}"


@cache
def base_of(words: tuple[str, ...]) -> str | None:
    """Return the word of WordNet that some lower-case words are a form of, or None.

    Of several base forms the one wins whose first sense was tagged most often.
    """
    if len(words) == 1 and (words[0] in NOT_CONTENT or words[0] in ORDINARY or len(words[0]) < 2):
        return None
    if len(words) > 1 and (words[0] in NOT_CONTENT or words[-1] in NOT_CONTENT - {"up", "out"}):
        return None
    form = "_".join(words)
    bases = {base: None for part in PARTS.values() for base in wordnet().bases(form, part)}
    return max(bases, key=wordnet().frequency, default=None)
