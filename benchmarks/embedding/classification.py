"""Telling the facts of CoDEx-S from its hard negatives, by trained vectors and tuned thresholds.

The validation split's facts and negatives set a threshold for each relation, or one for all, as
the authors' script does; beside them stands what relations alone tell. Vectors that published.py
has just trained are used again; the others are trained first.

Run: python benchmarks/embedding/classification.py [--scorers rescal ...] [--seeds 0 1 2]
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import torch
from priors import blank
from runs import Setting, data_folder, figure_row, kept_model, write_rows
from settings import SETTINGS

from lichen.data.graph import Graph, Ids
from lichen.data.read.codex import read_negatives
from lichen.embedding.classify import FactScorer, best_threshold, triple_classification
from lichen.embedding.encoder import GraphEncoder

DATA = "kgc_codex_s"
SPLITS = ("valid", "test")
PUBLISHED = {
    "accuracy": "CoDEx README: RESCAL 0.843, one threshold",
    "F1": "CoDEx README: RESCAL 0.852, one threshold",
}
OURS, THEIRS = "a threshold a relation", "one threshold"

Figures = dict[str, float]


def by_relation(encoder: FactScorer, graph: Graph, negatives: dict[str, Ids]) -> Figures:
    """Return accuracy and F1 of the test split with a threshold for each relation."""
    found = triple_classification(encoder, graph, negatives=negatives)
    return {"accuracy": found.accuracy, "F1": found.f1}


@torch.no_grad()
def by_one(encoder: FactScorer, graph: Graph, negatives: dict[str, Ids]) -> Figures:
    """Return the same with one threshold for all, as the authors' script sets it."""
    scores = [
        encoder.score(*ids.T.copy()).numpy(force=True).astype(np.float64)
        for name in SPLITS
        for ids in (graph.split(name), negatives[name])
    ]
    cut = best_threshold(scores[0], scores[1])
    hits, alarms = ((x >= cut).sum() for x in scores[2:])
    facts, false = map(len, scores[2:])
    right = hits + false - alarms
    return {
        "accuracy": float(right / (facts + false)),
        "F1": float(2 * hits / (facts + hits + alarms)),
    }


def rows_of(scorer: str, way: str, runs: list[Figures], seeds: list[int]) -> list[dict[str, Any]]:
    """Return the rows of accuracy and F1."""
    return [
        figure_row(
            f"{DATA} {scorer}, hard negatives",
            f"{metric}, {way}",
            [run[metric] for run in runs],
            seeds=seeds,
            published=published,
        )
        for metric, published in PUBLISHED.items()
    ]


def models(setting: Setting, graph: Graph, seeds: list[int]) -> list[GraphEncoder]:
    """Return the trained vectors of each seed; a path model scores no single facts."""
    found = (kept_model(setting, graph, seed) for seed in seeds)
    return [model for model in found if isinstance(model, GraphEncoder)]


def main() -> None:
    """Judge what was asked for, and write the rows of each scorer."""
    parser = argparse.ArgumentParser(description=__doc__)
    settings = {s.scorer: s for s in SETTINGS if s.data == DATA}
    parser.add_argument("--scorers", nargs="+", default=list(settings), choices=settings)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    asked = parser.parse_args()
    folder = data_folder(DATA)
    graph = Graph.load(folder)
    negatives = {name: read_negatives(folder, graph, split=name) for name in SPLITS}
    alone = by_relation(blank(graph), graph, negatives)
    rows = rows_of("without vectors", OURS, [alone], asked.seeds[:1])
    write_rows(f"classification-{DATA}", rows)
    for scorer in asked.scorers:
        rows = []
        trained = models(settings[scorer], graph, asked.seeds)
        for way, judge in ((OURS, by_relation), (THEIRS, by_one)):
            runs = [judge(model, graph, negatives) for model in trained]
            rows += rows_of(scorer, way, runs, asked.seeds)
        write_rows(f"classification-{DATA}-{scorer}", rows)


if __name__ == "__main__":
    main()
