"""A graph and a small language model trained jointly: is the graph in the model afterwards?

UMLS statements, true or false; none of the facts that they are about is in the graph. The
language model is trained whole and has no graph where it answers. It learns labels alone; labels
with the graph's facts, or masked words, beside them in one run; or the facts first and the labels
after, on as many steps. In the twin "shuffled facts" every entity's facts are another's.

Run: python benchmarks/fusion/beside.py [--seeds 0 1 2]
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping

import numpy as np
from figures import SEEDS, Right, gained, shown, write
from texts import Task, load, model_of

import lichen as li
from lichen.data.corpus import Corpus
from lichen.training.beside import Beside
from lichen.training.config import TrainConfig
from lichen.training.joint import PretrainConfig
from lichen.training.predict import predict
from lichen.training.pretrain import PretrainRun, pretrain

CONFIG = TrainConfig(epochs=8, batch_size=32, learning_rate=1e-3, text_learning_rate=2e-4)
START = PretrainConfig(head_steps=200, steps=50, batch_size=32)
"""Masked words of the training texts, which the packaged encoder has no head for; for all."""
TRIPLES, FACTS, WORDS = {"triple": 0.3}, {"mask": 0.3, "fact": 0.3}, {"mask": 0.3}
KINDS: Mapping[str, Mapping[str, float]] = {
    "labels alone": {},
    "facts as triples beside": TRIPLES,
    "shuffled facts as triples beside": TRIPLES,
    "facts in words beside": FACTS,
    "shuffled facts in words beside": FACTS,
    "masked words beside": WORDS,
    "masked words first": WORDS,
    "facts as triples first": TRIPLES,
}
PAIRS = (
    ("facts as triples beside", "labels alone"),
    ("facts as triples beside", "shuffled facts as triples beside"),
    ("facts as triples beside", "facts as triples first"),
    ("facts in words beside", "labels alone"),
    ("facts in words beside", "shuffled facts in words beside"),
    ("masked words beside", "labels alone"),
    ("masked words beside", "masked words first"),
)


def main() -> None:
    """Train every kind for every seed; write the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    seeds = parser.parse_args().seeds
    task, found = load("umls"), {}
    start = pretrain(
        li.TextEncoder.load(),
        task.corpus.train,
        task.graph,
        objectives={"mask": 1.0},
        config=START,
    )
    for seed in seeds:
        for kind in KINDS:
            right = measure(task, kind, start, seed)
            found.setdefault(kind, []).append(right)
            print(f"seed {seed}: {kind} {right.mean():.4f}", flush=True)
    write("beside-umls", rows_of(task, {kind: np.stack(x) for kind, x in found.items()}))


def measure(task: Task, kind: str, start: PretrainRun, seed: int) -> Right:
    """Return which test statements a model answers rightly."""
    weights, train, text = KINDS[kind], task.corpus.train, start.text
    beside = None
    if weights and kind.endswith("beside"):
        beside = learned(weights, train, task, start)
        beside = beside.twin("shuffled", seed) if kind.startswith("shuffled") else beside
    elif weights:
        steps = CONFIG.epochs * -(-len(train) // CONFIG.batch_size)
        config = PretrainConfig(
            steps=steps, batch_size=CONFIG.batch_size, learning_rate=CONFIG.text_learning_rate
        )
        head = start.head if "mask" in weights else None
        text = pretrain(
            text, train, task.graph, objectives=weights, head=head, seed=seed, config=config
        ).text
    model = model_of(task, text, fusion="none", train_text=True, hidden=512, seed=seed)
    li.train(model, train, beside=beside, seed=seed, config=CONFIG)
    samples = task.corpus.test.samples(model.labels)
    return np.array(predict(model, samples).argmax(1) == [sample.label for sample in samples])


def learned(weights: Mapping[str, float], texts: Corpus, task: Task, start: PretrainRun) -> Beside:
    """Return what is learned beside the labels."""
    head = start.head if "mask" in weights else None
    return Beside(
        objectives=weights, corpus=texts, graph=task.graph, head=head, batch_size=CONFIG.batch_size
    )


def rows_of(task: Task, right: Mapping[str, Right]) -> list[dict[str, object]]:
    """Return accuracies, and paired gains."""
    size = right["labels alone"].shape[1]
    name = f"a language model alone, {task.name} (n = {size})"
    rows = [shown(name, f"accuracy, {kind}", found) for kind, found in right.items()]
    return rows + [
        gained(name, f"gain, {kind} over {base}", right[kind], right[base]) for kind, base in PAIRS
    ]


if __name__ == "__main__":
    main()
