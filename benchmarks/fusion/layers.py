"""Fusions that exchange with the language model's layers, where the wide bench reads at the output.

As on the wide bench (`bench.py`): frozen language model, few training documents, three seeds, and
every twin. `interaction` at hidden layer k of n takes n - k turns with the layers above, as in
GreaseLM; at the output, as on the bench, its graph layers run over finished states.

Run: python benchmarks/fusion/layers.py [--tasks atlas umls wsd]; the tasks that have rows are
measured where none is named.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

from bench import METRICS, SETTINGS, contest_of
from figures import RUNS, Row, measured, row, write

from lichen.jobs.fusions import compare_fusions

TASKS = ("atlas", "umls", "wsd")
FUSION, ABOVE = "interaction", 2
"""What is measured, and how many layers of the language model it takes turns with."""


def measure(name: str) -> list[Row]:
    """Run a task, or read back what is kept; return its rows."""
    setting = SETTINGS[name]
    _, wide = contest_of(name, setting)
    metric = METRICS[setting.task] if wide.group is None else "questions right"
    at = wide.text.num_layers - ABOVE
    contest = replace(wide, special={FUSION: {"at": at}})
    table = compare_fusions(contest, fusions=[FUSION], out=RUNS / "fusion-layers" / name)
    print(f"== {name}\n{table}\n", flush=True)
    (found,) = table.standings
    benchmark = f"{FUSION} from hidden layer {at}, {name} (n = {table.num_examples})"
    rows = [row(benchmark, metric, found.mean, None)]
    for twin, gain in found.gains.items():
        told = f"gain over {twin} (p {found.p_values[twin]:.2g})"
        rows.append(row(benchmark, told, gain.mean, (gain.low, gain.high)))
    return rows


def main() -> None:
    """Measure the tasks asked for and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=measured("fusion-layers"))
    for name in parser.parse_args().tasks:
        write(f"fusion-layers-{name}", measure(name))


if __name__ == "__main__":
    main()
