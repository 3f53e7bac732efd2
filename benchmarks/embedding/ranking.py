"""Filtered ranking of WN18RR's test set with DistMult, beside a peer on the same vectors.

Each repetition runs both, one after the other, in fresh processes: seconds from the model in
memory to the metrics, resident memory before and at the peak, and whether every rank is the
same: with PyKEEN by all three kinds of ties, with the others the pessimistic ones, which are what
they can give. The vectors are whole sixteenths, so that every product and sum is exact in float32
and equal scores are equal for both; ranks by random floats, whose sums round by their order, are
compared too. The rows are ratios:
of the seconds, of the memory that ranking adds, and of the process's peak, torch itself included.
The seconds count the making of the index of known answers, but for TorchKGE and LibKGE.

Run: python benchmarks/embedding/ranking.py --library pykeen --peer /path/to/python-with-it
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from memory import fresh_peak, memory_mb
from peer import PEERS, name_of, ratio_row, run_program, write_rows
from runs import data_folder

from lichen.data.graph import Graph
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.evaluate import evaluate, rank_triples
from lichen.embedding.known import KnownAnswers

HERE = Path(__file__).resolve()
DATA, DIM = "kgc_wn18rr", 200
SPLITS = ("train", "valid", "test")
AS_FLOAT = 500
"""Facts ranked by random floats as well."""
TYPES = ("realistic", "optimistic", "pessimistic")


def vectors(graph: Graph, *, is_exact: bool) -> dict[str, Any]:
    """Draw the vectors: sixteenths from -1 to 1 where sums must be exact, or any floats."""
    draw = np.random.default_rng(0)
    sizes = {"entities": graph.num_entities, "relations": graph.num_relations}
    found = {k: draw.uniform(-1, 1, (n, DIM)).astype(np.float32) for k, n in sizes.items()}
    if is_exact:
        found = {k: np.round(v * 16) / 16 for k, v in found.items()}
    return found


def rank_here(given: str, out: str) -> dict[str, Any]:
    """Rank the facts in this process."""
    data, whole = np.load(given), Graph.load(data_folder(DATA))
    ends = np.cumsum([0, *(len(data[split]) for split in SPLITS)])
    graph = Graph(
        entities=whole.entities,
        relations=whole.relations,
        triples=np.concatenate([data[split] for split in SPLITS]),
        splits={k: np.arange(*ends[i : i + 2]) for i, k in enumerate(SPLITS)},
    )
    encoder = GraphEncoder("distmult", graph, dim=DIM, reciprocal=False)
    with torch.no_grad():
        encoder.entity_table.copy_(torch.from_numpy(data["entities"]))
        encoder.relation_table.copy_(torch.from_numpy(data["relations"]))
    before, started = fresh_peak(), time.perf_counter()
    found = evaluate(encoder, graph)
    seconds, peak = time.perf_counter() - started, memory_mb("VmHWM")
    known = KnownAnswers(graph.triples, num_relations=graph.num_relations)
    ranks = {}
    for kind in TYPES:
        tails, heads = rank_triples(encoder, graph.split("test"), known=known, ties=kind)
        ranks |= {f"tail_{kind}": tails, f"head_{kind}": heads}
    np.savez(out, **ranks)
    return {"seconds": seconds, "mrr": found.both.mrr, "before_mb": before, "peak_mb": peak}


def run_both(library: str, peer: str, folder: Path, given: Path) -> dict[str, Any]:
    """Rank with each in a fresh process, and compare every rank."""
    programs = {
        "lichen": [sys.executable, str(HERE), "--here"],
        library: [peer, str(HERE.with_name(f"ranking_{library}.py"))],
    }
    found: dict[str, Any] = {"load": round(os.getloadavg()[0], 2)}
    ranks = {}
    for name, program in programs.items():
        out = folder / f"{name}.npz"
        found[name] = run_program([*program, str(given), str(out)], folder)
        ranks[name] = np.load(out)
    same = [ranks["lichen"][k] == ranks[library][k] for k in ranks[library].files]
    found["ranks"], found["equal_ranks"] = sum(map(len, same)), int(sum(map(np.sum, same)))
    print(json.dumps(found), flush=True)
    return found


def rows_of(library: str, as_float: dict[str, Any], runs: list[dict[str, Any]]) -> Any:
    """Return the rows of the repetitions; stop when a rank differs."""
    name = name_of(library)
    if any(run["equal_ranks"] != run["ranks"] for run in runs):
        raise SystemExit(f"ranks by exact scores must all equal {name}'s; see the lines above.")
    added = {
        k: [max(run[k]["peak_mb"] - run[k]["before_mb"], 1.0) for run in runs]
        for k in ("lichen", library)
    }
    memory = [a / b for a, b in zip(added[library], added["lichen"], strict=True)]
    whole = [run[library]["peak_mb"] / run["lichen"]["peak_mb"] for run in runs]
    speed = [run[library]["seconds"] / run["lichen"]["seconds"] for run in runs]
    several = f"median and range of {len(runs)}"
    figures = {
        f"times {name}'s speed, every rank equal where scores are exact in float32, "
        f"{as_float['equal_ranks']:,} of {as_float['ranks']:,} by random floats "
        f"({several})": speed,
        f"memory that ranking adds, {name}'s over ours ({several})": memory,
        f"peak memory of the process, {name}'s over ours ({several})": whole,
    }
    rows = [
        ratio_row(f"{DATA} ranking distmult", what, ratios, [], library=library)
        for what, ratios in figures.items()
    ]
    rows[0]["runs"] = [as_float, *runs]
    return rows


def write_inputs(folder: Path) -> None:
    """Write the vectors and facts that both rank: exact.npz, and fewer facts in float.npz."""
    graph = Graph.load(data_folder(DATA))
    splits = {k: graph.split(k) for k in SPLITS}
    np.savez(folder / "exact.npz", **vectors(graph, is_exact=True), **splits)
    splits["test"] = splits["test"][:AS_FLOAT]
    np.savez(folder / "float.npz", **vectors(graph, is_exact=False), **splits)


def main(library: str, peer: str, repeats: int) -> None:
    """Repeat both, and write the rows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_inputs(folder)
        as_float = run_both(library, peer, folder, folder / "float.npz")
        runs = [run_both(library, peer, folder, folder / "exact.npz") for _ in range(repeats)]
    write_rows(f"{DATA}-ranking-{library}.json", rows_of(library, as_float, runs))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", choices=PEERS, default="pykeen")
    parser.add_argument("--peer", help="a Python in which the library is installed")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--here", nargs=2, metavar=("VECTORS", "RANKS"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.here:
        print(json.dumps(rank_here(*asked.here)))
    elif asked.peer:
        main(asked.library, asked.peer, asked.repeats)
    else:
        parser.error("give --peer, a Python in which the library is installed")
