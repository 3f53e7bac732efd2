"""Values over seeds to the rows that the results page shows."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from embedding.runs import ROWS, T_95, commit, data_folder, machine

__all__ = ["data_folder", "row", "write_rows"]


def row(
    benchmark: str,
    metric: str,
    values: Sequence[float],
    *,
    seeds: Sequence[int],
    beside: str,
    runs: Sequence[Mapping[str, Any]],
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """Return one row: the mean of the values and its 95 % interval, and what it was made from.

    Args:
        benchmark: what was run.
        metric: what the values are.
        values: one a seed.
        seeds: of the values.
        beside: the figures to compare with, and where they come from.
        runs: everything measured, one record a seed.
        settings: by which it was run.
    """
    mean = statistics.fmean(values)
    interval = None
    if len(values) in T_95:
        half = T_95[len(values)] * statistics.stdev(values) / len(values) ** 0.5
        interval = [round(mean - half, 4), round(mean + half, 4)]
    print(f"{benchmark}: {metric} {mean:.4f} {interval}; {beside}", flush=True)
    return {
        "benchmark": benchmark,
        "metric": metric,
        "mean": round(mean, 4),
        "interval": interval,
        "published": beside,
        "seeds": list(seeds),
        "runs": list(runs),
        "settings": dict(settings),
        "machine": machine(),
        "commit": commit(),
    }


def write_rows(name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows to `benchmarks/rows/NAME.json`."""
    ROWS.mkdir(exist_ok=True)
    text = json.dumps(list(rows), indent=1, ensure_ascii=False) + "\n"
    (ROWS / f"{name}.json").write_text(text, encoding="utf-8")
