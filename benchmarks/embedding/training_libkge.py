"""Facts to vectors by LibKGE, in a process of its own; run by `training.py`.

It needs LibKGE and torch alone. It trains DistMult on both directions of every fact, tails
corrupted by one sample for the whole batch, as ours are, with the self-adversarial loss; writes
the vectors of the last epoch and prints one line of JSON with the seconds of each epoch.
"""

from __future__ import annotations

import json
import sys
import tempfile
from typing import Any

import numpy as np
from kge.job import TrainingJob
from ranking_libkge import data_of


def settings_of(said: dict[str, Any]) -> dict[str, Any]:
    """Return LibKGE's settings for ours."""
    return {
        "train.type": "negative_sampling",
        "train.loss": "bce_self_adversarial",
        "train.loss_arg": said["margin"],
        "user.bce_self_adversarial_temperature": said["temperature"],
        "train.max_epochs": said["epochs"],
        "train.batch_size": said["batch_size"],
        "train.optimizer.default.type": "Adagrad",
        "train.optimizer.default.args.lr": said["learning_rate"],
        "negative_sampling.num_samples.s": 0,
        "negative_sampling.num_samples.o": said["negatives"],
        "negative_sampling.shared": True,
        "negative_sampling.shared_type": "naive",
        "valid.every": 0,
        "valid.last": False,
        "random_seed.default": 0,
        "lookup_embedder.dim": said["dim"],
        "lookup_embedder.initialize_args.std": 0.05,
    }


def main(given: str, out: str, settings: str) -> dict[str, Any]:
    """Train and write the vectors."""
    data, seconds = np.load(given), []
    sizes = [int(data["entities"]), 2 * int(data["relations"])]
    h, r, t = data["train"].T
    both = np.concatenate([data["train"], np.stack([t, r + data["relations"], h], 1)])
    with tempfile.TemporaryDirectory() as folder:
        told = settings_of(json.loads(settings))
        config, facts = data_of(folder, {"train": both}, sizes, told)
        job = TrainingJob.create(config, facts)
        job.post_epoch_hooks.append(
            lambda job: seconds.append(job.current_trace["epoch"]["epoch_time"])
        )
        job.run()
    tables = (job.model.get_s_embedder(), job.model.get_p_embedder())
    entities, relations = (x.embed_all().detach().numpy() for x in tables)
    np.savez(out, entities=entities, relations=relations)
    return {"epoch_s": seconds}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
