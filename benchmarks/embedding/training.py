"""DistMult on WN18RR beside PyKEEN: seconds an epoch, and seconds to PyKEEN's validation MRR.

Both train on both directions of every fact against corrupted tails, with the self-adversarial
loss and Adagrad, at equal batch, dimension and number of negatives; PyKEEN draws them for each
fact, Lichen for the whole batch. Each repetition runs both in fresh processes, one after the
other. PyKEEN's vectors are then ranked, and Lichen is trained by its own usual loss until its
validation MRR is as good, its own looks at the validation split counted, PyKEEN's none.

Run: python benchmarks/embedding/training.py --peer /path/to/python-with-pykeen [--repeats 5]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peer import ratio_row, run_program
from runs import ROWS, data_folder

from lichen.data.graph import Graph
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.evaluate import rank_triples
from lichen.embedding.known import KnownAnswers
from lichen.embedding.trainer import train_embedding

HERE = Path(__file__).resolve()
DATA = "kgc_wn18rr"
SHARED = {
    "dim": 200,
    "batch_size": 1024,
    "negatives": 64,
    "learning_rate": 0.1,
    "margin": 9.0,
    "temperature": 1.0,
}
OWN = EmbeddingConfig(
    epochs=60,
    batch_size=512,
    negatives=256,
    learning_rate=0.15,
    degree_power=0.0,
    hide_known=False,
    n3=0.03,
    valid_every=1,
    valid_limit=100_000,
    patience=60,
    candidates="sampled",
)
"""Ours on the way to PyKEEN's MRR, chosen to be there soon."""


def validation_mrr(encoder: GraphEncoder, graph: Graph) -> float:
    """Return the filtered MRR of the validation split."""
    known = KnownAnswers(graph.triples, num_relations=graph.num_relations)
    ranks = np.concatenate(rank_triples(encoder, graph.split("valid"), known=known))
    return float((1 / ranks).mean())


def train_here(epochs: int) -> dict[str, Any]:
    """Train at equal settings in this process, and return the seconds of each epoch."""
    whole = Graph.load(data_folder(DATA))
    graph = whole.select(whole.splits["train"])
    rest = {k: x for k, x in SHARED.items() if k != "dim"}
    config = EmbeddingConfig(
        epochs=epochs,
        loss="self_adversarial",
        degree_power=0.0,
        hide_known=False,
        n3=0.0,
        **rest,  # type: ignore[arg-type]
    )
    encoder = GraphEncoder("distmult", graph, dim=SHARED["dim"])  # type: ignore[arg-type]
    report = train_embedding(encoder, graph, config=config)
    return {"epoch_s": [report.seconds / epochs] * epochs}


def time_to(mrr: float, graph: Graph) -> dict[str, Any]:
    """Train by the usual loss until the validation MRR is reached; looks are counted."""
    encoder = GraphEncoder("distmult", graph, dim=SHARED["dim"])  # type: ignore[arg-type]
    started = time.perf_counter()
    report = train_embedding(encoder, graph, config=OWN, on_look=lambda _epoch, at: at >= mrr)
    return {
        "seconds": time.perf_counter() - started,
        "epochs": report.epochs,
        "valid_mrr": report.valid_mrr[-1],
    }


def peer_mrr(place: Path, graph: Graph) -> float:
    """Return the validation MRR of the vectors that PyKEEN wrote."""
    encoder = GraphEncoder("distmult", graph, dim=SHARED["dim"])  # type: ignore[arg-type]
    vectors = np.load(place)
    with torch.no_grad():
        encoder.entity_table.copy_(torch.from_numpy(vectors["entities"]))
        encoder.relation_table.copy_(torch.from_numpy(vectors["relations"]))
    return validation_mrr(encoder, graph)


def main(peer: str, repeats: int, epochs: int) -> None:
    """Repeat both, and write the rows."""
    graph = Graph.load(data_folder(DATA))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given, out = folder / "facts.npz", folder / "vectors.npz"
        np.savez(
            given,
            train=graph.split("train"),
            entities=graph.num_entities,
            relations=graph.num_relations,
        )
        told = json.dumps({**SHARED, "epochs": epochs})
        program = [peer, str(HERE.with_name("training_peer.py")), str(given), str(out), told]
        runs = []
        for _ in range(repeats):
            theirs = run_program(program, folder)["epoch_s"]
            ours = run_program([sys.executable, str(HERE), "--here", str(epochs)], folder)
            goal = peer_mrr(out, graph)
            there = time_to(goal, graph)
            runs.append({"pykeen_s": theirs, "goal": goal, **ours, "to_goal": there})
            print(json.dumps(runs[-1]), flush=True)
    several = f"median and range of {repeats}"
    rows = [
        ratio_row(
            f"{DATA} training distmult",
            f"PyKEEN's seconds an epoch over ours, equal settings ({several})",
            [sum(x["pykeen_s"]) / sum(x["epoch_s"]) for x in runs],
            runs,
        ),
        ratio_row(
            f"{DATA} training distmult",
            f"PyKEEN's seconds to its validation MRR {goal:.3f} ({epochs} epochs) over ours, our "
            f"looks counted ({several})",
            [sum(x["pykeen_s"]) / x["to_goal"]["seconds"] for x in runs],
            [],
        ),
    ]
    text = json.dumps(rows, indent=1) + "\n"
    (ROWS / f"{DATA}-training.json").write_text(text, encoding="utf-8")
    for found in rows:
        print(f"{found['metric']}: {found['mean']} {found['interval']}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", help="a Python in which pykeen is installed")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=3, help="of each run")
    parser.add_argument("--here", type=int, metavar="EPOCHS", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.here:
        print(json.dumps(train_here(asked.here)))
    elif asked.peer:
        main(asked.peer, asked.repeats, asked.epochs)
    else:
        parser.error("give --peer, a Python in which pykeen is installed")
