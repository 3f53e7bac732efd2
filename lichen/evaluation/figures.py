"""Figures for reports: from numbers to an inline SVG that takes its colours from the page."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lichen.base.errors import DataError
from lichen.base.extras import need

WHY = "a figure of a report"
WIDTH = 7.2
"""Of every figure, in inches."""
INK, GRID = "#010101", "#020202"
SERIES = ("#0a0a01", "#0a0a02", "#0a0a03", "#0a0a04")
"""Placeholder colours, exchanged for those of the page (`--ink`, `--series-1` ...)."""
DASHED = {"color": INK, "linewidth": 1, "linestyle": (0, (4, 4)), "alpha": 0.6}
"""A line to compare with."""
VARIABLES = {INK: "var(--ink)", GRID: "var(--grid)"} | {
    colour: f"var(--series-{i})" for i, colour in enumerate(SERIES, start=1)
}


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar: its height, an interval around it, and single runs as dots."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    dots: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Row:
    """One horizontal interval of a `ladder`."""

    name: str
    value: float
    low: float
    high: float
    series: int = 0
    """Which colour, from 0."""


def _axes(kind: str, items: Sequence[object], *, of: str, height: float) -> tuple[Any, Any]:
    """Return an empty figure and its axes, or refuse to draw nothing."""
    if not items:
        raise DataError(f"figures.{kind}: there must be at least one {of} to draw; got none.")
    figure = need("matplotlib.figure", extra="report", why=WHY).Figure(
        figsize=(WIDTH, height), layout="constrained"
    )
    figure.patch.set_alpha(0)
    axes = figure.add_subplot()
    axes.patch.set_alpha(0)
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(colors=INK, length=0, labelsize=10.5)
    axes.set_axisbelow(True)
    return figure, axes


def _svg(figure: Any) -> str:
    matplotlib = need("matplotlib", extra="report", why=WHY)
    out = io.StringIO()
    settings = {"svg.fonttype": "none", "svg.hashsalt": "lichen", "font.family": "sans-serif"}
    with matplotlib.rc_context(settings):
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Format": None})
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'<(svg[^>]*?) width="[^"]*"', r"<\1", text, count=1)
    text = re.sub(r'<(svg[^>]*?) height="[^"]*"', r"<\1", text, count=1)
    text = re.sub(r"font: ([0-9.]+px) [^;\"]*", r"font-size: \1; font-family: inherit", text)
    for colour, variable in VARIABLES.items():
        text = text.replace(colour, variable)
    return text.strip()


def bars(items: Sequence[Bar], *, unit: str, chance: float | None = None) -> str:
    """Draw one bar per item with its interval and dots, the value written above.

    Args:
        items: the bars from left to right; the first takes the first colour.
        unit: what the values are, such as "accuracy, %".
        chance: where to draw a dashed line for guessing.

    Returns:
        An `<svg>` element.

    Raises:
        DataError: there is nothing to draw.
        MissingExtraError: matplotlib is not installed.
    """
    figure, axes = _axes("bars", items, of="bar", height=3.3)
    top = max(max(b.value, b.high or 0.0, *b.dots, 0.0) for b in items)
    for x, item in enumerate(items):
        colour = SERIES[min(x, len(SERIES) - 1)]
        axes.bar(x, item.value, width=0.56, color=colour, alpha=0.82, linewidth=0)
        upper = max(item.value, item.high or 0.0, *item.dots, 0.0)
        if item.low is not None and item.high is not None:
            axes.plot([x, x], [item.low, item.high], color=INK, linewidth=1.6)
        for i, dot in enumerate(item.dots):
            shift = (i - (len(item.dots) - 1) / 2) * 0.09 + 0.14
            axes.plot(x + shift, dot, "o", color=INK, markersize=3.6, alpha=0.75)
        axes.text(
            x, upper + 0.03 * top, f"{item.value:.1f}", ha="center", color=INK, fontsize=12,
            fontweight="bold",
        )  # fmt: skip
    if chance is not None:
        axes.axhline(chance, **DASHED)
        axes.text(
            len(items) - 0.66, chance + 0.012 * top, "chance", ha="left", color=INK, fontsize=9.5
        )
    axes.set_xticks(range(len(items)), [item.name for item in items])
    axes.set_xlim(-0.6, len(items) - 0.4 if chance is None else len(items) - 0.25)
    axes.set_ylim(0, top * 1.14)
    axes.set_ylabel(unit, color=INK, fontsize=10.5)
    axes.yaxis.grid(visible=True, color=GRID, linewidth=0.8)
    return _svg(figure)


def ladder(items: Sequence[Row], *, unit: str) -> str:
    """Draw one horizontal interval per item against a line at zero.

    Args:
        items: from top to bottom.
        unit: what the values are, such as "gain, points of accuracy".

    Returns:
        An `<svg>` element.

    Raises:
        DataError: there is nothing to draw.
        MissingExtraError: matplotlib is not installed.
    """
    figure, axes = _axes("ladder", items, of="row", height=0.75 + 0.42 * len(items))
    for i, item in enumerate(items):
        y, colour = len(items) - 1 - i, SERIES[min(item.series, len(SERIES) - 1)]
        axes.plot([item.low, item.high], [y, y], color=colour, linewidth=3, alpha=0.6,
                  solid_capstyle="round")  # fmt: skip
        axes.plot(item.value, y, "o", color=colour, markersize=7.5)
        axes.annotate(
            f"{item.value:+.1f}", (item.high, y), (9, 0), textcoords="offset points",
            va="center", color=INK, fontsize=10.5,
        )  # fmt: skip
    axes.axvline(0, color=INK, linewidth=1.2)
    axes.set_yticks(range(len(items) - 1, -1, -1), [item.name for item in items])
    axes.set_ylim(-0.6, len(items) - 0.4)
    low, high = min(0.0, *(r.low for r in items)), max(0.0, *(r.high for r in items))
    axes.set_xlim(low - 0.04 * (high - low), high + 0.14 * (high - low or 1))
    axes.set_xlabel(unit, color=INK, fontsize=10.5)
    axes.xaxis.grid(visible=True, color=GRID, linewidth=0.8)
    return _svg(figure)


def curve(points: Sequence[tuple[float, float]], *, x: str, y: str, diagonal: bool = False) -> str:
    """Draw a line through points, such as a reliability curve.

    Args:
        points: (x, y) from left to right.
        x: the words below.
        y: the words at the side.
        diagonal: whether to draw the line on which x equals y.

    Returns:
        An `<svg>` element.

    Raises:
        DataError: there is nothing to draw.
        MissingExtraError: matplotlib is not installed.
    """
    figure, axes = _axes("curve", points, of="point", height=3.3)
    across, up = zip(*points, strict=True)
    if diagonal:
        ends = [min(across), max(across)]
        axes.plot(ends, ends, **DASHED)
    axes.plot(across, up, "-o", color=SERIES[0], linewidth=2, markersize=5.5)
    axes.set_xlabel(x, color=INK, fontsize=10.5)
    axes.set_ylabel(y, color=INK, fontsize=10.5)
    axes.grid(visible=True, color=GRID, linewidth=0.8)
    return _svg(figure)
