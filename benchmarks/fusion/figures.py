"""Right answers by seed and document to rows: means, intervals, paired gains."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from embedding.runs import ROWS, commit, machine
from numpy.typing import NDArray

from lichen.evaluation.paired import bootstrap, permutation_test

RUNS = Path(__file__).resolve().parents[2] / "runs"
"""Where runs are kept as they end."""
SEEDS = (0, 1, 2)
Right = NDArray[np.bool_]
"""`(seeds, documents)`"""
Row = dict[str, Any]


def shown(benchmark: str, metric: str, right: Right) -> Row:
    """Return the row of an accuracy, with its interval over documents and seeds."""
    found = bootstrap(right, np.zeros_like(right))
    return row(benchmark, metric, found.mean, (found.low, found.high))


def gained(benchmark: str, metric: str, right: Right, other: Right) -> Row:
    """Return the row of a paired gain, with its interval and p-value."""
    found = bootstrap(right, other)
    name = f"{metric} (p {permutation_test(right, other):.2g})"
    return row(benchmark, name, found.mean, (found.low, found.high))


def kept(benchmark: str, metric: str, student: Right, teacher: Right, none: Right) -> Row:
    """Return the row of the share of a teacher's uplift that its student keeps.

    The interval is over new documents and new seeds: a ratio of two paired differences.
    """
    rng = np.random.default_rng(0)
    seeds, size = student.shape
    draws = []
    for _ in range(2000):
        at = np.ix_(rng.integers(seeds, size=max(1, seeds - 1)), rng.integers(size, size=size))
        up = teacher[at].mean() - none[at].mean()
        draws.append((student[at].mean() - none[at].mean()) / up if up > 0 else np.nan)
    low, high = np.nanquantile(draws, [0.025, 0.975])
    share = (student.mean() - none.mean()) / (teacher.mean() - none.mean())
    return row(benchmark, metric, float(share), (float(low), float(high)))


def row(
    benchmark: str,
    metric: str,
    mean: float,
    interval: Sequence[float] | None,
    *,
    seeds: Sequence[int] = SEEDS,
) -> Row:
    """Return one row, and print it."""
    found = {
        "benchmark": benchmark,
        "metric": metric,
        "mean": round(mean, 4),
        "interval": None if interval is None else [round(x, 4) for x in interval],
        "published": "",
        "seeds": list(seeds),
        "machine": machine(),
        "commit": commit(),
    }
    print(benchmark, "|", metric, found["mean"], found["interval"], flush=True)
    return found


def write(name: str, rows: Sequence[Row]) -> None:
    """Write the rows of one benchmark."""
    text = json.dumps(list(rows), indent=1) + "\n"
    (ROWS / f"{name}.json").write_text(text, encoding="utf-8")


def renew(name: str, rows: Sequence[Row]) -> None:
    """Write rows of one benchmark; what the file tells of others, such as fusions, stays."""
    path = ROWS / f"{name}.json"
    before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    told = {(row["benchmark"], row["metric"].split(" (")[0]): row for row in [*before, *rows]}
    write(name, list(told.values()))


def measured(name: str) -> list[str]:
    """Return the tasks of which a benchmark has rows."""
    return sorted(path.stem.removeprefix(f"{name}-") for path in ROWS.glob(f"{name}-*.json"))
