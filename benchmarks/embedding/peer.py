"""A peer in a process of its own, and the ratios of repetitions beside it as a row."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
from pathlib import Path
from typing import Any

from runs import commit, machine


def run_program(program: list[str], folder: Path) -> dict[str, Any]:
    """Run a program in a fresh process and return the JSON that it prints last."""
    done = subprocess.run(
        program,
        capture_output=True,
        text=True,
        env={**os.environ, "PYSTOW_HOME": str(folder / "pystow")},
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{program[0]} failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def ratio_row(benchmark: str, what: str, ratios: list[float], runs: Any) -> dict[str, Any]:
    """Return a row: median and range over the repetitions."""
    return {
        "benchmark": benchmark,
        "metric": what,
        "mean": round(statistics.median(ratios), 1),
        "interval": [round(min(ratios), 1), round(max(ratios), 1)],
        "published": "PyKEEN 1.11.1, measured beside it",
        "seeds": [0],
        "runs": runs,
        "machine": machine(),
        "commit": commit(),
    }
