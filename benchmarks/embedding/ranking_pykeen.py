"""Vectors and facts to ranks by PyKEEN, in a process of its own; run by `ranking.py`.

It needs PyKEEN and torch alone, so that it can run in another environment. What it prints last is
one line of JSON: seconds, and resident memory before ranking and at its peak in MB.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np
import torch
from memory import fresh_peak, memory_mb
from pykeen.evaluation import RankBasedEvaluator
from pykeen.models import DistMult
from pykeen.triples import CoreTriplesFactory

TYPES = ("realistic", "optimistic", "pessimistic")


def main(given: str, out: str) -> dict[str, Any]:
    """Rank the facts in the file and write the ranks."""
    data = np.load(given)
    num_entities, num_relations = len(data["entities"]), len(data["relations"])
    facts = {k: torch.from_numpy(data[k]) for k in ("train", "valid", "test")}
    factory = CoreTriplesFactory(
        facts["train"], num_entities=num_entities, num_relations=num_relations
    )
    model = DistMult(triples_factory=factory, embedding_dim=data["entities"].shape[1])
    with torch.no_grad():
        tables = (model.entity_representations[0], model.relation_representations[0])
        for table, name in zip(tables, ("entities", "relations"), strict=True):
            (weight,) = table.parameters()
            weight.copy_(torch.from_numpy(data[name]))
    evaluator = RankBasedEvaluator(filtered=True, clear_on_finalize=False)
    before, started = fresh_peak(), time.perf_counter()
    found = evaluator.evaluate(
        model,
        facts["test"],
        additional_filter_triples=[facts["train"], facts["valid"]],
        use_tqdm=False,
    )
    seconds, peak = time.perf_counter() - started, memory_mb("VmHWM")
    ranks = {
        f"{side}_{kind}": np.concatenate(evaluator.ranks[side, kind])
        for side in ("head", "tail")
        for kind in TYPES
    }
    np.savez(out, **ranks)
    return {
        "seconds": seconds,
        "mrr": found.get_metric("both.realistic.inverse_harmonic_mean_rank"),
        "before_mb": before,
        "peak_mb": peak,
    }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
