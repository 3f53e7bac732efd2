"""Questions on Atlas by kind: three deals of the wording, wording never seen in training; rows.

Each deal has its own held-out wordings, anchors and pairs of relations, and an answerer trained
from its own seed. Run: python benchmarks/questions.py [--asked 1000] [--deals 17 18 19]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from claims import row as figure
from embedding.runs import ROWS

import lichen as li
from lichen.apps.explain import system_of
from lichen.data.atlas.questions import Question, QuestionSet
from lichen.jobs.quickstart import some
from lichen.reasoning.evaluate import Reply, evaluate

DEALS = (17, 18, 19)
Asked = list[tuple[Question, Reply]]


def main() -> None:
    """Train an answerer a deal, ask its test questions, print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--asked", type=int, default=1000, help="test questions of each deal")
    parser.add_argument("--deals", type=int, nargs="+", default=list(DEALS))
    options = parser.parse_args()
    deals: list[int] = options.deals
    graph, text = li.Graph.load("atlas"), li.TextEncoder.load()
    asked: Asked = []
    train_s: list[float] = []
    for seed, deal in enumerate(deals):
        started = time.perf_counter()
        made = li.questions(graph, draw=deal)
        answerer = li.Answerer.train(graph, text, asked=made, seed=seed)
        train_s.append(time.perf_counter() - started)
        asked += replies(answerer, some(made.test, options.asked), deal)
    rows = rows_of(asked, deals)
    taken = statistics.median(1000 * reply.seconds for _, reply in asked)
    rows.append(row("ask, warm", "p50, ms", (taken, None, None), deals))
    rows.append(
        row("training of an answerer", "seconds", (statistics.mean(train_s), None, None), deals)
    )
    place = Path(ROWS) / "atlas-questions.json"
    place.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def replies(answerer: li.Answerer, test: QuestionSet, deal: int) -> Asked:
    """Ask all questions; each keeps its deal in its id."""
    system = system_of(answerer)
    return [(replace(q, id=f"{deal}-{q.id}"), system(q)) for q in test]


def rows_of(asked: Asked, deals: Sequence[int]) -> list[dict[str, Any]]:
    """Return rows by kind; two hops over all pairs of relations, and divided, too."""
    known = {question.id: reply for question, reply in asked}
    pooled = QuestionSet(tuple(question for question, _ in asked))
    two = QuestionSet(tuple(q for q in pooled if q.kind == "two_hop"))
    groups = dict(evaluate([lambda q: known[q.id]], pooled))
    groups["two_hop, pairs seen in training"] = groups.pop("two_hop")
    groups["two_hop, all pairs"] = evaluate([lambda q: known[q.id]], two)["all"]
    rows = []
    for kind, scores in groups.items():
        name = f"questions, {kind} (n = {scores.num_questions})"
        for metric, found in (("Hits@1", scores.hits_at_1), ("whole answer right", scores.exact)):
            if found is not None:
                rows.append(row(name, metric, found, deals))
        rows += [
            row(name, metric, (share, None, None), deals)
            for metric, share in (
                ("answerable given up", scores.given_up),
                ("unanswerable abstained on", scores.abstained),
            )
            if share is not None and kind in ("all", "unanswerable")
        ]
    return rows


def row(
    benchmark: str,
    metric: str,
    found: tuple[float, float | None, float | None],
    deals: Sequence[int],
) -> dict[str, Any]:
    """Print a figure and return its row; the seeds are the deals."""
    mean, low, high = found
    print(f"{benchmark}: {metric} {mean:.3f} {low} {high}", flush=True)
    interval = None if low is None or high is None else [low, high]
    return figure(benchmark, metric, mean, interval, list(deals))


if __name__ == "__main__":
    main()
