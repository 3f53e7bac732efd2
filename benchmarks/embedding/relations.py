"""Which relation holds between two entities, by vectors trained without and with that objective.

Ranks of the true relation among all, other known relations of the two entities left out. Beside
them the usual ranks of tails and heads, for what the objective costs there. Both trainings of a
seed start alike; their difference is taken seed by seed.

Run: python benchmarks/embedding/relations.py [--seeds 0 1 2]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from runs import (
    Setting,
    benchmark_graph,
    figure_row,
    kept_model,
    seeds_from_command_line,
    train_seconds,
    write_rows,
)
from settings.bases import CODEX, PLAIN
from small import CONFIG as SMALL

from lichen.data.graph import Graph
from lichen.embedding.calibrate import Completer, hide_known, score_all
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.evaluate import evaluate
from lichen.evaluation.ranks import RankMetrics, rank_metrics, rank_of_truth

Figures = dict[str, float]
PUBLISHED = "no published figure on these data known"
SETTINGS = [
    Setting(
        data="kgc_small/umls",
        scorer="complex",
        dim=128,
        config=SMALL,
        published=PUBLISHED,
    ),
    Setting(
        data="kgc_codex_s",
        scorer="complex",
        dim=256,
        config=CODEX,
        options=PLAIN,
        published=PUBLISHED,
    ),
]
WEIGHT = 0.25
"""Of 0.25, 0.5, 1, 2 and 4 the best MRR of the validation facts' tails and heads, by other seeds.

More tells relations a little better, by 0.01 at most."""


def relation_ranks(encoder: Completer, graph: Graph, split: str = "test") -> RankMetrics:
    """Rank the relation of each fact of a split among all relations."""
    facts = graph.split(split)
    scores = score_all(encoder, "relations", facts)
    is_known = torch.zeros(scores.shape, dtype=torch.bool)
    is_known[hide_known("relations", facts, graph.triples)] = True
    return rank_metrics(rank_of_truth(scores.numpy(force=True), facts[:, 1], hide=is_known))


def figures_of(setting: Setting, graph: Graph, seed: int) -> Figures:
    """Train with one seed, where that is not done yet, and return the figures of the test facts."""
    encoder = kept_model(setting, graph, seed)
    assert isinstance(encoder, GraphEncoder)
    relations = relation_ranks(encoder, graph)
    return {
        "MRR of the relation": relations.mrr,
        "Hits@1 of the relation": relations.hits[1],
        "MRR of tails and heads": evaluate(encoder, graph).both.mrr,
    }


def rows_of(setting: Setting, seeds: Sequence[int]) -> list[dict[str, Any]]:
    """Return the rows of one graph: without the objective, with it, and what is gained."""
    graph = benchmark_graph(setting.data)
    assert isinstance(setting.config, EmbeddingConfig)
    rows, runs = [], []
    for weight in (0.0, WEIGHT):
        one = replace(setting, config=replace(setting.config, relation_weight=weight))
        runs.append([figures_of(one, graph, seed) for seed in seeds])
        name = f"{setting.name}, relation_weight {weight}"
        told = {"train_s": [train_seconds(one, seed) for seed in seeds], "settings": one.as_row()}
        for metric in runs[-1][0]:
            values = [run[metric] for run in runs[-1]]
            rows.append(
                figure_row(name, metric, values, seeds=seeds, published=setting.published, **told)
            )
    for metric in runs[0][0]:
        gains = [told[metric] - untold[metric] for untold, told in zip(*runs, strict=True)]
        rows.append(
            figure_row(f"{setting.name}, gain by relation_weight", metric, gains, seeds=seeds)
        )
    return rows


if __name__ == "__main__":
    asked = seeds_from_command_line(__doc__)
    for each in SETTINGS:
        write_rows(f"relations-{each.data.replace('/', '-')}", rows_of(each, asked))
