"""Joint pretraining on ParaRel's facts, beside masked words alone and a graph dealt wrongly.

Every seed deals the facts anew. Some are told by the text, as many others stand in the graph
only, and a few in neither. After training, ParaRel's patterns ask for the facts that no text
told, and entities described by their names complete the held-out facts: both by the encoder
alone, in the same way for every twin. All twins take the same steps over the same text, from the
same start: an encoder that has learned masked words on Wikipedia. Runs are kept in the work
folder, so the script can be called again.

Run: python benchmarks/fusion/pretraining.py [--seeds 0 1 ...] [--work FOLDER]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from pararel import LONGEST, Deal, deal, wikipedia

sys.path.append(str(Path(__file__).resolve().parents[1] / "embedding"))

from runs import ROWS, commit, machine, spread

from lichen.data.corpus import Corpus
from lichen.data.graph import Graph
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.described import DescribedEncoder, description_vectors
from lichen.embedding.evaluate import evaluate
from lichen.embedding.trainer import train_embedding
from lichen.evaluation.paired import permutation_test
from lichen.lm.text_encoder import TextEncoder
from lichen.training.cloze import probe
from lichen.training.joint import PretrainConfig
from lichen.training.objectives.mask import WordHead
from lichen.training.pretrain import PretrainRun, pretrain

START = PretrainConfig(
    head_steps=200,
    steps=500,
    batch_size=32,
    learning_rate=5e-4,
    head_learning_rate=2e-3,
    log_every=25,
    save_every=100,
)
"""Masked words on Wikipedia, which the packaged encoder has no head for: once, for all runs."""
JOINT = PretrainConfig(steps=100, batch_size=32, learning_rate=3e-4)
EACH, HELD = 16, 12
"""Facts a relation in the text, and for the test."""
OBJECTIVES = {
    "joint": {"mask": 1.0, "fact": 1.0},
    "shuffled": {"mask": 1.0, "fact": 1.0},
    "words only": {"mask": 1.0},
}
KINDS = ("before", *OBJECTIVES)
COMPLETION = EmbeddingConfig(epochs=60)
Scores = dict[str, list[float]]


def main() -> None:
    """Train what is not yet trained, print the figures and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(10)))
    parser.add_argument("--work", type=Path, default=Path("runs/pretraining"))
    given = parser.parse_args()
    found: dict[str, list[Scores]] = {kind: [] for kind in KINDS}
    for seed in given.seeds:
        for kind in KINDS:
            found[kind].append(scores(kind, seed, given.work))
    rows = []
    for metric in next(iter(found.values()))[0]:
        table = {kind: np.array([of[metric] for of in seeds]) for kind, seeds in found.items()}
        rows += [level(metric, kind, values, given.seeds) for kind, values in table.items()]
        for other in [kind for kind in table if kind != "joint"]:
            rows.append(gain(metric, other, table["joint"], table[other], given.seeds))
    for row in rows:
        print(row["benchmark"], "|", row["metric"], row["mean"], row["interval"], flush=True)
    place = ROWS / "pararel-pretraining.json"
    place.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def scores(kind: str, seed: int, work: Path) -> Scores:
    """Return each question's score under one seed, by metric; computed once."""
    place = work / f"{kind.replace(' ', '-')}-{seed}.json"
    if place.is_file():
        kept: Scores = json.loads(place.read_text(encoding="utf-8"))
        return kept
    started = time.perf_counter()
    dealt, start = deal(seed, each=EACH, held=HELD), _start(work)
    text, head = start.text, start.head
    assert head is not None
    if kind != "before":
        run = pretrain(
            text,
            dealt.corpus,
            shuffled(dealt.graph, seed) if kind == "shuffled" else dealt.graph,
            objectives=OBJECTIVES[kind],
            head=head,
            seed=seed,
            config=JOINT,
        )
        assert run.head is not None
        text, head = run.text, run.head
    found = measured(dealt, text, head)
    means = {metric: round(float(np.mean(x)), 4) for metric, x in found.items()}
    print(f"seed {seed}, {kind}: {means}, {time.perf_counter() - started:.0f} s", flush=True)
    place.write_text(json.dumps(found), encoding="utf-8")
    return found


def measured(dealt: Deal, text: TextEncoder, head: WordHead) -> Scores:
    """Return each question's score, by metric."""
    found: Scores = {}
    sets = {
        "facts of the graph alone": dealt.untold,
        "facts of graph and text": dealt.told,
        "held-out facts": dealt.held_out,
    }
    for name, facts in sets.items():
        report = probe(text, head, facts, patterns=dealt.patterns, candidates=dealt.candidates)
        found[f"probe accuracy, {name}"] = report.by_fact.tolist()
        found[f"probe consistency, {name}"] = report.agreement.tolist()
    features = description_vectors(dealt.graph, text)
    nodes = DescribedEncoder("complex", dealt.graph, features=features, learned=False, dim=128)
    train_embedding(nodes, dealt.graph, config=COMPLETION)
    ranks = evaluate(nodes, dealt.graph)
    both = np.concatenate([ranks.tail_ranks, ranks.head_ranks])
    found["completion MRR, held-out facts"] = (1 / both).tolist()
    return found


def shuffled(graph: Graph, seed: int) -> Graph:
    """Return the graph with every entity's facts given to another entity."""
    order = np.random.default_rng(seed).permutation(graph.num_entities)
    triples = graph.triples.copy()
    triples[:, [0, 2]] = order[triples[:, [0, 2]]]
    return replace(graph, triples=triples)


def _start(work: Path) -> PretrainRun:
    return pretrain(
        TextEncoder.load(),
        Corpus(tuple(wikipedia(LONGEST))),
        Graph.from_triples([]),
        objectives={"mask": 1.0},
        out=work / "start",
        config=START,
    )


def level(metric: str, kind: str, values: Any, seeds: list[int]) -> dict[str, Any]:
    """Return the row of one kind's mean."""
    return _row(f"{metric}: {kind}", values, seeds)


def gain(metric: str, other: str, joint: Any, values: Any, seeds: list[int]) -> dict[str, Any]:
    """Return the row of the joint run's gain over another kind."""
    p_value = permutation_test(joint.ravel(), values.ravel())
    return _row(f"{metric}: gain over {other} (p {p_value:.2g})", joint - values, seeds)


def _row(metric: str, values: Any, seeds: list[int]) -> dict[str, Any]:
    """Return a row: the mean over the seeds, each with facts of its own, and Student's interval."""
    return {
        "benchmark": "ParaRel, joint pretraining",
        "metric": metric,
        **spread(values.mean(axis=1).tolist()),
        "published": "",
        "seeds": seeds,
        "machine": machine(),
        "commit": commit(),
    }


if __name__ == "__main__":
    main()
