"""A peer in a process of its own, and the ratios of repetitions beside it as a row."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
from pathlib import Path
from typing import Any

from runs import ROWS, commit, machine

PEERS = {
    "pykeen": "PyKEEN 1.11.1",
    "torchkge": "TorchKGE 0.17.7",
    "libkge": "LibKGE 0.1 (9bca31f)",
}
"""Libraries that are measured beside ours: name and version, LibKGE's with its commit."""


def name_of(library: str) -> str:
    """Return a library's name as it is written."""
    return PEERS[library].split()[0]


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


def ratio_row(
    benchmark: str, what: str, ratios: list[float], runs: Any, *, library: str
) -> dict[str, Any]:
    """Return a row: median and range over the repetitions."""
    return {
        "benchmark": benchmark,
        "metric": what,
        "mean": round(statistics.median(ratios), 1),
        "interval": [round(min(ratios), 1), round(max(ratios), 1)],
        "published": f"{PEERS[library]}, measured beside it",
        "seeds": [0],
        "runs": runs,
        "machine": machine(),
        "commit": commit(),
    }


def write_rows(path: str, rows: list[dict[str, Any]]) -> None:
    """Write rows to a file of the rows, and show them."""
    (ROWS / path).write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    for found in rows:
        print(f"{found['metric']}: {found['mean']} {found['interval']}")
