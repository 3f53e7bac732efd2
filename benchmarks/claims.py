"""Claims on Atlas: several deals of the facts to the splits, three seeds each; writes rows.

Which facts are removed, which are held out, how they are worded and exchanged all follow the
deal; documents of all deals are pooled. Run: python benchmarks/claims.py [--deals 10 11 12]
"""

from __future__ import annotations

import argparse
import json
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from embedding.runs import ROWS, commit, machine
from numpy.typing import NDArray

import lichen as li
from lichen.data.atlas.claims import claims, removed
from lichen.evaluation.paired import bootstrap, permutation_test
from lichen.jobs.quickstart import EMBEDDING, FUSING
from lichen.training.predict import predict
from lichen.training.twins import twin

DEALS = (10, 11, 12)
SEEDS = (0, 1, 2)
Right = NDArray[np.bool_]


def main() -> None:
    """Train the fused model and its twins for every deal and seed, print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deals", type=int, nargs="+", default=list(DEALS))
    deals: list[int] = parser.parse_args().deals
    graph, text = li.Graph.load("atlas"), li.TextEncoder.load()
    found = [answers(graph, text, deal) for deal in deals]
    kinds = [kind for _, of_deal in found for kind in of_deal]
    right = {name: np.concatenate([of[name] for of, _ in found], axis=1) for name in found[0][0]}
    rows = []
    for group in ("all", *sorted(set(kinds))):
        chosen = np.array([group in ("all", kind) for kind in kinds])
        name = f"claims, {group} (n = {chosen.sum()}, {len(deals)} deals)"
        fused = right["fused"][:, chosen]
        rows.append(shown(name, "accuracy, fused", fused))
        for other in ("none", "shuffled"):
            twins = right[other][:, chosen]
            rows.append(shown(name, f"accuracy, {other}", twins))
            gain = bootstrap(fused, twins)
            metric = f"gain over {other} (p {permutation_test(fused, twins):.2g})"
            interval = [gain.low, gain.high]
            rows.append(row(name, metric, gain.mean, interval, list(SEEDS)))
        bounds = np.cumsum([0, *(len(of_deal) for _, of_deal in found)])
        each = [right["fused"][:, a:b][:, chosen[a:b]].mean() for a, b in pairwise(bounds)]
        rows.append(row(name, "accuracy, fused, lowest deal", float(min(each)), None, list(SEEDS)))
    for one in rows:
        print(one["benchmark"], one["metric"], one["mean"], one["interval"], flush=True)
    place = Path(ROWS) / "atlas-claims.json"
    place.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def answers(graph: li.Graph, text: li.TextEncoder, deal: int) -> tuple[dict[str, Right], list[str]]:
    """Return what was answered rightly under one deal, and the kind of each test document.

    Args:
        graph: all of Atlas.
        text: the frozen language model.
        deal: seed of `claims` and `removed`.

    Returns:
        System to `(seeds, documents)` bool, and `(documents,)` kinds.
    """
    known, corpus = removed(graph, seed=deal).graph, claims(graph, seed=deal)
    nodes = li.GraphEncoder("complex", known, dim=128)
    with tempfile.TemporaryDirectory() as folder:
        li.train(nodes, known, out=folder, config=EMBEDDING)
    labels = corpus.labels()
    model = li.FusedModel(text, nodes, fusion="gate", task="classify", labels=labels)
    run = li.train(model, corpus.train, valid=corpus.valid, config=FUSING)
    samples = corpus.test.samples(labels)
    truth = np.array([sample.label for sample in samples])
    right: dict[str, list[Right]] = {"fused": [], "none": [], "shuffled": []}
    for kind, scored in right.items():
        for seed in SEEDS:
            fitted = run if kind == "fused" and seed == run.seed else twin(run, kind, seed)
            scored.append(predict(fitted, samples).argmax(1) == truth)
    print(f"deal {deal}:", {k: round(float(np.mean(v)), 4) for k, v in right.items()}, flush=True)
    kinds = [doc.meta["kind"] for doc in corpus.test]
    return {name: np.stack(scored) for name, scored in right.items()}, kinds


def shown(benchmark: str, metric: str, right: Right) -> dict[str, Any]:
    """Return the row of an accuracy, with its interval over documents and seeds."""
    found = bootstrap(right, np.zeros_like(right))
    return row(benchmark, metric, found.mean, [found.low, found.high], list(SEEDS))


def row(
    benchmark: str, metric: str, mean: float, interval: list[float] | None, seeds: list[int]
) -> dict[str, Any]:
    """Return one row: a mean, its interval over documents and seeds, and where it was made."""
    return {
        "benchmark": benchmark,
        "metric": metric,
        "mean": round(mean, 4),
        "interval": None if interval is None else [round(x, 4) for x in interval],
        "published": "",
        "seeds": seeds,
        "machine": machine(),
        "commit": commit(),
    }


if __name__ == "__main__":
    main()
