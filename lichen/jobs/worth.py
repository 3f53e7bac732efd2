"""The result of an uplift: scores of a run and its twins, as text, JSON and an HTML report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from lichen.evaluation import figures
from lichen.evaluation.paired import Interval
from lichen.evaluation.report import Report, Section, Table, Tile, Tone
from lichen.evaluation.wording import p_text, percent, points

FUSED: Literal["fused"] = "fused"
ALL = "all"
"""The group of all test documents."""

LINKED = (
    "A pair of entities that the graph links is the knowledge itself where stored facts are asked "
    "for, and a leak where they are to be found out."
)
EXPLAINED = {
    FUSED: "the run: language model and knowledge",
    "none": "twin without knowledge",
    "shuffled": "twin with another entity standing for each: same parameters, no information",
    "count": "twin that is told only that there is an entity and how many facts it has",
}


@dataclass(frozen=True, kw_only=True)
class System:
    """The run's recipe or one twin, over all seeds."""

    name: str
    """"fused", "none" or "shuffled"."""
    accuracy: tuple[float, ...]
    """One for each seed, 0 to 1."""
    interval: Interval
    """Mean accuracy, over new documents and new seeds."""
    macro_f1: tuple[float, ...]
    calibration_error: tuple[float, ...]
    reliability: tuple[tuple[float, float], ...]
    """Confidence and share of right answers, by bands of confidence, all seeds together."""
    num_parameters: int
    num_trained: int
    """Parameters that training changes."""
    train_s: float
    """Mean seconds of training."""
    predict_s: float
    """Seconds for 1,000 documents not read before."""

    @property
    def mean(self) -> float:
        """Return the mean accuracy over the seeds."""
        return float(np.mean(self.accuracy))


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The run against one twin on one group of documents."""

    twin: str
    group: str
    num_examples: int
    fused: float
    """Mean accuracy of the run's recipe."""
    other: float
    """Mean accuracy of the twin."""
    gain: Interval
    """Fused minus twin, over new documents and new seeds."""
    p_value: float
    """Paired permutation test over documents, seeds averaged."""
    mcnemar: tuple[float, ...]
    """Exact McNemar p-value of each seed."""

    @property
    def is_gain(self) -> bool:
        """Say whether the whole interval lies above zero."""
        return self.gain.low > 0

    @property
    def is_loss(self) -> bool:
        """Say whether the whole interval lies below zero."""
        return self.gain.high < 0


