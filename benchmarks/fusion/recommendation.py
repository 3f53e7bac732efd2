"""Recommendation on rec_music: figures over random splits, and the graph's share in them.

Run: PYTHONPATH=benchmarks python benchmarks/fusion/recommendation.py [--seeds 0 1 2 3 4]

Pairs are split 6 : 2 : 2 at random, a split a seed. Three recommenders learn from the same likes:
with the graph, with none, and with the graph shuffled (every item has another item's facts). The
first two have their settings chosen on the validation pairs of the first seed, the third has the
first's. The shares are differences paired by user.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from embedding.runs import ROWS, T_95, commit, data_folder, machine
from numpy.typing import NDArray

from lichen.apps.recommend import Recommender
from lichen.apps.recommend_evaluate import choose, evaluate, recalls
from lichen.apps.recommend_factors import FactorConfig, Floats
from lichen.apps.recommend_interactions import Interactions
from lichen.data.graph import Graph
from lichen.evaluation.auc import auc, auc_parts
from lichen.evaluation.paired import bootstrap, permutation_test

TWINS = ("graph", "none", "shuffled")
SHARES = (1.0, 0.2, 0.05)
"""Shares of the training pairs that are learned from."""
COLD = 3
"""Training likes up to which an item is cold."""
KS = (10, 20)
METRICS = ("AUC", "AUC, cold items", "F1", "recall@10", "recall@20")
PUBLISHED = "MKR .797, RippleNet .768, KGCN .796, CKAN .842 (AUC, from memory)"


@dataclass(frozen=True)
class Split:
    """One seed's parts."""

    seed: int
    train: Interactions
    valid: Interactions
    test: Interactions
    num_likes: NDArray[np.int64]
    """Training likes of each item."""

    def is_cold(self) -> NDArray[np.bool_]:
        """Say of each test pair whether its item is cold."""
        return self.num_likes[self.test.pairs[:, 1]] <= COLD


def split_of(pairs: Interactions, seed: int, share: float) -> Split:
    """Return the parts of a seed, with a share of the training pairs."""
    train, valid, test = pairs.split((0.6, 0.2, 0.2), seed=seed)
    train = train.select(np.arange(round(share * len(train))))  # they are in random order
    liked = train.pairs[train.labels == 1, 1]
    return Split(seed, train, valid, test, np.bincount(liked, minlength=len(pairs.items)))


def twin_of(twin: str, graph: Graph, pairs: Interactions, seed: int) -> Graph | None:
    """Return the graph that a twin learns from."""
    if twin == "none":
        return None
    if twin == "graph":
        return graph
    items = np.array([e for e, label in enumerate(graph.entities) if label in pairs.items])
    moved = np.arange(graph.num_entities)
    moved[items] = np.random.default_rng(seed).permutation(items)
    h, r, t = graph.triples.T
    return replace(graph, triples=np.stack([moved[h], r, moved[t]], axis=1))


def by_user(parts: Floats, split: Split, kept: NDArray[np.bool_]) -> Floats:
    """Return what each user's test pairs add to the AUC; the mean over users is the AUC."""
    num_users = len(split.test.users)
    users = split.test.pairs[kept, 0]
    sums: Floats = np.bincount(users, weights=parts, minlength=num_users)
    return sums * (num_users / len(parts))


def measure(split: Split, graph: Graph | None, config: FactorConfig) -> dict[str, Any]:
    """Fit once; return figures and, for the pairing, each user's part in the AUCs."""
    recommender = Recommender.fit(split.train, graph, config=config)
    found = evaluate(recommender, split.test, valid=split.valid, ks=KS)
    scores, cold = recommender.score_pairs(split.test), split.is_cold()
    users = {
        name: by_user(auc_parts(scores[kept], split.test.labels[kept]), split, kept)
        for name, kept in (("all", np.ones(len(cold), dtype=bool)), ("cold", cold))
    }
    return {
        "AUC": found.auc,
        "F1": found.f1,
        **{f"recall@{k}": value for k, value in found.recall.items()},
        "AUC, cold items": float(users["cold"].mean()),
        "users": users,
    }


