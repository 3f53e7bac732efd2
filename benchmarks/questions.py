"""Questions on Atlas by kind: three seeds, wording never seen in training; writes a row.

Run: python benchmarks/questions.py [--asked 1200]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import Any

from claims import row as figure
from embedding.runs import ROWS

import lichen as li
from lichen.apps.explain import system_of
from lichen.jobs.quickstart import some
from lichen.reasoning.evaluate import evaluate

SEEDS = (0, 1, 2)


def main() -> None:
    """Train an answerer a seed, ask all the same questions, print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--asked", type=int, default=1200, help="questions of the test split")
    count = parser.parse_args().asked
    graph, text = li.Graph.load("atlas"), li.TextEncoder.load()
    asked = li.questions(graph)
    test = some(asked.test, count)
    started = time.perf_counter()
    answerers = [li.Answerer.train(graph, text, asked=asked, seed=seed) for seed in SEEDS]
    train_s = (time.perf_counter() - started) / len(SEEDS)
    taken: list[float] = []
    for question in test:
        started = time.perf_counter()
        answerers[0].ask(question.text)
        taken.append(1000 * (time.perf_counter() - started))
    rows = []
    for kind, scores in evaluate([system_of(a) for a in answerers], test).items():
        for metric, found in (("Hits@1", scores.hits_at_1), ("whole answer right", scores.exact)):
            if found is not None:
                rows.append(row(f"questions, {kind} (n = {scores.num_questions})", metric, found))
        if kind in ("all", "unanswerable"):
            rows += [
                row(f"questions, {kind}", metric, (share, None, None))
                for metric, share in (
                    ("answerable given up", scores.given_up),
                    ("unanswerable abstained on", scores.abstained),
                )
                if share is not None
            ]
    rows.append(row("ask, warm", "p50, ms", (statistics.median(taken), None, None)))
    rows.append(row("training of an answerer", "seconds", (train_s, None, None)))
    place = Path(ROWS) / "atlas-questions.json"
    place.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def row(
    benchmark: str, metric: str, found: tuple[float, float | None, float | None]
) -> dict[str, Any]:
    """Print a figure and return its row."""
    mean, low, high = found
    print(f"{benchmark}: {metric} {mean:.3f} {low} {high}", flush=True)
    interval = None if low is None or high is None else [low, high]
    return figure(benchmark, metric, mean, interval, list(SEEDS))


if __name__ == "__main__":
    main()
