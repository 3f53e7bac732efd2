"""Which facts are shown of each mention: `neighbours` under every way of choosing them.

As on the wide bench (`bench.py`): frozen language model, few training documents, three seeds; the
twin has no knowledge. Six facts a mention are shown, from one step away or from two.

Run: python benchmarks/fusion/selection.py [--tasks fewrel wsd]; the tasks that have rows are
measured where none is named.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

from bench import METRICS, SETTINGS, contest_of
from figures import RUNS, Row, measured, row, write

from lichen.fusion.selection import SELECTIONS
from lichen.jobs.fusions import compare_fusions

TASKS = ("fewrel", "wsd")
HOPS = (1, 2)


def measure(name: str) -> list[Row]:
    """Run a task, or read back what is kept; return its rows."""
    setting = SETTINGS[name]
    _, wide = contest_of(name, setting)
    metric = METRICS[setting.task] if wide.group is None else "questions right"
    rows = []
    for how in SELECTIONS:
        for hops in HOPS:
            chosen = {**wide.settings, "select": how, "hops": hops}
            contest = replace(wide, twins=("none",), settings=chosen)
            table = compare_fusions(
                contest,
                fusions=["neighbours"],
                out=RUNS / "fusion-selection" / name / f"{how}-{hops}",
            )
            (found,) = table.standings
            gain = found.gains["none"]
            shown = f"facts chosen by {how}, {hops} step{'s' * (hops > 1)} away"
            benchmark = f"selection, {name} (n = {table.num_examples})"
            rows += [
                row(benchmark, f"{metric}, {shown}", found.mean, None),
                row(
                    benchmark,
                    f"gain over none, {shown} (p {found.p_values['none']:.2g})",
                    gain.mean,
                    (gain.low, gain.high),
                ),
            ]
    return rows


def main() -> None:
    """Measure the tasks asked for and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=measured("fusion-selection"))
    asked = parser.parse_args().tasks
    for name in asked:
        write(f"fusion-selection-{name}", measure(name))


if __name__ == "__main__":
    main()
