"""Figures in words."""

from __future__ import annotations

from lichen.evaluation.wording import p_text, percent, points


def test_numbers_in_words():
    assert points(-0.123) == "−12.3"
    assert percent(1.0) == "100.0%"
    assert p_text(0.001) == "p = 0.001"
    assert p_text(0.00099) == "p < 0.001"
