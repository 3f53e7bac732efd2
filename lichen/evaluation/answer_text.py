"""Answers as words: from found and gold text to exact match and word F1."""

from __future__ import annotations

import re
from collections import Counter


def plain_words(text: str) -> list[str]:
    """Return the words of an answer, without case, punctuation and English articles.

    References:
        Rajpurkar et al., 2016, arXiv:1606.05250 (SQuAD).

    >>> plain_words("The Danube, of course.")
    ['danube', 'of', 'course']
    """
    bare = re.sub(r"[^\w\s]|_", "", text.casefold())
    return [word for word in bare.split() if word not in ("a", "an", "the")]


def exact_match(found: str, gold: str) -> float:
    """Return 1 when two answers have the same words, else 0; "" is no answer.

    >>> exact_match("the Danube", "Danube."), exact_match("", "Danube")
    (1.0, 0.0)
    """
    return float(plain_words(found) == plain_words(gold))


def word_f1(found: str, gold: str) -> float:
    """Return the F1 of the words of two answers; 1 when neither has any.

    >>> word_f1("river Danube", "the Danube")
    0.6666666666666666
    """
    mine, true = Counter(plain_words(found)), Counter(plain_words(gold))
    total = mine.total() + true.total()
    return 2 * (mine & true).total() / total if total else 1.0
