"""Wrong facts in the graph: how far accuracy falls, and whether it falls below no knowledge.

Atlas claims over a graph of which a share of the facts is wrong: each of those has its tail
exchanged for another tail of the same relation. Vectors are trained on that graph, then a fusion on
the claims, beside its twin without knowledge.

Run: python benchmarks/fusion/noise.py [--fusions gate attention neighbours]
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "embedding"))

from runs import ROWS, commit, machine

import lichen as li

ROOT = Path(__file__).resolve().parents[2]
SHARES = (0.0, 0.3, 0.6, 0.9)
SEEDS = (0, 1, 2)


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


def measure(share: float, fusions: list[str]) -> list[dict[str, Any]]:
    """Compare fusions with the twin without knowledge on a graph with that share of wrong facts."""
    atlas, text = li.Graph.load("atlas"), li.TextEncoder.load(device="cpu")
    claims = li.claims(atlas, num_train=1500, num_valid=50, num_test=4200)
    known = with_wrong_facts(li.removed(atlas).graph, share, seed=0)
    nodes = li.GraphEncoder("complex", known, dim=96)
    nodes = li.train(nodes, known, config=li.EmbeddingConfig(epochs=8, n3=0.03)).model
    contest = li.Contest(
        text=text,
        nodes=nodes,
        graph=known,
        corpora=[claims],
        seeds=SEEDS,
        twins=("none",),
        config=li.TrainConfig(epochs=5),
    )
    out = ROOT / "runs" / "fusion-noise" / f"{share:.1f}"
    table = li.compare_fusions(contest, fusions=fusions, out=out)
    print(f"{share:.0%} of the facts wrong\n{table}\n", flush=True)
    return [
        {
            "benchmark": f"Atlas claims, {share:.0%} of the facts wrong",
            "metric": f"accuracy of {s.fusion} less that without knowledge "
            f"({s.mean:.3f} less {np.mean(table.none):.3f})",
            "mean": round(s.gains["none"].mean, 4),
            "interval": [round(s.gains["none"].low, 4), round(s.gains["none"].high, 4)],
            "published": "",
            "seeds": list(SEEDS),
            "machine": machine(),
            "commit": commit(),
        }
        for s in table.standings
    ]


def main() -> None:
    """Measure every share and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fusions", nargs="+", default=["gate", "attention", "neighbours"])
    asked = parser.parse_args()
    rows = [row for share in SHARES for row in measure(share, asked.fusions)]
    path = ROWS / "fusion-noise.json"
    path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
