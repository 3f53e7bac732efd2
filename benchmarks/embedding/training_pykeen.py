"""Facts to vectors by PyKEEN, in a process of its own; run by `training.py`.

It needs PyKEEN and torch alone. It trains DistMult on both directions of every fact, tails
corrupted, with the self-adversarial loss; writes the vectors of the last epoch and prints one
line of JSON with the seconds of each epoch.
"""

from __future__ import annotations

import json
import sys
import time
from functools import partial
from typing import Any

import numpy as np
import torch
from pykeen.losses import NSSALoss
from pykeen.models import DistMult
from pykeen.training import SLCWATrainingLoop
from pykeen.training.callbacks import TrainingCallback
from pykeen.triples import CoreTriplesFactory


class Clock(TrainingCallback):
    """Notes when each epoch ends."""

    def __init__(self) -> None:
        super().__init__()
        self.ends = [time.perf_counter()]

    def post_epoch(self, *_: Any, **__: Any) -> None:
        """Note the time."""
        self.ends.append(time.perf_counter())


def main(given: str, out: str, settings: str) -> dict[str, Any]:
    """Train and write the vectors."""
    data, said = np.load(given), json.loads(settings)
    h, r, t = data["train"].T
    both = np.concatenate([data["train"], np.stack([t, r + data["relations"], h], 1)])
    factory = CoreTriplesFactory(
        torch.from_numpy(both),
        num_entities=int(data["entities"]),
        num_relations=2 * int(data["relations"]),
    )
    model = DistMult(
        triples_factory=factory,
        embedding_dim=said["dim"],
        loss=NSSALoss(margin=said["margin"], adversarial_temperature=said["temperature"]),
        entity_initializer=partial(torch.nn.init.normal_, std=0.05),
        entity_constrainer=None,
        relation_initializer=partial(torch.nn.init.normal_, std=0.05),
        regularizer=None,
        random_seed=0,
    )
    loop = SLCWATrainingLoop(
        model=model,
        triples_factory=factory,
        optimizer=torch.optim.Adagrad(model.parameters(), lr=said["learning_rate"]),
        negative_sampler_kwargs={
            "num_negs_per_pos": said["negatives"],
            "corruption_scheme": ("tail",),
        },
    )
    clock = Clock()
    loop.train(
        triples_factory=factory,
        num_epochs=said["epochs"],
        batch_size=said["batch_size"],
        use_tqdm=False,
        callbacks=clock,
        pin_memory=False,
    )
    tables = [*model.entity_representations, *model.relation_representations]
    entities, relations = (x().detach().numpy() for x in tables)
    np.savez(out, entities=entities, relations=relations)
    return {"epoch_s": np.diff(clock.ends).tolist()}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
