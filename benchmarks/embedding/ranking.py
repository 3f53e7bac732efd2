"""Filtered ranking of WN18RR's test set with DistMult, beside PyKEEN on the same vectors.

Each repetition runs both, one after the other, in fresh processes: seconds from the model in
memory to the metrics, resident memory before and at the peak, and whether every rank is the
same. The vectors are whole sixteenths, so that every product and sum is exact in float32 and
equal scores are equal for both; ranks by random floats are compared too. The rows are ratios: of
the seconds, of the memory that ranking adds, and of the process's peak, torch itself included.

Run: python benchmarks/embedding/ranking.py --peer /path/to/python-with-pykeen [--repeats 5]
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
from peer import ratio_row, run_program
from runs import ROWS, data_folder

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


def fresh_peak() -> float:
    """Forget the largest resident memory so far; return that of now in MB (Linux)."""
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    return memory_mb("VmRSS")


def memory_mb(what: str) -> float:
    """Return resident memory in MB: VmRSS is now, VmHWM the largest since `fresh_peak`."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1024


def run_both(peer: str, folder: Path, given: Path) -> dict[str, Any]:
    """Rank with each in a fresh process, and compare every rank."""
    programs = {
        "lichen": [sys.executable, str(HERE), "--here"],
        "pykeen": [peer, str(HERE.with_name("ranking_peer.py"))],
    }
    found: dict[str, Any] = {"load": round(os.getloadavg()[0], 2)}
    ranks = {}
    for name, program in programs.items():
        out = folder / f"{name}.npz"
        found[name] = run_program([*program, str(given), str(out)], folder)
        ranks[name] = np.load(out)
    same = [ranks["lichen"][k] == ranks["pykeen"][k] for k in ranks["pykeen"].files]
    found["ranks"], found["equal_ranks"] = sum(map(len, same)), int(sum(map(np.sum, same)))
    print(json.dumps(found), flush=True)
    return found


def write_rows(as_float: dict[str, Any], runs: list[dict[str, Any]]) -> None:
    """Write the rows of the repetitions and show them; stop when a rank differs."""
    if any(run["equal_ranks"] != run["ranks"] for run in runs):
        raise SystemExit("ranks by exact scores must all equal PyKEEN's; see the lines above.")
    speed = [run["pykeen"]["seconds"] / run["lichen"]["seconds"] for run in runs]
    added = {
        k: [max(run[k]["peak_mb"] - run[k]["before_mb"], 1.0) for run in runs]
        for k in ("lichen", "pykeen")
    }
    memory = [a / b for a, b in zip(added["pykeen"], added["lichen"], strict=True)]
    whole = [run["pykeen"]["peak_mb"] / run["lichen"]["peak_mb"] for run in runs]
    several = f"median and range of {len(runs)}"
    rows = [
        ratio_row(
            f"{DATA} ranking distmult",
            f"times PyKEEN's speed, every rank equal ({several})",
            speed,
            [as_float, *runs],
        ),
        ratio_row(
            f"{DATA} ranking distmult",
            f"memory that ranking adds, PyKEEN's over ours ({several})",
            memory,
            [],
        ),
        ratio_row(
            f"{DATA} ranking distmult",
            f"peak memory of the process, PyKEEN's over ours ({several})",
            whole,
            [],
        ),
    ]
    (ROWS / f"{DATA}-ranking.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    for found in rows:
        print(f"{found['metric']}: {found['mean']} {found['interval']}")


def write_inputs(folder: Path) -> None:
    """Write the vectors and facts that both rank: exact.npz, and fewer facts in float.npz."""
    graph = Graph.load(data_folder(DATA))
    splits = {k: graph.split(k) for k in SPLITS}
    np.savez(folder / "exact.npz", **vectors(graph, is_exact=True), **splits)
    splits["test"] = splits["test"][:AS_FLOAT]
    np.savez(folder / "float.npz", **vectors(graph, is_exact=False), **splits)


def main(peer: str, repeats: int) -> None:
    """Repeat both, and write the rows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_inputs(folder)
        as_float = run_both(peer, folder, folder / "float.npz")
        runs = [run_both(peer, folder, folder / "exact.npz") for _ in range(repeats)]
    write_rows(as_float, runs)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", help="a Python in which pykeen is installed")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--here", nargs=2, metavar=("VECTORS", "RANKS"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.here:
        print(json.dumps(rank_here(*asked.here)))
    elif asked.peer:
        main(asked.peer, asked.repeats)
    else:
        parser.error("give --peer, a Python in which pykeen is installed")
