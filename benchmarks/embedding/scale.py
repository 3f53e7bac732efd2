"""A synthetic graph of Wikidata5M's size: imported, indexed, trained for an epoch, and ranked.

Each stage prints its seconds and the largest resident memory so far; the row holds them all.
The figures of merit are seconds and memory: the facts are drawn at random, so ranks say nothing.

Run: python benchmarks/embedding/scale.py FILE [--dim 64] [--rows]
FILE is written first by synthetic.py when it is not there.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from runs import ROWS, commit, machine
from synthetic import Size, draw_facts, write_facts

from lichen.data.graph import Graph
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.sampled import evaluate_sampled
from lichen.embedding.trainer import train_embedding

TEST, QUERIES, NEIGHBOURS = 100_000, 5_000, 10_000
CONFIG = EmbeddingConfig(
    epochs=1,
    batch_size=16_384,
    optimiser="rowwise_adagrad",
    candidates="sampled",
    negatives=512,
    hide_known=False,
    n3=0.0,
)


class Stages:
    """Seconds and peak memory of each stage."""

    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []
        self.started = time.perf_counter()

    def done(self, stage: str, **figures: Any) -> None:
        """Note the end of a stage, and show it."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        seconds = time.perf_counter() - self.started
        self.found.append(
            {"stage": stage, "seconds": round(seconds, 2), "peak_gib": round(peak, 2), **figures}
        )
        print(json.dumps(self.found[-1]), flush=True)
        self.started = time.perf_counter()


def run(path: Path, dim: int) -> Stages:
    """Go through the stages."""
    stages = Stages()
    graph = Graph.load(path)
    stages.done("import", facts=graph.num_facts, entities=graph.num_entities)
    for entity in np.random.default_rng(0).integers(graph.num_entities, size=NEIGHBOURS):
        graph.neighbours(int(entity))
    stages.done(f"index, and {NEIGHBOURS} look-ups of neighbours")
    order = np.random.default_rng(0).permutation(graph.num_facts)
    splits = {"test": np.sort(order[:TEST]), "train": np.sort(order[TEST:])}
    graph = replace(graph, splits=splits)
    encoder = GraphEncoder("distmult", graph, dim=dim)
    stages.done(f"split, vectors of {dim} numbers")
    report = train_embedding(encoder, graph, config=CONFIG)
    directed = 2 * len(splits["train"])
    stages.done(
        "one epoch", loss=report.losses[-1], directed_facts_s=round(directed / report.seconds)
    )
    for among, number in (("all entities", None), ("10,000", 10_000)):
        found = evaluate_sampled(encoder, graph, num_queries=QUERIES, num_candidates=number)
        mrr, *interval = (round(x, 6) for x in found.mrr)
        stages.done(f"{QUERIES} queries ranked among {among}", mrr=mrr, mrr_interval=interval)
    return stages


def rows(stages: Stages, dim: int) -> list[dict[str, Any]]:
    """Return one row a stage, and one for each other figure that it has."""
    found = []
    for stage in stages.found:
        name = stage["stage"]
        seconds = f"{name}: seconds (peak {stage['peak_gib']} GiB so far)"
        figures = [(seconds, stage["seconds"], None)]
        if "directed_facts_s" in stage:
            what = f"{name}: triples a second, each direction of a fact being one"
            figures.append((what, stage["directed_facts_s"], None))
        if "mrr" in stage:
            figures.append((f"{name}: MRR of random facts", stage["mrr"], stage["mrr_interval"]))
        found += [
            {
                "benchmark": f"20.6 million facts, 4.6 million entities, distmult, dim {dim}",
                "metric": metric,
                "mean": mean,
                "interval": interval,
                "published": "",
                "seeds": [0],
                "runs": [stage],
                "machine": machine(),
                "commit": commit(),
            }
            for metric, mean, interval in figures
        ]
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--rows", action="store_true", help="write the rows")
    asked = parser.parse_args()
    if not asked.file.exists():
        asked.file.parent.mkdir(parents=True, exist_ok=True)
        write_facts(draw_facts(Size()), asked.file)
    ended = run(asked.file, asked.dim)
    if asked.rows:
        text = json.dumps(rows(ended, asked.dim), indent=1) + "\n"
        (ROWS / "synthetic-scale.json").write_text(text, encoding="utf-8")
