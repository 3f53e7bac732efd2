"""Text -> text in which different ways of writing a name are equal, with the way back.

Case, compatibility forms (ligatures, full width), Latin diacritics, dashes, apostrophes and
kinds of white space are folded. Some characters become longer or vanish ('ß' is 'ss', a soft
hyphen is nothing), so every folded character knows where it came from.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_PLAIN = str.maketrans("øđłħıŧ", "odlhit", "\u0307")
_APOSTROPHES = "'’‘ʼʹ`´"
# Letters that only together with the next one or two make the character a name is written with.
_JOINED = re.compile("[\u1100-\u115f][\u1160-\u11a7][\u11a8-\u11ff]?|.[\u3099\u309a]")

_NO_SPACES = (
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_MARKS = "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff"
_WORD = re.compile(f"([^\\W{_NO_SPACES}]+(?:[{_MARKS}]+[^\\W{_NO_SPACES}]*)*)")
_HANGUL = ("\uac00", "\ud7a3")

EDGE = "\0"
"""Stands at both ends of every word of a script that writes spaces."""


class _Table(dict[int, str]):
    """What each code point becomes, filled when first met."""

    def __init__(self) -> None:
        super().__init__()
        self.uneven: set[str] = set()
        """Characters met so far that do not become exactly one."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        category = unicodedata.category(char)
        if char.isspace() or char == "_" or code == 0:
            folded = " "
        elif category == "Pd":
            folded = "-"
        elif char in _APOSTROPHES:
            folded = "'"
        elif category == "Cf":
            folded = ""
        else:
            parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", char).casefold())
            bare = "".join(c for c in parts if not "\u0300" <= c <= "\u036f")
            folded = unicodedata.normalize("NFC", bare).translate(_PLAIN)
        if len(folded) != 1:
            self.uneven.add(char)
        self[code] = folded
        return folded


_TABLE = _Table()


@dataclass(frozen=True)
class Folded:
    """A folded text and the way back to the original.

    `starts` and `ends` are `(folded characters,)` offsets of what each came from; None means
    that the two texts run in step.
    """

    text: str
    starts: NDArray[np.int64] | None = None
    ends: NDArray[np.int64] | None = None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return where a non-empty stretch of the folded text stands in the original."""
        if self.starts is None or self.ends is None:
            return start, end
        return int(self.starts[start]), int(self.ends[end - 1])


def fold(text: str) -> Folded:
    """Fold a text for comparison.

    Args:
        text: any text, of any script.

    >>> fold("Großbritannien").text, fold("Großbritannien").original(3, 5)
    ('grossbritannien', (3, 4))
    """
    if text.isascii():
        return Folded(text.translate(_TABLE))
    folded = text.translate(_TABLE)
    is_joined = not unicodedata.is_normalized("NFC", text) and _JOINED.search(text) is not None
    if not is_joined and _TABLE.uneven.isdisjoint(text):
        return Folded(folded)
    return _fold_unevenly(text, is_joined=is_joined)


def _fold_unevenly(text: str, *, is_joined: bool) -> Folded:
    uneven = "[" + re.escape("".join(sorted(_TABLE.uneven))) + "]" if _TABLE.uneven else "(?!)"
    pattern = re.compile(f"{_JOINED.pattern}|{uneven}" if is_joined else uneven, re.DOTALL)
    pieces: list[str] = []
    starts: list[NDArray[np.int64]] = []
    ends: list[NDArray[np.int64]] = []

    def even(start: int, end: int) -> None:
        pieces.append(text[start:end].translate(_TABLE))
        steps = np.arange(start, end)
        starts.append(steps)
        ends.append(steps + 1)

    done = 0
    for match in pattern.finditer(text):
        even(done, match.start())
        piece = unicodedata.normalize("NFC", match[0]).translate(_TABLE)
        pieces.append(piece)
        starts.append(np.full(len(piece), match.start()))
        ends.append(np.full(len(piece), match.end()))
        done = match.end()
    even(done, len(text))
    return Folded("".join(pieces), np.concatenate(starts), np.concatenate(ends))


def with_edges(folded: str) -> str:
    """Put `EDGE` at both ends of every word, except in scripts that write no spaces.

    >>> with_edges("new york, 北京").replace(EDGE, "|")
    '|new| |york|, 北京'
    """
    return EDGE.join(_WORD.split(folded))


def open_ended(pattern: str) -> str:
    """Return a pattern without its last edge where particles may follow, as in Korean."""
    if len(pattern) > 1 and pattern[-1] == EDGE and _HANGUL[0] <= pattern[-2] <= _HANGUL[1]:
        return pattern[:-1]
    return pattern


def key(text: str) -> str:
    """Return a name reduced to what spelling variants share.

    Case, diacritics, punctuation, a leading "the" and a part in brackets go.

    Args:
        text: a name or a mention.

    >>> key("The Gambia"), key("Côte d'Ivoire"), key("Luxembourg (city)"), key("U.S.A.")
    ('gambia', 'cote divoire', 'luxembourg', 'usa')
    """
    folded = fold(unicodedata.normalize("NFC", text)).text
    whole = _squeeze(folded)
    if "(" in folded:
        whole = _squeeze(_BRACKETS.sub(" ", folded)) or whole
    return whole.removeprefix("the ") or whole


_BRACKETS = re.compile(r"\([^)]*\)")
_DROPPED = re.compile(rf"[^\w\s{_MARKS}-]|(?<=\s)-|-(?=\s)")


def _squeeze(folded: str) -> str:
    return " ".join(_DROPPED.sub("", folded).replace("-", " ").split())
