"""Ensembles over fused, text-only and graph-only learners, beside the best of their members.

Run: python benchmarks/fusion/ensembles.py [--tasks umls claims semeval]; the tasks that have rows
are measured where none is named.
"""

from __future__ import annotations

import argparse

import numpy as np
from figures import SEEDS, Right, gained, measured, shown, write
from texts import TASKS, Task, load, model_of

import lichen as li
from lichen.training.config import TrainConfig
from lichen.training.ensemble.fit import fit_ensemble
from lichen.training.learner import FusedLearner, GraphLearner

CONFIG = TrainConfig(epochs=8, batch_size=64, learning_rate=3e-3)
LEAST_STEPS = 100
SIZES = {"bagging": {"rounds": 3}, "boosting": {"rounds": 6}, "stacking": {"folds": 3}}
"""So that each costs about six fits of text and fused learners."""


def main() -> None:
    """Fit members and ensembles for every seed; write the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", nargs="+", default=measured("ensembles"), choices=TASKS)
    text = li.TextEncoder.load()
    for name in parser.parse_args().tasks:
        task = load(name)
        right = measure(task, text)
        benchmark = f"ensembles, {task.name} (n = {right['fused'].shape[1]})"
        rows = [shown(benchmark, f"accuracy, {kind}", found) for kind, found in right.items()]
        members = [kind for kind in right if kind not in SIZES]
        best = max(members, key=lambda kind: right[kind].mean())
        rows += [
            gained(
                benchmark, f"gain of {kind} over {best}, its best member", right[kind], right[best]
            )
            for kind in SIZES
        ]
        write(f"ensembles-{name}", rows)


def measure(task: Task, text: li.TextEncoder) -> dict[str, Right]:
    """Return what each member and ensemble answers rightly: `(seeds, documents)`."""
    labels, train = task.corpus.labels(), task.corpus.train
    samples = task.corpus.test.samples(labels)
    truth = np.array([sample.label for sample in samples])
    model = model_of(task, text)
    learners = {
        "fused": FusedLearner(model, config=CONFIG, least_steps=LEAST_STEPS),
        "text": FusedLearner(model, "none", config=CONFIG, least_steps=LEAST_STEPS),
        "graph": GraphLearner(task.nodes, labels),
    }
    found: dict[str, list[Right]] = {}
    for seed in SEEDS:
        fitted = {name: learner.fit(train, seed) for name, learner in learners.items()}
        for name, sizes in SIZES.items():
            fitted[name] = fit_ensemble(name, list(learners.values()), train, seed=seed, **sizes)
        for name, predictor in fitted.items():
            found.setdefault(name, []).append(predictor.predict(samples).argmax(1) == truth)
        said = {name: round(float(right[-1].mean()), 4) for name, right in found.items()}
        print(f"{task.name}, seed {seed}: {said}", flush=True)
    return {name: np.stack(of_seeds) for name, of_seeds in found.items()}


if __name__ == "__main__":
    main()