@dataclass(frozen=True, kw_only=True)
class Uplift:
    """What the knowledge was worth; `print` shows it, `save_html` draws it."""

    systems: tuple[System, ...]
    comparisons: tuple[Comparison, ...]
    seeds: tuple[int, ...]
    level: float = 0.95
    chance: float | None = None
    """Accuracy of always saying the most frequent class; None is not known."""
    leaks: tuple[str, ...] = ()
    """What the leak guards found; each is one line."""
    lost: str | None = None
    """How many mentions of the test documents the run does not look at, and why; None: all are."""
    settings: Mapping[str, str] = field(default_factory=dict)

    def of(self, twin: str, *, group: str = ALL) -> Comparison:
        """Return the comparison with one twin.

        Args:
            twin: its name.
            group: which documents; "all" is all of them.

        Returns:
            The comparison.

        Raises:
            KeyError: there is none.
        """
        for found in self.comparisons:
            if (found.twin, found.group) == (twin, group):
                return found
        raise KeyError((twin, group))

    @cached_property
    def whole(self) -> tuple[Comparison, ...]:
        """Return the comparisons over all documents."""
        return tuple(c for c in self.comparisons if c.group == ALL)

    @property
    def groups(self) -> tuple[str, ...]:
        """Return the names of the groups, all documents first."""
        return tuple(dict.fromkeys(c.group for c in self.comparisons))

    @property
    def caveat(self) -> str | None:
        """Return why the figures tell nothing: test documents of one class; None otherwise."""
        if self.chance != 1.0:
            return None
        return (
            "all test documents are of one class, so whoever always names it is right: these "
            "figures do not tell what knowledge is worth. Test on documents of several classes."
        )

    @property
    def tone(self) -> Tone:
        """Say whether knowledge helped ("good"), hurt ("bad") or neither was shown ("plain")."""
        if all(c.is_gain for c in self.whole):
            return "good"
        return "bad" if all(c.is_loss for c in self.whole) else "plain"

    @property
    def headline(self) -> str:
        """Return the result in one sentence."""
        first, *rest = self.whole
        gain = points(first.gain.mean)
        verb = {"good": "is worth", "bad": "costs", "plain": "is not shown to be worth anything"}
        amount = "" if self.tone == "plain" else f" {gain.lstrip('+−')} points of accuracy"
        checked = "".join(f"; against {c.twin}: {points(c.gain.mean)}" for c in rest)
        return (
            f"Knowledge {verb[self.tone]}{amount}: {percent(first.fused)} with it, "
            f"{percent(first.other)} without ({self.level:.0%} interval "
            f"{points(first.gain.low)} to {points(first.gain.high)}, "
            f"{p_text(first.p_value)}{checked})."
        )

    def to_json(self) -> dict[str, Any]:
        """Return everything as a JSON object."""
        said = asdict(self)
        said["systems"] = [{**asdict(s), "interval": s.interval._asdict()} for s in self.systems]
        said["comparisons"] = [{**asdict(c), "gain": c.gain._asdict()} for c in self.comparisons]
        return {"headline": self.headline, "tone": self.tone, "caveat": self.caveat, **said}

    def table(self, *, width: int = 100) -> str:
        """Return the scores, differences and costs as text tables.

        Args:
            width: characters to a line.

        Returns:
            Lines without trailing spaces.
        """
        parts = [table.text(title, width=width) for title, table in self._tables()]
        leaks = "\n".join(f"leak guard: {leak}" for leak in self.leaks)
        lost = [f"mentions lost: {self.lost}"] if self.lost else []
        told = [f"note: {self.caveat}"] if self.caveat else []
        return "\n\n".join([*told, *parts, leaks or "leak guards: nothing found", *lost])

    def __str__(self) -> str:
        """Return the headline and the tables."""
        return f"{self.headline}\n\n{self.table()}"

    def _tables(self) -> Iterator[tuple[str, Table]]:
        yield "Accuracy, %", self.scores_table()
        yield (
            f"What the knowledge was worth, points ({self.level:.0%} interval)",
            self.gains_table(),
        )
        yield "Cost", self.cost_table()

    def scores_table(self) -> Table:
        """Return accuracy by system: mean, each seed, macro F1, calibration error."""
        header = ("", "mean", *(f"seed {s}" for s in self.seeds), "macro F1", "ECE")
        rows = tuple(
            (
                s.name,
                percent(s.mean, sign=""),
                *(percent(a, sign="") for a in s.accuracy),
                percent(float(np.mean(s.macro_f1)), sign=""),
                percent(float(np.mean(s.calibration_error)), sign=""),
            )
            for s in self.systems
        )
        return Table(header=header, rows=rows)

    def gains_table(self) -> Table:
        """Return each difference with its interval and p-values, by group."""
        header = ("documents", "n", "against", "fused", "twin", "gain", "interval", "p")
        rows = tuple(
            (
                c.group,
                f"{c.num_examples:,}",
                c.twin,
                percent(c.fused, sign=""),
                percent(c.other, sign=""),
                points(c.gain.mean),
                f"{points(c.gain.low)} to {points(c.gain.high)}",
                p_text(c.p_value).removeprefix("p ").removeprefix("= "),
            )
            for c in self.comparisons
        )
        return Table(header=header, rows=rows)

    def cost_table(self) -> Table:
        """Return parameters, training seconds and inference seconds by system."""
        header = ("", "parameters", "trained", "training, s", "1,000 documents, s")
        rows = tuple(
            (
                s.name,
                f"{s.num_parameters:,}",
                f"{s.num_trained:,}",
                "–" if np.isnan(s.train_s) else f"{s.train_s:.1f}",
                f"{s.predict_s:.2f}",
            )
            for s in self.systems
        )
        return Table(header=header, rows=rows)

    def report(self) -> Report:
        """Return the HTML report, to save or to extend with further sections."""
        return uplift_report(self)

    def save_html(self, path: str | Path) -> Path:
        """Write the report as one self-contained HTML file.

        Args:
            path: where, such as "runs/first/uplift.html".

        Returns:
            The path written.
        """
        return self.report().save(path)


