"""Wrong facts in the graph: how far accuracy falls, and whether it falls below no knowledge.

Atlas claims over a graph of which a share of the facts is wrong: each of those has its tail
exchanged for another tail of the same relation with which the fact is not true, or, where the
relation has none, for any such entity. Vectors are trained on that graph, then every fusion on
the claims, beside its twin without knowledge. One of them, or none, is also chosen by the training
claims alone, in five folds of facts, as by a user who does not know how much is wrong; that is
measured where all fusions are asked for. Rows of what is not asked for stay as they are.

Run: python benchmarks/fusion/noise.py [--shares 0.9 ...] [--fusions gate ...]
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
from atlas_claims import claims_contest
from figures import RUNS, Row, renew, row

import lichen as li
from lichen.data.graph import Ids
from lichen.evaluation.paired import Interval
from lichen.fusion import EVERY

SHARES = (0.0, 0.3, 0.6, 0.9)
MANY = tuple(range(10))
"""Seeds of what is measured: with three the intervals are wider than the floor of one point."""
FOLDS = 5
CHOSEN = "the fusion chosen on training claims"


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
    """Compare fusions, and the one chosen, with no knowledge where that share is wrong."""
    contest = claims_contest(
        li.TextEncoder.load(device="cpu"),
        num_test=4200,
        twins=("none",),
        change=lambda known: with_wrong_facts(known, share, seed=0),
    )
    out = RUNS / "fusion-noise" / f"{share:.1f}"
    told = {name: name for name in fusions}
    if set(fusions) == set(EVERY):
        held_out = li.compare_fusions(replace(contest, folds=FOLDS, together="fact"), out=out)
        print(f"{share:.0%} of the facts wrong, training claims\n{held_out}\n", flush=True)
        told[CHOSEN] = held_out.choice
    table = li.compare_fusions(replace(contest, seeds=MANY), fusions=fusions, out=out)
    print(f"{share:.0%} of the facts wrong, test claims\n{table}\n", flush=True)
    gains = {s.fusion: (s.mean, s.gains["none"]) for s in table.standings}
    none = float(np.mean(table.none))
    gains["none"] = (none, Interval(0.0, 0.0, 0.0))
    name = f"Atlas claims, {share:.0%} of the facts wrong"
    return [
        row(
            name,
            f"accuracy of {what} less that without knowledge "
            f"({fusion + ': ' if what == CHOSEN else ''}{gains[fusion][0]:.3f} less {none:.3f})",
            gains[fusion][1].mean,
            (gains[fusion][1].low, gains[fusion][1].high),
            seeds=MANY,
        )
        for what, fusion in told.items()
    ]


def main() -> None:
    """Measure every share and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shares", nargs="+", type=float, default=SHARES)
    parser.add_argument("--fusions", nargs="+", default=list(EVERY), choices=list(EVERY))
    asked = parser.parse_args()
    for share in asked.shares:
        renew("fusion-noise", measure(share, asked.fusions))


if __name__ == "__main__":
    main()
