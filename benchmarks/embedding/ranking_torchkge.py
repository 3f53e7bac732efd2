"""Vectors and facts to ranks by TorchKGE, in a process of its own; run by `ranking.py`.

It needs TorchKGE and torch alone. Its index of known answers is made before the clock starts,
and its ranks are pessimistic.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np
import torch
from memory import fresh_peak, memory_mb
from torchkge import DistMultModel, KnowledgeGraph, LinkPredictionEvaluator

BATCH = 1
"""Facts at a time: of 1, 2, 3, 4, 8, 16 and 32 the fastest, three times and more."""


def graph_of(facts: np.ndarray[Any, Any], num_entities: int, num_relations: int) -> KnowledgeGraph:
    """Return facts (head, relation, tail) as TorchKGE holds them."""
    heads, relations, tails = torch.from_numpy(facts.astype(np.int64).T.copy())
    return KnowledgeGraph(
        kg={"heads": heads, "relations": relations, "tails": tails},
        ent2ix={i: i for i in range(num_entities)},
        rel2ix={i: i for i in range(num_relations)},
    )


def main(given: str, out: str) -> dict[str, Any]:
    """Rank the facts in the file and write the ranks."""
    data = np.load(given)
    num_entities, num_relations = len(data["entities"]), len(data["relations"])
    splits = [data[k] for k in ("train", "valid", "test")]
    whole = graph_of(np.concatenate(splits), num_entities, num_relations)
    _, _, test = whole.split_kg(sizes=[len(x) for x in splits])
    model = DistMultModel(data["entities"].shape[1], num_entities, num_relations)
    with torch.no_grad():
        model.ent_emb.weight.copy_(torch.from_numpy(data["entities"]))
        model.rel_emb.weight.copy_(torch.from_numpy(data["relations"]))
        evaluator = LinkPredictionEvaluator(model, test)
        before, started = fresh_peak(), time.perf_counter()
        evaluator.evaluate(b_size=BATCH, verbose=False)
        _, mrr = evaluator.mrr()
    seconds, peak = time.perf_counter() - started, memory_mb("VmHWM")
    np.savez(
        out,
        head_pessimistic=evaluator.filt_rank_true_heads,
        tail_pessimistic=evaluator.filt_rank_true_tails,
    )
    return {"seconds": seconds, "mrr": mrr, "before_mb": before, "peak_mb": peak}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
