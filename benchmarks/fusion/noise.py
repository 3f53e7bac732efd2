"""Wrong facts in the graph: how far accuracy falls, and whether it falls below no knowledge.

Atlas claims over a graph of which a share of the facts is wrong: each of those has its tail
exchanged for another tail of the same relation. Vectors are trained on that graph, then a fusion on
the claims, beside its twin without knowledge. Rows of fusions that are not asked for stay as they
are.

Run: python benchmarks/fusion/noise.py [--fusions gate attention ...]
"""

from __future__ import annotations

import argparse

import numpy as np
from atlas_claims import claims_contest
from figures import RUNS, Row, renew, row

import lichen as li
from lichen.fusion import EVERY

SHARES = (0.0, 0.3, 0.6, 0.9)


def with_wrong_facts(graph: li.Graph, share: float, *, seed: int) -> li.Graph:
    """Return the graph with a share of its facts made wrong; vocabularies stay."""
    rng = np.random.default_rng(seed)
    rows = graph.triples.tolist()
    tails: dict[int, list[int]] = {}
    for _, r, t in rows:
        tails.setdefault(r, []).append(t)
    builder = li.GraphBuilder()
    for label in graph.entities:
        builder.add_entity(label)
    for label in graph.relations:
        builder.add_relation(label)
    wrong = set(rng.choice(len(rows), int(share * len(rows)), replace=False).tolist())
    for i, (h, r, t) in enumerate(rows):
        tail = int(rng.choice(tails[r])) if i in wrong else t
        builder.add_fact(graph.entities[h], graph.relations[r], graph.entities[tail])
    return builder.build()


def measure(share: float, fusions: list[str]) -> list[Row]:
    """Compare fusions with the twin without knowledge on a graph with that share of wrong facts."""
    contest = claims_contest(
        li.TextEncoder.load(device="cpu"),
        num_test=4200,
        twins=("none",),
        change=lambda known: with_wrong_facts(known, share, seed=0),
    )
    out = RUNS / "fusion-noise" / f"{share:.1f}"
    table = li.compare_fusions(contest, fusions=fusions, out=out)
    print(f"{share:.0%} of the facts wrong\n{table}\n", flush=True)
    return [
        row(
            f"Atlas claims, {share:.0%} of the facts wrong",
            f"accuracy of {s.fusion} less that without knowledge "
            f"({s.mean:.3f} less {np.mean(table.none):.3f})",
            s.gains["none"].mean,
            (s.gains["none"].low, s.gains["none"].high),
        )
        for s in table.standings
    ]


def main() -> None:
    """Measure every share and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fusions", nargs="+", default=list(EVERY), choices=EVERY)
    asked = parser.parse_args()
    rows = [row for share in SHARES for row in measure(share, asked.fusions)]
    renew("fusion-noise", rows)


if __name__ == "__main__":
    main()
