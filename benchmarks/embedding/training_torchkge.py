"""Facts to vectors by TorchKGE, in a process of its own; run by `training.py`.

It needs TorchKGE and torch alone. It trains DistMult on both directions of every fact by the loop
of TorchKGE's documentation, as its `Trainer` knows one negative a fact alone. Heads or tails are
corrupted, and TorchKGE's DistMult shortens every entity vector to length 1. It writes the vectors
of the last epoch and prints one line of JSON with the seconds of each epoch.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np
import torch
from ranking_torchkge import graph_of
from torchkge import DistMultModel, MarginLoss
from torchkge.sampling import UniformNegativeSampler
from torchkge.utils.data import DataLoader


def main(given: str, out: str, settings: str) -> dict[str, Any]:
    """Train and write the vectors."""
    torch.manual_seed(0)
    data, said = np.load(given), json.loads(settings)
    num_entities, num_relations = int(data["entities"]), int(data["relations"])
    h, r, t = data["train"].T
    both = np.concatenate([data["train"], np.stack([t, r + num_relations, h], 1)])
    graph = graph_of(both, num_entities, 2 * num_relations)
    model = DistMultModel(said["dim"], num_entities, 2 * num_relations)
    loss = MarginLoss(said["margin"])
    optimiser = torch.optim.Adagrad(model.parameters(), lr=said["learning_rate"])
    sampler = UniformNegativeSampler(graph, n_neg=said["negatives"])
    seconds = []
    for _ in range(said["epochs"]):
        started = time.perf_counter()
        for heads, tails, relations in DataLoader(graph, batch_size=said["batch_size"]):
            corrupted = sampler.corrupt_batch(heads, tails, relations)
            optimiser.zero_grad()
            loss(*model(heads, tails, relations, *corrupted)).backward()
            optimiser.step()
        model.normalize_parameters()
        seconds.append(time.perf_counter() - started)
    entities, relations = (x.numpy() for x in model.get_embeddings())
    np.savez(out, entities=entities, relations=relations)
    return {"epoch_s": seconds}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
