"""DistMult on WN18RR beside a peer: seconds an epoch, and seconds to PyKEEN's validation MRR.

Both train on both directions of every fact against corrupted entities, with the same loss and
Adagrad, at equal batch, dimension and number of negatives; PyKEEN and TorchKGE draw them for each
fact, LibKGE and Lichen for the whole batch. Each repetition runs both in fresh processes, one
after the other. TorchKGE, which is slow, has an epoch of the first 20,000 facts alone, and so has
Lichen beside it. The peer's vectors are then ranked; beside PyKEEN, Lichen is trained by its own
usual loss until its validation MRR is as good, its own looks at the validation split counted,
PyKEEN's none. The others are not trained for long enough to ask that of them.

Run: python benchmarks/embedding/training.py --library pykeen --peer /path/to/python-with-it
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
from peer import PEERS, name_of, ratio_row, run_program, write_rows
from runs import data_folder

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
LOSSES = {"pykeen": "self_adversarial", "torchkge": "margin", "libkge": "self_adversarial"}
"""What the library and Lichen both have."""
NEGATIVES = {"libkge": "shared by the batch in both"}
"""How they are drawn; elsewhere for each fact there, for the batch here."""
FACTS = {"torchkge": 20_000}
"""Training facts beside a library for which all of them take minutes an epoch."""
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


def train_here(library: str, epochs: int) -> dict[str, Any]:
    """Train at equal settings in this process, and return the seconds of each epoch."""
    whole = Graph.load(data_folder(DATA))
    graph = whole.select(whole.splits["train"][: FACTS.get(library)])
    rest = {k: x for k, x in SHARED.items() if k != "dim"}
    config = EmbeddingConfig(
        epochs=epochs,
        loss=LOSSES[library],  # type: ignore[arg-type]
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
    """Return the validation MRR of the vectors that the peer wrote."""
    encoder = GraphEncoder("distmult", graph, dim=SHARED["dim"])  # type: ignore[arg-type]
    vectors = np.load(place)
    with torch.no_grad():
        encoder.entity_table.copy_(torch.from_numpy(vectors["entities"]))
        encoder.relation_table.copy_(torch.from_numpy(vectors["relations"]))
    return validation_mrr(encoder, graph)


def run_both(library: str, peer: str, epochs: int, folder: Path, graph: Graph) -> dict[str, Any]:
    """Train with each in a fresh process; beside PyKEEN, then ours until it is as good."""
    given, out = folder / "facts.npz", folder / "vectors.npz"
    told = json.dumps({**SHARED, "epochs": epochs})
    script = str(HERE.with_name(f"training_{library}.py"))
    theirs = run_program([peer, script, str(given), str(out), told], folder)["epoch_s"]
    here = [sys.executable, str(HERE), "--library", library, "--here", str(epochs)]
    ours = run_program(here, folder)
    found = {f"{library}_s": theirs, "goal": peer_mrr(out, graph), **ours}
    if library == "pykeen":
        found["to_goal"] = time_to(found["goal"], graph)
    print(json.dumps(found), flush=True)
    return found


def rows_of(library: str, epochs: int, runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of the repetitions."""
    name, several = name_of(library), f"median and range of {len(runs)}"
    theirs = [sum(run[f"{library}_s"]) for run in runs]
    part = f" of {FACTS[library]:,} facts" if library in FACTS else ""
    drawn = NEGATIVES.get(library, "drawn for each fact there, for the batch here")
    rows = [
        ratio_row(
            f"{DATA} training distmult",
            f"{name}'s seconds an epoch{part} over ours, equal settings, negatives {drawn} "
            f"({several})",
            [x / sum(run["epoch_s"]) for x, run in zip(theirs, runs, strict=True)],
            runs,
            library=library,
        )
    ]
    if library == "pykeen":
        rows.append(
            ratio_row(
                f"{DATA} training distmult",
                f"{name}'s seconds to its validation MRR {runs[-1]['goal']:.3f} ({epochs} epochs) "
                f"over ours, our looks counted ({several})",
                [x / run["to_goal"]["seconds"] for x, run in zip(theirs, runs, strict=True)],
                [],
                library=library,
            )
        )
    return rows


def main(library: str, peer: str, repeats: int, epochs: int) -> None:
    """Repeat both, and write the rows."""
    graph = Graph.load(data_folder(DATA))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.savez(
            folder / "facts.npz",
            train=graph.split("train")[: FACTS.get(library)],
            entities=graph.num_entities,
            relations=graph.num_relations,
        )
        runs = [run_both(library, peer, epochs, folder, graph) for _ in range(repeats)]
    write_rows(f"{DATA}-training-{library}.json", rows_of(library, epochs, runs))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", choices=PEERS, default="pykeen")
    parser.add_argument("--peer", help="a Python in which the library is installed")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=3, help="of each run")
    parser.add_argument("--here", type=int, metavar="EPOCHS", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.here:
        print(json.dumps(train_here(asked.library, asked.here)))
    elif asked.peer:
        main(asked.library, asked.peer, asked.repeats, asked.epochs)
    else:
        parser.error("give --peer, a Python in which the library is installed")