def popularity(split: Split) -> dict[str, float]:
    """Return the figures of counting training likes, for every user alike."""
    counts = split.num_likes.astype(np.float64)
    scores, cold = counts[split.test.pairs[:, 1]], split.is_cold()
    flat = Recommender.fit(split.train, config=FactorConfig(dim=1, rounds=1))
    counted = replace(flat, item_vectors=counts[:, None], typical=np.ones(1))
    found = recalls(counted, split.test, valid=split.valid, ks=KS)
    return {
        "AUC": auc(scores, split.test.labels),
        "AUC, cold items": auc(scores[cold], split.test.labels[cold]),
        **{f"recall@{k}": value for k, value in found.items()},
    }


def row(name: str, metric: str, values: Sequence[float], **more: Any) -> dict[str, Any]:
    """Return a row: the mean over the seeds with Student's interval."""
    half = T_95[len(values)] * statistics.stdev(values) / len(values) ** 0.5
    mean = statistics.fmean(values)
    return {
        "benchmark": f"rec_music {name}",
        "metric": metric,
        "mean": round(mean, 4),
        "interval": [round(mean - half, 4), round(mean + half, 4)],
        "published": "",
        "values": [round(value, 5) for value in values],
        **more,
    }


def share_row(name: str, twin: str, first: list[Floats], second: list[Floats]) -> dict[str, Any]:
    """Return a row: how much better the graph is than a twin, paired by user."""
    found = bootstrap(first, second)
    p = permutation_test(first, second)
    return {
        "benchmark": f"rec_music {name}",
        "metric": f"AUC, graph less {twin} (p {p:.4f})",
        "mean": round(found.mean, 4),
        "interval": [round(found.low, 4), round(found.high, 4)],
        "published": "",
        "p": p,
    }


def rows_of(
    share: float, pairs: Interactions, graph: Graph, seeds: list[int]
) -> list[dict[str, Any]]:
    """Measure the twins on a share of the training pairs."""
    label = "" if share == 1 else f", {share:.0%} of the training pairs"
    splits = [split_of(pairs, seed, share) for seed in seeds]
    configs, runs = {}, {}
    for twin in TWINS:
        graphs = [twin_of(twin, graph, pairs, split.seed) for split in splits]
        chosen = configs.get("graph") if twin == "shuffled" else None
        configs[twin] = chosen or choose(splits[0].train, splits[0].valid, graphs[0])
        runs[twin] = [
            measure(split, own, configs[twin]) for split, own in zip(splits, graphs, strict=True)
        ]
        print(share, twin, configs[twin], [round(run["AUC"], 4) for run in runs[twin]], flush=True)
    rows = []
    for twin in TWINS:
        settings = asdict(configs[twin])
        rows += [
            row(f"{twin}{label}", metric, [run[metric] for run in runs[twin]], settings=settings)
            for metric in (METRICS if share == 1 else METRICS[:2])
        ]
    counted = [popularity(split) for split in splits]
    rows += [
        row(f"popularity{label}", metric, [run[metric] for run in counted])
        for metric in ("AUC", "AUC, cold items", "recall@20")
    ]
    for kept, words in (("all", ""), ("cold", f", items with at most {COLD} likes")):
        parts = {twin: [run["users"][kept] for run in runs[twin]] for twin in TWINS}
        rows += [
            share_row(f"share{words}{label}", twin, parts["graph"], parts[twin])
            for twin in TWINS[1:]
        ]
    rows[0]["published"] = PUBLISHED if share == 1 else ""
    return rows


def main() -> None:
    """Measure every share and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    seeds = parser.parse_args().seeds
    folder = data_folder("rec_music")
    pairs = Interactions.load(folder / "ratings_final.txt")
    facts = (line.split("\t") for line in (folder / "kg.txt").read_text().splitlines())
    graph = Graph.from_triples([(h, r, t) for h, r, t in facts])
    about = {"seeds": seeds, "machine": machine(), "commit": commit()}
    rows: list[dict[str, Any]] = []
    for share in SHARES:
        for found in rows_of(share, pairs, graph, seeds):
            print(found["benchmark"], found["metric"], found["mean"], found["interval"], flush=True)
            rows.append(found | about)
        (ROWS / "rec_music.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
