"""What the habits of relations add to trained vectors: `fit_prior` on the validation facts.

Beside it the vectors alone, and the habits alone, with a ranker that scores all candidates alike.
Encoders that published.py has just trained are used again; the others are trained first.

Run: python benchmarks/embedding/priors.py [--data kgc_wn18rr ...] [--scorers complex ...]
    [--seeds 0 1 2]
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import torch
from published import SETTINGS
from runs import ROWS, Setting, commit, data_folder, kept_model, machine, spread

from lichen.data.graph import Graph
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.evaluate import LinkPrediction, evaluate
from lichen.embedding.prior import fit_prior

PUBLISHED = {
    "kgc_fb15k237": "arXiv:2106.06935: NBFNet 0.415",
    "kgc_wn18rr": "arXiv:2106.06935: NBFNet 0.551",
}


def blank(graph: Graph) -> GraphEncoder:
    """Return an encoder that scores every candidate 0."""
    encoder = GraphEncoder("distmult", graph, dim=1)
    with torch.no_grad():
        encoder.entity_table.zero_()
    return encoder


def one(setting: Setting, graph: Graph, seed: int) -> dict[str, LinkPrediction]:
    """Rank the test facts of one seed by the vectors, and by vectors and habits."""
    encoder = kept_model(setting, graph, seed)
    started = time.perf_counter()
    told = fit_prior(encoder, graph)
    print(f"scale {told.scale}, fitted in {time.perf_counter() - started:.0f} s", flush=True)
    return {"vectors": evaluate(encoder, graph), "vectors and habits": evaluate(told, graph)}


def rows_of(setting: Setting, seeds: list[int]) -> list[dict[str, Any]]:
    """Return a row for each way of ranking and figure; the habits alone know no seed."""
    graph = Graph.load(data_folder(setting.data))
    runs = [one(setting, graph, seed) for seed in seeds]
    ways = {name: [run[name] for run in runs] for name in runs[0]}
    ways["habits"] = [evaluate(fit_prior(blank(graph), graph), graph)]
    rows = []
    for name, found in ways.items():
        print(f"{setting.name}, {name}: {', '.join(map(str, found))}", flush=True)
        for metric in ("MRR", "Hits@1", "Hits@10"):
            both = [ranks.both for ranks in found]
            values = [x.mrr if metric == "MRR" else x.hits[int(metric[5:])] for x in both]
            is_best = metric == "MRR" and name == "vectors and habits"
            rows.append(
                {
                    "benchmark": f"{setting.name}, {name}",
                    "metric": metric,
                    **spread(values),
                    "published": PUBLISHED[setting.data] if is_best else "",
                    "seeds": seeds[: len(found)],
                    "values": [round(x, 5) for x in values],
                    "machine": machine(),
                    "commit": commit(),
                }
            )
    return rows


def main() -> None:
    """Measure what was asked for and write the rows of each setting."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="+", default=list(PUBLISHED), choices=list(PUBLISHED))
    parser.add_argument("--scorers", nargs="+", default=["complex"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    asked = parser.parse_args()
    for setting in SETTINGS:
        if setting.data in asked.data and setting.scorer in asked.scorers:
            path = ROWS / f"prior-{setting.data}-{setting.scorer}.json"
            rows = rows_of(setting, asked.seeds)
            path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
