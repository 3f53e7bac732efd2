"""Figures: inline SVG that takes its colours from the page, the same every time."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from lichen.base.errors import DataError
from lichen.evaluation.figures import INK, SERIES, Bar, Row, bars, curve, ladder

BARS = [Bar(name="fused", value=90.0, low=88, high=92, dots=(89, 90, 91)), Bar(name="no", value=50)]
ROWS = [Row(name="a", value=3, low=1, high=5), Row(name="b", value=-2, low=-4, high=0, series=1)]


@pytest.mark.parametrize(
    "draw",
    [
        lambda: bars(BARS, unit="accuracy", chance=50),
        lambda: ladder(ROWS, unit="points"),
        lambda: curve([(0.5, 0.4), (0.9, 0.95)], x="said", y="true", diagonal=True),
    ],
)
def test_figures_are_inline_and_repeatable(draw):
    svg = draw()
    assert svg.startswith("<svg")
    assert svg.endswith("</svg>")
    root = ET.fromstring(svg)
    assert "viewBox" in root.attrib
    assert "width" not in root.attrib
    assert "var(--ink)" in svg
    assert not any(colour in svg for colour in (INK, *SERIES))
    assert "<metadata" not in svg
    assert draw() == svg


def test_words_and_values_are_text():
    svg = bars(BARS, unit="accuracy, %", chance=50)
    for word in ("fused", "90.0", "50.0", "chance", "accuracy, %"):
        assert f">{word}</text>" in svg
    assert "chance" not in bars(BARS, unit="accuracy, %")
    told = ladder(ROWS, unit="points")
    assert ">+3.0</text>" in told
    assert "var(--series-1)" in told
    assert "var(--series-2)" in told


def test_interval_and_dots_are_drawn():
    plain = bars([Bar(name="x", value=50)], unit="u")
    full = bars([Bar(name="x", value=50, low=40, high=60, dots=(45, 55))], unit="u")
    assert full.count("<use") >= plain.count("<use") + 2


def test_nothing_to_draw_is_refused():
    with pytest.raises(DataError, match="at least one bar"):
        bars([], unit="u")
    with pytest.raises(DataError, match="at least one row"):
        ladder([], unit="u")
    with pytest.raises(DataError, match="at least one point"):
        curve([], x="x", y="y")
