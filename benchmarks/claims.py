"""A finished quickstart to rows: claims, the fused model and its twins, and the generator.

Run: lichen quickstart --full, then python benchmarks/claims.py runs/quickstart
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from embedding.runs import ROWS, commit, machine


def main(folder: Path) -> None:
    """Write one row for each comparison and each system of the result."""
    result = json.loads((folder / "result.json").read_text())
    seeds = result["claims"]["seeds"]
    rows = []
    for found in result["claims"]["comparisons"]:
        name = f"claims, {found['group']} (n = {found['num_examples']})"
        rows.append(row(name, f"accuracy, {found['twin']}", found["other"], None, seeds))
        if found["twin"] == "none":
            rows.append(row(name, "accuracy, fused", found["fused"], None, seeds))
        gain = found["gain"]
        metric = f"gain over {found['twin']} (p {found['p_value']:.2g})"
        rows.append(row(name, metric, gain["mean"], [gain["low"], gain["high"]], seeds))
    for system, kinds in result["books"].items():
        for kind, found in kinds.items():
            hits = found["hits_at_1"]
            if hits is not None:
                name = f"{system}: {kind} (n = {found['num_questions']})"
                rows.append(row(name, "Hits@1", hits["mean"], [hits["low"], hits["high"]], [0]))
    place = Path(ROWS) / "atlas-claims.json"
    place.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def row(
    benchmark: str, metric: str, mean: float, interval: list[float] | None, seeds: list[int]
) -> dict[str, Any]:
    """Return one row: a mean, its interval over documents and seeds, and where it was made."""
    return {
        "benchmark": benchmark,
        "metric": metric,
        "mean": round(mean, 4),
        "interval": None if interval is None else [round(x, 4) for x in interval],
        "published": "",
        "seeds": seeds,
        "machine": machine(),
        "commit": commit(),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
