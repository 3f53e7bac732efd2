"""A graph and a small language model trained jointly: is the graph in the model afterwards?

UMLS statements, true or false; none of the facts that they are about is in the graph. The
language model is trained whole, reads names alone, and has no graph where it answers. It learns
labels alone; labels with the graph's facts beside them in one run; or the facts first and the
labels after, on as many steps. In the twin "shuffled facts" every entity's facts are another's.

Run: python benchmarks/fusion/beside.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from figures import SEEDS, Right, gained, shown, write
from texts import Task, load, model_of

import lichen as li
from lichen.training.beside import Beside
from lichen.training.config import TrainConfig
from lichen.training.joint import PretrainConfig
from lichen.training.predict import predict
from lichen.training.pretrain import pretrain

CONFIG = TrainConfig(epochs=8, batch_size=32, learning_rate=1e-3, text_learning_rate=2e-4)
TRIPLES = {"triple": 0.3}
KINDS: Mapping[str, Mapping[str, float]] = {
    "labels alone": {},
    "facts beside": TRIPLES,
    "shuffled facts beside": TRIPLES,
    "facts first": TRIPLES,
}


def main() -> None:
    """Train every kind for every seed; write the rows."""
    task, found = load("umls"), {}
    task = replace(task, graph=replace(task.graph, descriptions={}))
    text = li.TextEncoder.load()
    for seed in SEEDS:
        for kind in KINDS:
            right = measure(task, kind, text, seed)
            found.setdefault(kind, []).append(right)
            print(f"seed {seed}: {kind} {right.mean():.4f}", flush=True)
    write("beside-umls", rows_of(task, {kind: np.stack(x) for kind, x in found.items()}))


def measure(task: Task, kind: str, text: li.TextEncoder, seed: int) -> Right:
    """Return which test statements a model answers rightly."""
    weights, train, beside = KINDS[kind], task.corpus.train, None
    if kind.endswith("beside"):
        beside = Beside(objectives=weights, graph=task.graph, batch_size=CONFIG.batch_size)
        beside = beside.twin("shuffled", seed) if kind.startswith("shuffled") else beside
    elif weights:
        config = PretrainConfig(
            steps=CONFIG.epochs * -(-len(train) // CONFIG.batch_size),
            batch_size=CONFIG.batch_size,
            learning_rate=CONFIG.text_learning_rate,
        )
        text = pretrain(text, train, task.graph, objectives=weights, seed=seed, config=config).text
    model = model_of(task, text, fusion="none", train_text=True, hidden=512, seed=seed)
    li.train(model, train, beside=beside, seed=seed, config=CONFIG)
    samples = task.corpus.test.samples(task.corpus.labels())
    return np.array(predict(model, samples).argmax(1) == [sample.label for sample in samples])


def rows_of(task: Task, right: Mapping[str, Right]) -> list[dict[str, object]]:
    """Return accuracies, and paired gains."""
    size = right["labels alone"].shape[1]
    name = f"a language model alone, {task.name} (n = {size})"
    rows = [shown(name, f"accuracy, {kind}", found) for kind, found in right.items()]
    told = right["facts beside"]
    return rows + [
        gained(name, f"gain of facts beside over {base}", told, right[base])
        for base in KINDS
        if base != "facts beside"
    ]


if __name__ == "__main__":
    main()
