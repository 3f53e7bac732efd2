"""Names that give one another away."""

from __future__ import annotations

import pytest

from lichen.data.atlas.likeness import alike, holds, words


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("Germany", "German", True),
        ("Austria", "Vienna", False),
        ("Switzerland", "Swiss franc", False),
        ("oil", "crude oil", True),
        ("United States", "United Kingdom", False),
        ("Republic of the Congo", "Central African Republic", False),
        ("Côte d'Ivoire", "Cote", True),
        ("Mexico", "Mexico City", True),
        ("法国", "法语", True),
        ("法国", "德语", False),
    ],
)
def test_alike(a, b, expected):
    assert alike(a, b) is alike(b, a) is expected


def test_words_and_holds():
    assert words("São Tomé and Príncipe") == ("sao", "tome", "and", "principe")
    assert holds("natural gas", "Gas")
    assert not holds("natural gas", "gas oil")
