"""Scorers of published.py together, weighed on the validation facts, beside each of them alone.

Encoders that published.py has just trained are used again; the others are trained first.

Run: python benchmarks/embedding/ensemble.py [--data kgc_wn18rr ...] [--seeds 0 1 2]
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

from published import SETTINGS
from runs import ROWS, as_row, data_folder, kept_encoder

from lichen.data.graph import Graph
from lichen.embedding.ensemble import fit_scorer_ensemble
from lichen.embedding.evaluate import evaluate

MEMBERS = {
    "kgc_fb15k237": ("complex", "rescal", "rotate"),
    "kgc_wn18rr": ("complex", "rescal", "rotate"),
}
PUBLISHED = {
    "kgc_fb15k237": "arXiv:2106.06935: NBFNet 0.415",
    "kgc_wn18rr": "arXiv:2106.06935: NBFNet 0.551",
}


def one(data: str, seed: int) -> dict[str, Any]:
    """Weigh the members of one seed, rank the test facts, and return the run."""
    graph = Graph.load(data_folder(data))
    settings = {s.scorer: s for s in SETTINGS if s.data == data}
    members = [kept_encoder(settings[name], graph, seed) for name in MEMBERS[data]]
    started = time.perf_counter()
    ensemble = fit_scorer_ensemble(members, graph)
    fit_s = time.perf_counter() - started
    found = evaluate(ensemble, graph)
    print(f"{data}, seed {seed}: {found}; weighed in {fit_s:.0f} s", flush=True)
    alone = [evaluate(member, graph).both.mrr for member in members]
    return {
        "seed": seed,
        "mrr": round(found.both.mrr, 5),
        "hits": {str(k): round(v, 5) for k, v in found.both.hits.items()},
        "mean_rank": round(found.both.mean_rank, 2),
        "alone": {name: round(x, 5) for name, x in zip(MEMBERS[data], alone, strict=True)},
        "fit_s": round(fit_s, 1),
    }


def main() -> None:
    """Measure what was asked for, and write a row a data set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="+", default=list(MEMBERS), choices=list(MEMBERS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    asked = parser.parse_args()
    for data in asked.data:
        runs = [one(data, seed) for seed in asked.seeds]
        name = f"{data} ensemble of {', '.join(MEMBERS[data])}"
        row = as_row(name, runs, published=PUBLISHED[data], settings={"members": MEMBERS[data]})
        path = ROWS / f"{data}-ensemble.json"
        path.write_text(json.dumps(row, indent=1) + "\n", encoding="utf-8")
        print(f"{name}: MRR {row['mean']:.4f} {row['interval']}")


if __name__ == "__main__":
    main()
