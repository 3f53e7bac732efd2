"""Scoring and training against all entities, beside the machine's fastest matrix product.

A batch of queries is scored by the encoder into memory that is kept, in float32 as rankings do,
in bfloat16 as training does, and a whole training step is taken (queries, scores, softmax, both
gradients, penalty, optimiser). Beside each, a bare `torch.mm` of two square matrices of 2,048, the
shape at which products are fastest, is the machine's ceiling: the seconds that the same number of
multiplications would take at its speed. Each repetition runs the two in turn, some times each, and
takes the least seconds of both; the rows are the ceiling's seconds over ours, so 1 is all of it. In
bfloat16 the ceiling's factors and results are in bfloat16 already, ours are float32.

Run: python benchmarks/embedding/ceiling.py [--repeats 9]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from runs import ROWS, commit, machine

from lichen.data.graph import Graph
from lichen.data.vocabulary import Vocabulary
from lichen.embedding.compare import HalfDot
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.step_all import AllStep
from lichen.embedding.team import Team
from lichen.lm.text_encoder import has_fast_half

SCORERS = ("distmult", "complex")
SIZES = {"WN18RR": (40_943, 11, 200), "FB15k-237": (14_541, 237, 1024)}
"""Entities and relations of a benchmark's graph, and numbers an entity."""
BATCH, NUM_FACTS, TURNS = 512, 20_000, 3
SQUARE = 2048
"""Rows and columns of the product that is the ceiling."""


def random_graph(num_entities: int, num_relations: int) -> Graph:
    """Return a graph of that size; what its facts say does not matter here."""
    draw = np.random.default_rng(0)
    bounds = (num_entities, num_relations, num_entities)
    return Graph(
        entities=Vocabulary([f"e{i}" for i in range(num_entities)], what="entity"),
        relations=Vocabulary([f"r{i}" for i in range(num_relations)], what="relation"),
        triples=np.stack([draw.integers(n, size=NUM_FACTS) for n in bounds], axis=1),
    )


def scoring(encoder: GraphEncoder, kind: torch.dtype) -> Callable[[], Any]:
    """Return what scores a batch of queries."""
    draw = np.random.default_rng(1)
    entity = draw.integers(encoder.num_entities, size=BATCH)
    relation = draw.integers(2 * encoder.num_relations, size=BATCH)
    memory = torch.empty(BATCH, encoder.num_entities)
    given = torch.from_numpy(entity), torch.from_numpy(relation)

    @torch.no_grad()
    def ours() -> None:
        if kind == torch.float32:
            encoder.score_directed(entity, relation, out=memory)
        else:
            HalfDot().scores(*encoder.directed(*given), out=memory)

    return ours


def training(encoder: GraphEncoder, graph: Graph, kind: torch.dtype) -> Callable[[], Any]:
    """Return a training step on a batch of queries."""
    precision = "float32" if kind == torch.float32 else "bfloat16"
    step = AllStep(encoder, graph.triples, EmbeddingConfig(precision=precision), Team())
    batch = step.order()[:BATCH]
    return lambda: step(batch)


def square(kind: torch.dtype) -> Callable[[], Any]:
    """Return the product that is the ceiling, into memory that is kept."""
    one, other = torch.randn(2, SQUARE, SQUARE).to(kind)
    memory = torch.empty(SQUARE, SQUARE, dtype=kind)
    return lambda: torch.mm(one, other, out=memory)


def seconds(call: Callable[[], Any]) -> float:
    """Return how long one call takes."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def beside(
    ours: Callable[[], Any], bare: Callable[[], Any], share: float, repeats: int
) -> list[dict[str, float]]:
    """Run both in turn, ours doing a share of the ceiling's multiplications.

    Returns:
        The least seconds of each repetition's turns, the ceiling's for our multiplications, and
        their ratio.
    """
    found = []
    for call in (ours, bare):
        call()
    for _ in range(repeats):
        turns = [(seconds(ours), seconds(bare)) for _ in range(TURNS)]
        mine, ceiling = (min(x) for x in zip(*turns, strict=True))
        ceiling *= share
        found.append({"ours_s": mine, "bare_s": ceiling, "share": ceiling / mine})
    return found


def row(name: str, what: str, runs: list[dict[str, float]]) -> dict[str, Any]:
    """Return a row: median and range of the share."""
    shares = [run["share"] for run in runs]
    return {
        "benchmark": name,
        "metric": f"{what}, share of the fastest product's speed (median and range of {len(runs)})",
        "mean": round(statistics.median(shares), 3),
        "interval": [round(min(shares), 3), round(max(shares), 3)],
        "published": f"torch.mm of {SQUARE} x {SQUARE}, measured beside it",
        "seeds": [0],
        "runs": [{k: round(x, 5) for k, x in run.items()} for run in runs],
        "machine": machine(),
        "commit": commit(),
    }


def main(repeats: int) -> None:
    """Measure every scorer, size and precision, and write the rows."""
    kinds = [torch.float32]
    if has_fast_half(torch.device("cpu")):
        kinds.append(torch.bfloat16)
    rows = []
    for size, (num_entities, num_relations, dim) in SIZES.items():
        graph = random_graph(num_entities, num_relations)
        for scorer in SCORERS:
            for kind in kinds:
                encoder = GraphEncoder(scorer, graph, dim=dim)
                name = f"ceiling {scorer} {num_entities} x {dim} {str(kind).removeprefix('torch.')}"
                calls = {
                    f"scoring {BATCH} queries against all ({size})": scoring(encoder, kind),
                    f"a training step of {BATCH} queries ({size})": training(encoder, graph, kind),
                }
                one = BATCH * num_entities * dim / SQUARE**3
                shares = {
                    what: products * one for what, products in zip(calls, (1, 3), strict=True)
                }
                for what, call in calls.items():
                    rows.append(row(name, what, beside(call, square(kind), shares[what], repeats)))
                    print(f"{name}, {what}: {rows[-1]['mean']} {rows[-1]['interval']}", flush=True)
    text = json.dumps(rows, indent=1) + "\n"
    (ROWS / "ceiling-scoring.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    main(parser.parse_args().repeats)
