"""A fused teacher to a student that needs no graph: how much of the uplift it keeps.

The student sees the teacher's labelled texts and further texts without labels: about the facts
that the test is about, in other words and with other tails (claims), about facts of the graph
(UMLS statements, whose test facts no text tells), or about other pairs of entities (FewRel, where
no text or fact is about a pair of the test). The same is done with a teacher that has no
knowledge, to set what knowledge gives apart from what more texts give.

Run: python benchmarks/fusion/distillation.py [--tasks umls claims fewrel] [--split valid]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from figures import SEEDS, Right, gained, kept, shown, write
from texts import Task, load, model_of, more_claims, more_fewrel, more_statements

import lichen as li
from lichen.data.corpus import Corpus
from lichen.training.config import TrainConfig
from lichen.training.distil import distil
from lichen.training.predict import predict
from lichen.training.twins import untrained_twin

OTHER_DEALS = (41, 42, 43, 44, 45, 46)
NUM_FACTS = 2500
NUM_SENTENCES = 10_000


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How teacher and student of a task are trained: first settings tried, none tuned."""

    teacher: TrainConfig
    student: TrainConfig
    hidden: int
    """Width of the student's hidden layer."""
    train_text: bool = False
    """Whether the student's language model is trained too."""
    fusion: dict[str, Any] = field(default_factory=dict)
    """Of the teacher, where it is not the default."""


SETTINGS = {
    "umls": Setting(
        teacher=TrainConfig(epochs=20, batch_size=64, learning_rate=3e-3),
        student=TrainConfig(epochs=20, batch_size=128, learning_rate=2e-3),
        hidden=512,
    ),
    "claims": Setting(
        teacher=TrainConfig(epochs=8, batch_size=64, learning_rate=3e-3),
        student=TrainConfig(epochs=6, batch_size=64, learning_rate=1e-3, text_learning_rate=2e-4),
        hidden=512,
        train_text=True,
    ),
    "fewrel": Setting(
        teacher=TrainConfig(
            epochs=15, batch_size=32, learning_rate=1e-3, fusion_learning_rate=1e-3
        ),
        student=TrainConfig(epochs=15, batch_size=64, learning_rate=1e-3),
        hidden=512,
        fusion={"fusion": "neighbours", "facts": 6, "select": "specific"},
    ),
}
MORE: dict[str, Callable[[Task], Corpus]] = {
    "umls": lambda task: more_statements(task, NUM_FACTS),
    "claims": lambda task: more_claims(task, OTHER_DEALS),
    "fewrel": lambda task: more_fewrel(task, NUM_SENTENCES),
}
"""Texts without labels, by task."""


def main() -> None:
    """Train teachers, twins and students for every seed; write the rows of the test split."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", nargs="+", choices=list(SETTINGS), default=list(SETTINGS))
    parser.add_argument("--split", choices=("valid", "test"), default="test")
    asked = parser.parse_args()
    text = li.TextEncoder.load()
    for name in asked.tasks:
        task = load(name)
        right = measure(task, MORE[name](task), SETTINGS[name], text, split=asked.split)
        rows = rows_of(f"distillation, {task.name} (n = {right['none'].shape[1]})", right)
        if asked.split == "test":
            write(f"distillation-{name}", rows)


def measure(
    task: Task, more: Corpus, setting: Setting, text: li.TextEncoder, *, split: str
) -> dict[str, Right]:
    """Return what each system answers rightly: `(seeds, documents)`."""
    labels, train = task.corpus.labels(), task.corpus.train
    samples = task.corpus.split(split).samples(labels)
    truth = np.array([sample.label for sample in samples])
    texts = Corpus(train.documents + more.documents)
    print(f"{task.name}: {len(train)} labelled, {len(more)} unlabelled texts", flush=True)
    found: dict[str, list[Right]] = {}
    for seed in SEEDS:
        for kind, taught in (("fused", "student"), ("none", "student of none")):
            whole = model_of(task, text, graph=task.graph, **setting.fusion)
            teacher = untrained_twin(whole, kind, seed)
            li.train(teacher, train, seed=seed, config=setting.teacher)
            student = li.FusedModel(
                text, None, fusion="none", labels=labels, mentions=task.mentions,
                hidden=setting.hidden, train_text=setting.train_text, seed=seed,
            )  # fmt: skip
            distil(teacher, texts, student=student, seed=seed, config=setting.student)
            for name, model in ((kind, teacher), (taught, student)):
                right = predict(model, samples).argmax(1) == truth
                found.setdefault(name, []).append(right)
                print(f"seed {seed}: {name} {right.mean():.4f}", flush=True)
    return {name: np.stack(of_seeds) for name, of_seeds in found.items()}


def rows_of(benchmark: str, right: dict[str, Right]) -> list[dict[str, object]]:
    """Return the rows of one task."""
    rows = [shown(benchmark, f"accuracy, {name}", found) for name, found in right.items()]
    teacher, student, none = right["fused"], right["student"], right["none"]
    rows += [
        gained(benchmark, "gain of the teacher over none", teacher, none),
        gained(benchmark, "gain of the student over none", student, none),
        gained(
            benchmark, "gain of the student over the student of none", student,
            right["student of none"],
        ),
    ]  # fmt: skip
    if teacher.mean() > none.mean():  # else there is nothing to keep
        name = "share of the uplift that the student keeps"
        rows.append(kept(benchmark, name, student, teacher, none))
    return rows


if __name__ == "__main__":
    main()
