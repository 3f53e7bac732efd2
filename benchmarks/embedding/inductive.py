"""The path model on graphs of entities it never saw: GraIL's eight pairs of graphs.

Trained on one graph of a pair, asked about the other. Two figures a run: Hits@10 among 50 random
wrong answers (GraIL's), which the row's mean is of, and the ranking among all entities. Runs are
kept as they finish, so a call that was cut short goes on where it stopped, and calls for other
seeds may run beside it.

Run: python benchmarks/embedding/inductive.py [--data WN18RR_v1 ...] [--seeds 0 1 2]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from runs import ROWS, T_95, commit, data_folder, machine

from lichen.data.graph import Graph
from lichen.embedding.evaluate import evaluate
from lichen.embedding.known import KnownAnswers
from lichen.embedding.path.config import PathConfig
from lichen.embedding.path.model import PathModel
from lichen.embedding.path.train import train_paths

GRAIL = {
    "WN18RR_v1": (0.825, 0.948),
    "WN18RR_v2": (0.787, 0.905),
    "WN18RR_v3": (0.584, 0.893),
    "WN18RR_v4": (0.734, 0.890),
    "fb237_v1": (0.642, 0.834),
    "fb237_v2": (0.818, 0.949),
    "fb237_v3": (0.828, 0.951),
    "fb237_v4": (0.893, 0.960),
}
"""Published Hits@10 among 50: GraIL (arXiv:1911.06962), and NBFNet (arXiv:2106.06935)."""
WORDNET = PathConfig(epochs=8, epoch_facts=3_000, patience=2)
FREEBASE = PathConfig(epochs=8, epoch_facts=3_000, patience=2, temperature=0.5)
LAYERS = {"fb237_v1": 5, "fb237_v2": 4, "fb237_v3": 4, "fb237_v4": 4}
"""Longest path where it is not 6; the larger graphs are denser."""
DRAWS, WRONG = 10, 50


def hits_among_few(model: PathModel, graph: Graph, *, seed: int) -> float:
    """Return Hits@10 among 50 random wrong answers a side, mean of ten draws; ties share ranks."""
    h, r, t = graph.split("test").T
    entity, truth = np.concatenate([h, t]), np.concatenate([t, h])
    relation = np.concatenate([r, r + graph.num_relations])
    known = KnownAnswers(graph.triples, num_relations=graph.num_relations)
    draw = np.random.default_rng(seed)
    hits = []
    for start in range(0, len(entity), 256):
        rows = slice(start, start + 256)
        scores = model.score_directed(entity[rows], relation[rows]).numpy()
        hide = known.mask(entity[rows], relation[rows], num_entities=graph.num_entities)
        for line, is_right, answer in zip(scores, hide, truth[rows], strict=True):
            wrong = np.flatnonzero(~is_right)
            drawn = line[draw.choice(wrong, (DRAWS, WRONG))]
            above = (drawn > line[answer]).sum(1) + (drawn == line[answer]).sum(1) / 2
            hits.append(float((above + 1 <= 10).mean()))
    return statistics.fmean(hits)


def settings_of(data: str) -> tuple[int, PathConfig]:
    """Return the longest path and the training settings of a pair of graphs."""
    return LAYERS.get(data, 6), WORDNET if data.startswith("WN18RR") else FREEBASE


def one(data: str, seed: int) -> dict[str, Any]:
    """Train on one graph, ask about the other, print and return the figures."""
    seen = Graph.load(data_folder(f"kgc_inductive/{data}"))
    unseen = Graph.load(data_folder(f"kgc_inductive/{data}_ind"))
    num_layers, config = settings_of(data)
    model = PathModel(seen, num_layers=num_layers, seed=seed)
    report = train_paths(model, seen, config=replace(config, seed=seed))
    there = model.on(unseen)
    started = time.perf_counter()
    found = evaluate(there, unseen)
    ranking_s = time.perf_counter() - started
    among_few = hits_among_few(there, unseen, seed=seed)
    print(f"{data} seed {seed}: H@10 of 50 {among_few:.4f}; {found.both}; {report}", flush=True)
    return {
        "seed": seed,
        "hits_10_of_50": round(among_few, 5),
        "mrr": round(found.both.mrr, 5),
        "hits": {str(k): round(v, 5) for k, v in found.both.hits.items()},
        "mrr_tails": round(found.tails.mrr, 5),
        "mrr_heads": round(found.heads.mrr, 5),
        "num_queries": found.both.num_queries,
        "valid_mrr": [round(x, 5) for x in report.valid_mrr],
        "epochs": report.epochs,
        "best_epoch": report.best_epoch,
        "train_s": round(report.seconds, 1),
        "ranking_s": round(ranking_s, 2),
    }


def file_of(data: str) -> Path:
    """Return the file of a pair's row."""
    return ROWS / f"kgc_inductive-{data}-paths.json"


def kept(data: str) -> list[dict[str, Any]]:
    """Return the runs that there are of a pair; a setting they do not name had its default."""
    if not file_of(data).is_file():
        return []
    have = json.loads(file_of(data).read_text(encoding="utf-8"))
    _, config = settings_of(data)
    settings = asdict(PathConfig()) | have["settings"]
    runs: list[dict[str, Any]] = have["runs"]
    return runs if settings.items() >= asdict(config).items() else []


def row(data: str, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the row of a pair of graphs: means over the runs."""
    values = [run["hits_10_of_50"] for run in runs]
    mean, interval = statistics.fmean(values), None
    if len(values) in T_95:
        half = T_95[len(values)] * statistics.stdev(values) / len(values) ** 0.5
        interval = [round(mean - half, 5), round(mean + half, 5)]
    mrr = statistics.fmean(run["mrr"] for run in runs)
    hits = statistics.fmean(run["hits"]["10"] for run in runs)
    grail, nbfnet = GRAIL[data]
    num_layers, config = settings_of(data)
    return {
        "benchmark": f"kgc_inductive/{data} paths",
        "metric": "Hits@10 among 50 random wrong answers, both sides, filtered; among all "
        f"entities MRR {mrr:.3f}, Hits@10 {hits:.3f}",
        "mean": round(mean, 5),
        "interval": interval,
        "published": f"GraIL {grail}, NBFNet {nbfnet}",
        "seeds": [run["seed"] for run in runs],
        "runs": runs,
        "settings": {"dim": 32, "num_layers": num_layers, **asdict(config)},
        "machine": machine(),
        "commit": commit(),
    }


def main() -> None:
    """Measure what was asked for and is not there yet, a seed of all data at a time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="+", default=list(GRAIL), choices=list(GRAIL))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    asked = parser.parse_args()
    ROWS.mkdir(exist_ok=True)
    for seed in asked.seeds:
        for data in asked.data:
            if seed in [run["seed"] for run in kept(data)]:
                continue
            run = one(data, seed)
            runs = sorted([*kept(data), run], key=lambda run: run["seed"])
            text = json.dumps(row(data, runs), indent=1) + "\n"
            file_of(data).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
