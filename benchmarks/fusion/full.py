"""The best fusions of a task, trained in full: the language model too, on all documents there are.

The wide bench (`bench.py`) keeps the language model frozen and documents few. Here the two fusions
that gained most there are trained beside their twins without knowledge and with shuffled knowledge,
which tells whether more text makes up for the graph. They were chosen by the bench's test figures,
and the test documents are the same, so their gains are a little optimistic.

Runs are kept as they end in `runs/fusion-full/`, so a call that was cut short goes on.

Run: python benchmarks/fusion/full.py [--tasks fewrel atlas ...]; the tasks that have rows are
measured where none is named.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

from bench import METRICS, SETTINGS, contest_of
from figures import RUNS, Row, measured, row, write

import lichen as li
from lichen.jobs.fusions import compare_fusions
from lichen.jobs.ranking import FusionTable

EVERYTHING = 1_000_000
"""More training documents than any task has."""
CONFIG = li.TrainConfig(
    epochs=3, batch_size=32, learning_rate=1e-3, fusion_learning_rate=1e-3, text_learning_rate=1e-4
)
"""First settings tried, equal for all tasks."""
BEST = {
    "atlas": ["add", "attention"],
    "fewrel": ["neighbours", "gate"],
    "semeval2010": ["add", "neighbours"],
    "wsd": ["neighbours", "interaction"],
    "ner": ["neighbours", "gate"],
    "absa": ["attention", "neighbours"],
    "phrasebank": ["neighbours", "add"],
}


def measure(name: str) -> list[Row]:
    """Run a task, or read back what is kept; return its rows."""
    setting = replace(SETTINGS[name], num_train=EVERYTHING)
    _, wide = contest_of(name, setting)
    contest = replace(
        wide,
        twins=("none", "shuffled"),
        config=CONFIG,
        settings={**wide.settings, "train_text": True},
    )
    table = compare_fusions(contest, fusions=BEST[name], out=RUNS / "fusion-full" / name)
    print(f"== {name}\n{table}\n", flush=True)
    size = len(contest.corpora[0].train)
    metric = METRICS[setting.task] if contest.group is None else "questions right"
    return rows_of(f"{name} in full ({size:,} documents, n = {table.num_examples})", metric, table)


def rows_of(benchmark: str, metric: str, table: FusionTable) -> list[Row]:
    """Return the accuracy of each fusion, and its gain over each twin."""
    rows = [row(benchmark, f"{metric}, none", sum(table.none) / len(table.none), None)]
    for s in table.standings:
        rows.append(row(benchmark, f"{metric}, {s.fusion}", s.mean, None))
        rows += [
            row(
                benchmark,
                f"gain of {s.fusion} over {twin} (p {s.p_values[twin]:.2g})",
                gain.mean,
                (gain.low, gain.high),
            )
            for twin, gain in s.gains.items()
        ]
    return rows


def main() -> None:
    """Measure the tasks asked for and write the rows of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", nargs="+", default=measured("fusion-full"), choices=BEST)
    for name in parser.parse_args().tasks:
        write(f"fusion-full-{name}", measure(name))


if __name__ == "__main__":
    main()
