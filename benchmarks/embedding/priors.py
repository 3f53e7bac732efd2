"""What the habits of relations add to trained vectors: `fit_prior` on the validation facts.

Beside it the vectors alone, the habits alone, with a ranker that scores all candidates alike, and
habits for which no validation fact is read: a part of the training facts is held out, an encoder
is trained on the others for half as long, the habits are learned beside it from the part, and join
the vectors that were trained on all. Encoders that published.py has just trained are used again;
the others are trained first.

Run: python benchmarks/embedding/priors.py [--data kgc_wn18rr ...] [--scorers complex ...]
    [--seeds 0 1 2]
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from runs import Setting, data_folder, figure_row, kept_model, train_seconds, write_rows
from settings import SETTINGS

from lichen.data.graph import Graph
from lichen.embedding.calibrate import Completer
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.evaluate import LinkPrediction, Ranker, evaluate
from lichen.embedding.prior import PriorRanker, fit_prior

Run = tuple[LinkPrediction, dict[str, float | None]]
"""The ranks, and the seconds of what it took to get there."""
PUBLISHED = {
    "kgc_fb15k237": "arXiv:2106.06935: NBFNet 0.415",
    "kgc_wn18rr": "arXiv:2106.06935: NBFNet 0.551",
}


HELD_OUT = 0.06
"""Share of the training facts from which habits are learned where no validation fact is read."""


def blank(graph: Graph) -> GraphEncoder:
    """Return an encoder that scores every candidate 0."""
    encoder = GraphEncoder("distmult", graph, dim=1)
    with torch.no_grad():
        encoder.entity_table.zero_()
    return encoder


def judged(ranker: Ranker, graph: Graph, **seconds: float | None) -> Run:
    """Rank the test facts; the seconds that this took join those given."""
    started = time.perf_counter()
    found = evaluate(ranker, graph)
    return found, {**seconds, "ranking_s": round(time.perf_counter() - started, 2)}


def with_habits(encoder: Completer, graph: Graph) -> tuple[PriorRanker, float]:
    """Fit the habits beside some vectors; return both, and the seconds that it took."""
    started = time.perf_counter()
    told = fit_prior(encoder, graph)
    seconds = round(time.perf_counter() - started, 2)
    print(f"scale {told.scale}, fitted in {seconds} s", flush=True)
    return told, seconds


def held_out(graph: Graph, seed: int) -> Graph:
    """Return the graph with a part of its training facts in the place of "valid"."""
    rows = np.random.default_rng(seed).permutation(graph.splits["train"])
    number = int(HELD_OUT * len(rows))
    parts = {"valid": np.sort(rows[:number]), "train": np.sort(rows[number:])}
    return replace(graph, splits={**graph.splits, **parts})


def habits_of_training(
    setting: Setting, encoder: GraphEncoder, graph: Graph, seed: int
) -> tuple[PriorRanker, dict[str, float | None]]:
    """Return vectors with habits that no validation fact told, and the seconds that it took."""
    part = held_out(graph, seed)
    half = replace(setting.config, epochs=setting.config.epochs // 2)
    fewer = replace(setting, data=f"{setting.data} part", config=half)
    told, fit_s = with_habits(kept_model(fewer, part, seed), part)
    habits = PriorRanker(encoder, graph.split("train"), scale=told.scale, weights=told.weights)
    return habits, {"part_train_s": train_seconds(fewer, seed), "fit_s": fit_s}


def one(setting: Setting, graph: Graph, seed: int) -> dict[str, Run]:
    """Rank the test facts of one seed by the vectors, and by vectors and habits."""
    encoder = kept_model(setting, graph, seed)
    train_s = train_seconds(setting, seed)
    told, fit_s = with_habits(encoder, graph)
    alone, seconds = habits_of_training(setting, encoder, graph, seed)
    return {
        "vectors": judged(encoder, graph, train_s=train_s),
        "vectors and habits": judged(told, graph, train_s=train_s, fit_s=fit_s),
        "vectors and habits of training facts": judged(alone, graph, train_s=train_s, **seconds),
    }


def rows_of(setting: Setting, seeds: list[int]) -> list[dict[str, Any]]:
    """Return a row for each way of ranking and figure; the habits alone know no seed."""
    graph = Graph.load(data_folder(setting.data))
    runs = [one(setting, graph, seed) for seed in seeds]
    ways = {name: [run[name] for run in runs] for name in runs[0]}
    told, fit_s = with_habits(blank(graph), graph)
    ways["habits"] = [judged(told, graph, fit_s=fit_s)]
    rows = []
    for name, found in ways.items():
        for metric in ("MRR", "Hits@1", "Hits@10"):
            both = [ranks.both for ranks, _ in found]
            values = [x.mrr if metric == "MRR" else x.hits[int(metric[5:])] for x in both]
            is_best = metric == "MRR" and name.startswith("vectors and habits")
            rows.append(
                figure_row(
                    f"{setting.name}, {name}",
                    metric,
                    values,
                    seeds=seeds[: len(found)],
                    published=PUBLISHED[setting.data] if is_best else "",
                    seconds=[seconds for _, seconds in found],
                )
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
            rows = rows_of(setting, asked.seeds)
            write_rows(f"prior-{setting.data}-{setting.scorer}", rows)


if __name__ == "__main__":
    main()
