"""The result of comparing fusions: standings as text, JSON and an HTML report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lichen.data.leaks import Finding
from lichen.evaluation import figures
from lichen.evaluation.paired import Interval
from lichen.evaluation.report import Report, Section, Table
from lichen.evaluation.wording import p_text, percent, points

SIGNIFICANT = 0.05


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One fusion beside its twins."""

    fusion: str
    scores: tuple[float, ...]
    """Accuracy of each seed, 0 to 1."""
    twin_scores: Mapping[str, tuple[float, ...]]
    gains: Mapping[str, Interval]
    """By twin: fused minus twin, over new examples and new seeds."""
    p_values: Mapping[str, float]
    """By twin: paired permutation test over examples, seeds averaged."""
    num_trained: int
    read_s: float | None = None
    """Mean seconds of reading the training documents before training; None where it was not kept.
    What a frozen language model has read for another run is not read again."""
    train_s: float
    """Mean seconds of training, reading left out."""
    predict_s: float
    """Mean seconds for the test documents, which are read first where no run has read them."""

    @property
    def mean(self) -> float:
        """Return the mean accuracy over the seeds."""
        return float(np.mean(self.scores))

    @property
    def is_worth_it(self) -> bool:
        """Say whether it beats each twin: interval above zero and p below 0.05."""
        return bool(self.gains) and all(map(self.is_ahead_of, self.gains))

    def is_ahead_of(self, twin: str) -> bool:
        """Say whether it beats a twin: interval above zero and p below 0.05."""
        return self.gains[twin].low > 0 and self.p_values[twin] < SIGNIFICANT


@dataclass(frozen=True, kw_only=True)
class FusionTable:
    """Fusions on one task; `print` shows them, best first."""

    standings: tuple[Standing, ...]
    none: tuple[float, ...]
    """Accuracy without knowledge, by seed."""
    seeds: tuple[int, ...]
    num_examples: int
    leaks: tuple[Finding, ...] = ()
    """What the leak guards found between training and test documents."""
    lost: tuple[str, ...] = ()
    """How many mentions of the test documents which fusions do not look at, and why."""

    @property
    def ranked(self) -> tuple[Standing, ...]:
        """Return the standings, the highest mean first."""
        return tuple(sorted(self.standings, key=lambda s: -s.mean))

    @property
    def choice(self) -> str | None:
        """Return the fusion to train: the best of those surely ahead of no knowledge.

        "none" where none is ahead, its interval above zero and p below 0.05; None where no twin
        without knowledge was measured. By documents held out from training, this keeps wrong or
        needless knowledge from costing accuracy.
        """
        if not self.none:
            return None
        return next((s.fusion for s in self.ranked if s.is_ahead_of("none")), "none")

    @property
    def headline(self) -> str:
        """Return the result in one sentence."""
        best = self.ranked[0]
        worth = [s.fusion for s in self.ranked if s.is_worth_it]
        without = f", {percent(float(np.mean(self.none)))} without knowledge" if self.none else ""
        said = f"{best.fusion} is first with {percent(best.mean)}{without}; "
        if not worth:
            return said + "no fusion beats all its twins."
        return said + f"ahead of all their twins: {', '.join(worth)}."

    def table(self) -> Table:
        """Return scores, gains with intervals and p-values, and costs."""
        twins = tuple(self.standings[0].gains)
        gains = tuple(name for twin in twins for name in (f"over {twin}", "interval", "p"))
        rows = []
        for s in self.ranked:
            cells = [s.fusion, percent(s.mean, sign="")]
            for twin in twins:
                gain = s.gains[twin]
                p = p_text(s.p_values[twin]).removeprefix("p ").removeprefix("= ")
                cells += [points(gain.mean), f"{points(gain.low)} to {points(gain.high)}", p]
            read = "–" if s.read_s is None else f"{s.read_s:.1f}"
            cells += [f"{s.num_trained:,}", read, f"{s.train_s:.1f}", f"{s.predict_s:.1f}"]
            rows.append(tuple(cells))
        seconds = ("reading, s", "training, s", "predicting, s")
        header = ("fusion", "accuracy", *gains, "trained", *seconds)
        return Table(header=header, rows=tuple(rows))

    def __str__(self) -> str:
        """Return the headline, the table and what the leak guards found."""
        rows = self.table().text("Accuracy, %; gains, points", width=180)
        leaks = "\n".join(f"leak guard: {leak}" for leak in self.leaks)
        parts = [self.headline, rows, leaks or "leak guards: nothing found"]
        return "\n\n".join([*parts, *(f"mentions lost: {line}" for line in self.lost)])

    def to_json(self) -> dict[str, Any]:
        """Return everything as a JSON object, the examples of leaks left out."""
        said = [
            asdict(s) | {"gains": {k: v._asdict() for k, v in s.gains.items()}, "mean": s.mean}
            for s in self.ranked
        ]
        return {
            "headline": self.headline,
            "choice": self.choice,
            "none": self.none,
            "seeds": self.seeds,
            "num_examples": self.num_examples,
            "leaks": [{"what": x.what, "count": x.count, "total": x.total} for x in self.leaks],
            "lost": self.lost,
            "standings": said,
        }

    def save_html(self, path: str | Path) -> Path:
        """Write a self-contained HTML report, and return its path."""
        twins = tuple(self.standings[0].gains)
        rows = [
            figures.Row(
                name=f"{s.fusion}, against {twin}",
                value=100 * s.gains[twin].mean,
                low=100 * s.gains[twin].low,
                high=100 * s.gains[twin].high,
                series=i,
            )
            for s in self.ranked
            for i, twin in enumerate(twins)
        ]
        drawn = figures.ladder(rows, unit="gain of a fusion over its twin, points of accuracy")
        is_good = any(s.is_worth_it for s in self.standings)
        report = Report(
            title="Lichen: fusions compared",
            headline=self.headline,
            tone="good" if is_good else "plain",
            tiles=(),
            sections=(
                Section(
                    title="What each fusion's knowledge was worth",
                    text="One language model, one graph, one budget; gains are paired by example.",
                    items=tuple(f"Mentions lost: {line}" for line in self.lost),
                    figure=drawn,
                    caption="Gain with its 95 % interval; left of the line knowledge did harm.",
                    table=self.table(),
                ),
                Section(
                    title="Leak guards",
                    text="" if self.leaks else "Nothing was found.",
                    items=tuple(str(leak) for leak in self.leaks),
                ),
            ),
            footer=f"Seeds {', '.join(map(str, self.seeds))}; {self.num_examples:,} examples.",
        )
        return report.save(Path(path))
