"""Scoring and training against all entities, beside bare matrix products of the same shapes.

A batch of queries is scored by the encoder into memory that is kept, in float32 as rankings do,
in bfloat16 as training does; beside it, a bare `torch.mm` of the same shapes and precision into
kept memory is the machine's ceiling. A whole training step (queries, scores, softmax, both
gradients, penalty, optimiser) has its three products beside it. Each repetition runs the two in
turn, some times each, and takes the least seconds of both; the rows are the ceiling's seconds
over ours, so 1 is all of it. In bfloat16 the ceiling's factors and results are in bfloat16
already, ours are float32.

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


def random_graph(num_entities: int, num_relations: int) -> Graph:
    """Return a graph of that size; what its facts say does not matter here."""
    draw = np.random.default_rng(0)
    bounds = (num_entities, num_relations, num_entities)
    return Graph(
        entities=Vocabulary([f"e{i}" for i in range(num_entities)], what="entity"),
        relations=Vocabulary([f"r{i}" for i in range(num_relations)], what="relation"),
        triples=np.stack([draw.integers(n, size=NUM_FACTS) for n in bounds], axis=1),
    )


def scoring(encoder: GraphEncoder, kind: torch.dtype) -> tuple[Callable[[], Any], ...]:
    """Return what scores a batch of queries, and the bare product of its shapes."""
    draw = np.random.default_rng(1)
    entity = draw.integers(encoder.num_entities, size=BATCH)
    relation = draw.integers(2 * encoder.num_relations, size=BATCH)
    memory = torch.empty(BATCH, encoder.num_entities)
    given = torch.from_numpy(entity), torch.from_numpy(relation)
    queries, candidates = (x.detach().to(kind) for x in encoder.directed(*given))
    bare = torch.empty(BATCH, encoder.num_entities, dtype=kind)

    @torch.no_grad()
    def ours() -> None:
        if kind == torch.float32:
            encoder.score_directed(entity, relation, out=memory)
        else:
            HalfDot().scores(*encoder.directed(*given), out=memory)

    return ours, lambda: torch.mm(queries, candidates.T, out=bare)


def training(
    encoder: GraphEncoder, graph: Graph, kind: torch.dtype
) -> tuple[Callable[[], Any], ...]:
    """Return a training step on a batch of queries, and its three bare products."""
    precision = "float32" if kind == torch.float32 else "bfloat16"
    step = AllStep(encoder, graph.triples, EmbeddingConfig(precision=precision), Team())
    batch = step.order()[:BATCH]
    queries = torch.randn(BATCH, encoder.entity_dim, dtype=kind)
    candidates = encoder.vectors().detach().to(kind, copy=True)
    scores = torch.empty(BATCH, encoder.num_entities, dtype=kind)
    into, toward = torch.empty_like(candidates), torch.empty_like(queries)

    def bare() -> None:
        torch.mm(queries, candidates.T, out=scores)
        torch.mm(scores.T, queries, out=into)
        torch.mm(scores, candidates, out=toward)

    return lambda: step(batch), bare


def seconds(call: Callable[[], Any]) -> float:
    """Return how long one call takes."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def beside(
    ours: Callable[[], Any], bare: Callable[[], Any], repeats: int
) -> list[dict[str, float]]:
    """Run both in turn; return the least seconds of each repetition's turns, and their ratio."""
    found = []
    for call in (ours, bare):
        call()
    for _ in range(repeats):
        turns = [(seconds(ours), seconds(bare)) for _ in range(TURNS)]
        mine, ceiling = (min(x) for x in zip(*turns, strict=True))
        found.append({"ours_s": mine, "bare_s": ceiling, "share": ceiling / mine})
    return found


def row(name: str, what: str, runs: list[dict[str, float]]) -> dict[str, Any]:
    """Return a row: median and range of the share."""
    shares = [run["share"] for run in runs]
    return {
        "benchmark": name,
        "metric": f"{what}, share of the bare products' speed (median and range of {len(runs)})",
        "mean": round(statistics.median(shares), 3),
        "interval": [round(min(shares), 3), round(max(shares), 3)],
        "published": "torch.mm of the same shapes, measured beside it",
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
                pairs = {
                    f"scoring {BATCH} queries against all ({size})": scoring(encoder, kind),
                    f"a training step of {BATCH} queries ({size})": training(encoder, graph, kind),
                }
                for what, pair in pairs.items():
                    rows.append(row(name, what, beside(*pair, repeats)))
                    print(f"{name}, {what}: {rows[-1]['mean']} {rows[-1]['interval']}", flush=True)
    text = json.dumps(rows, indent=1) + "\n"
    (ROWS / "ceiling-scoring.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    main(parser.parse_args().repeats)