def uplift_report(found: Uplift) -> Report:
    """Lay an uplift out as a report.

    Args:
        found: the result.

    Returns:
        The report.
    """
    folded = (
        Section(title="Exact McNemar test by seed", table=_mcnemar_table(found), is_folded=True),
        Section(title="Settings", table=Table.of_settings(found.settings), is_folded=True),
    )
    return Report(
        title="Lichen uplift: what the knowledge was worth",
        headline=found.headline,
        tone=found.tone,
        tiles=tuple(_tiles(found)),
        sections=(
            _scores(found),
            _gains(found),
            _confidence(found.systems[0]),
            Section(
                title="What it costs",
                text="Training of one seed, and inference on texts not read before.",
                table=found.cost_table(),
            ),
            Section(
                title="Leak guards",
                text=LINKED if found.leaks else "Nothing was found.",
                items=found.leaks,
            ),
            *folded,
        ),
        footer=f"Seeds {', '.join(map(str, found.seeds))}.",
    )


def _scores(found: Uplift) -> Section:
    drawn = figures.bars(
        [
            figures.Bar(
                name=s.name,
                value=100 * s.mean,
                low=100 * s.interval.low,
                high=100 * s.interval.high,
                dots=tuple(100 * a for a in s.accuracy),
            )
            for s in found.systems
        ],
        unit="accuracy, %",
        chance=None if found.chance is None else 100 * found.chance,
    )
    return Section(
        title="The run and its twins",
        text=(
            "All were trained on the same documents, with the same settings and seeds."
            + (f" Mentions lost: {found.lost}." if found.lost else "")
            + (f" Note: {found.caveat}" if found.caveat else "")
        ),
        items=tuple(f"{s.name}: {EXPLAINED.get(s.name, 'twin')}" for s in found.systems),
        figure=drawn,
        caption=f"Mean accuracy with its {found.level:.0%} interval; each dot is one seed.",
        table=found.scores_table(),
    )


def _gains(found: Uplift) -> Section:
    order = [s.name for s in found.systems]
    ladder = figures.ladder(
        [
            figures.Row(
                name=f"{c.group}, against {c.twin}" if len(found.groups) > 1 else c.twin,
                value=100 * c.gain.mean,
                low=100 * c.gain.low,
                high=100 * c.gain.high,
                series=order.index(c.twin),
            )
            for c in found.comparisons
        ],
        unit="gain of fused over its twin, points of accuracy",
    )
    return Section(
        title="The difference",
        text=(
            f"Paired by document. Intervals hold {found.level:.0%} of a bootstrap over documents "
            "and seeds; p-values come from a paired permutation test over documents with the "
            "seeds averaged, and are not corrected for the number of groups."
        ),
        figure=ladder,
        caption="Gain with its interval; left of the line knowledge did harm.",
        table=found.gains_table(),
    )


def _confidence(system: System) -> Section:
    error = percent(float(np.mean(system.calibration_error)))
    bands = [(100 * said, 100 * right) for said, right in system.reliability]
    drawn = figures.curve(bands, x="confidence, %", y="right, %", diagonal=True) if bands else ""
    return Section(
        title="How well it knows what it knows",
        text=f"Expected calibration error of {system.name}: {error}.",
        figure=drawn,
        caption="On the dashed line, answers are right as often as their confidence says.",
    )


def _mcnemar_table(found: Uplift) -> Table:
    return Table(
        header=("documents", "against", *(f"seed {s}" for s in found.seeds)),
        rows=tuple(
            (c.group, c.twin, *(p_text(p).removeprefix("p ").removeprefix("= ") for p in c.mcnemar))
            for c in found.comparisons
        ),
    )


def _tiles(found: Uplift) -> Iterator[Tile]:
    for system in found.systems:
        low, high = min(system.accuracy), max(system.accuracy)
        note = f"seeds {percent(low, sign='')} to {percent(high)}"
        yield Tile(label=system.name, value=percent(system.mean), note=note)
    for c in found.whole[:1]:
        chance = p_text(c.p_value).replace(" ", "\u00a0")
        span = f"{points(c.gain.low)} to {points(c.gain.high)}, {chance}"
        yield Tile(label="gain, points", value=points(c.gain.mean), note=span)
