"""Wrong facts in the graph: how far accuracy falls, and whether it falls below no knowledge.

Atlas claims over a graph of which a share of the facts is wrong: each of those has its tail
exchanged for another tail of the same relation with which the fact is not true, or, where the
relation has none, for any such entity. Vectors are trained on that graph, then a fusion on
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
from lichen.data.graph import Ids
from lichen.fusion import EVERY

SHARES = (0.0, 0.3, 0.6, 0.9)


def with_wrong_facts(graph: li.Graph, share: float, *, seed: int) -> li.Graph:
    """Return the graph with that share of its facts made wrong; vocabularies and size stay.

    Raises:
        ValueError: some fact cannot be made wrong, or the share came out otherwise.
    """
    rng = np.random.default_rng(seed)
    rows = [tuple(row) for row in graph.triples.tolist()]
    true, tails = set(rows), {r: graph.triples[graph.triples[:, 1] == r, 2] for _, r, _ in rows}
    taken = set(rows)
    wrong = set(rng.choice(len(rows), round(share * len(rows)), replace=False).tolist())
    builder = li.GraphBuilder()
    for label in graph.entities:
        builder.add_entity(label)
    for label in graph.relations:
        builder.add_relation(label)
    for i, (h, r, t) in enumerate(rows):
        tail = wrong_tail((h, r), tails[r], taken, graph.num_entities, rng) if i in wrong else t
        taken.add((h, r, tail))
        builder.add_fact(graph.entities[h], graph.relations[r], graph.entities[tail])
    made = builder.build()
    found = sum(tuple(row) not in true for row in made.triples.tolist())
    if (found, made.num_facts) != (len(wrong), len(rows)):
        raise ValueError(f"{len(wrong)} of {len(rows)} facts must be wrong; {found} are.")
    return made


def wrong_tail(
    asked: tuple[int, int],
    tails: Ids,
    taken: set[tuple[int, ...]],
    num_entities: int,
    rng: np.random.Generator,
) -> int:
    """Return a tail with which a head and relation make no fact yet, of the relation if it can."""
    for pool in (tails, np.arange(num_entities)):
        for tail in rng.choice(pool, 200).tolist():
            if (*asked, tail) not in taken:
                return int(tail)
    raise ValueError(f"every tail drawn for {asked} is taken.")


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
