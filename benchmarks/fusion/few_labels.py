"""Few labels: adaptation, self-training, consistency, active learning beside plain training.

With 1, 5 and 10 % of the labels of a task's training documents, drawn at random; the rest are
unlabelled texts, or what active learning chooses from. Active learning begins with half of the
first part. Adaptation reads the words of all training documents, and no label.

Run: python benchmarks/fusion/few_labels.py [--tasks umls claims phrasebank sst2]; the tasks that
have rows are measured where none is named.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
from figures import SEEDS, Right, gained, measured, shown, write
from texts import TASKS, Task, labelled_part, load, model_of

import lichen as li
from lichen.data.corpus import Corpus
from lichen.training.config import TrainConfig
from lichen.training.consistency import Consistency
from lichen.training.few.active import active_learning
from lichen.training.few.adaptation import adapt_text
from lichen.training.few.self_training import self_training
from lichen.training.few.strategies import STRATEGIES
from lichen.training.joint import PretrainConfig
from lichen.training.learner import FusedLearner
from lichen.training.predict import predict
from lichen.training.twins import untrained_twin

SHARES = (0.01, 0.05, 0.10)
CONFIG = TrainConfig(epochs=6, batch_size=32, learning_rate=3e-3)
LEAST_STEPS = 100
CONSISTENT = TrainConfig(batch_size=64, learning_rate=3e-3)
LOOKS = 4
"""How often `Consistency` sees each text without a label."""
ADAPTATION = PretrainConfig(head_steps=200, steps=300, batch_size=32)
ROUNDS = 2
PLAIN, RANDOM = "plain", "active, random"


def main() -> None:
    """Fit every method with every share of the labels for every seed; write the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", nargs="+", default=measured("few-labels"), choices=TASKS)
    text = li.TextEncoder.load()
    for name in parser.parse_args().tasks:
        task = load(name)
        found: dict[tuple[float, str], list[Right]] = {}
        for seed in SEEDS:
            for key, right in measure(task, text, seed).items():
                found.setdefault(key, []).append(right)
                print(f"{task.name}, seed {seed}, {key}: {right.mean():.4f}", flush=True)
        write(f"few-labels-{name}", rows_of(task, {k: np.stack(x) for k, x in found.items()}))


def measure(task: Task, text: li.TextEncoder, seed: int) -> dict[tuple[float, str], Right]:
    """Return which test documents each method answers rightly, by share of the labels."""
    labels, pool = task.corpus.labels(), task.corpus.train
    samples = task.corpus.test.samples(labels)
    truth = np.array([sample.label for sample in samples])
    model = model_of(task, text)
    learner = FusedLearner(model, config=CONFIG, least_steps=LEAST_STEPS)
    adapted = replace(
        learner, model=model_of(task, adapt_text(text, pool, config=ADAPTATION, seed=seed))
    )
    chances = {}
    for share in SHARES:
        labelled, rest = labelled_part(pool, round(share * len(pool)), seed)
        chances[share, PLAIN] = learner.fit(labelled, seed).predict(samples)
        chances[share, "masked words"] = adapted.fit(labelled, seed).predict(samples)
        taught = self_training(learner, labelled, rest, rounds=ROUNDS, seed=seed)
        chances[share, "self-training"] = taught.predict(samples)
        fresh = untrained_twin(model, "fused", seed)
        agreed_upon(fresh, labelled, rest, seed=seed)
        chances[share, "consistency"] = predict(fresh, samples)
    budgets = [round(share * len(pool)) for share in (SHARES[0] / 2, *SHARES)]
    for strategy in STRATEGIES:
        curve = active_learning(
            learner, pool, task.corpus.test,
            strategy=strategy, budgets=budgets, text=text, graph=task.graph, seed=seed,
        )  # fmt: skip
        for share, found in zip(SHARES, curve.chances[1:], strict=True):
            chances[share, f"active, {strategy}"] = found
    return {key: found.argmax(1) == truth for key, found in chances.items()}


def agreed_upon(model: li.FusedModel, labelled: Corpus, rest: Corpus, *, seed: int) -> None:
    """Train a model on labels while it agrees with itself about the other texts."""
    asked = Consistency(texts=rest, batch_size=CONSISTENT.batch_size)
    steps = LOOKS * -(-len(rest) // asked.batch_size)
    passes = -(-len(labelled) // CONSISTENT.batch_size)
    config = replace(CONSISTENT, epochs=-(-steps // passes))
    li.train(model, labelled, beside=asked, seed=seed, config=config)


def rows_of(task: Task, right: dict[tuple[float, str], Right]) -> list[dict[str, object]]:
    """Return the rows of one task: accuracies, and paired gains over what is plain."""
    rows = []
    for share in SHARES:
        size = round(share * len(task.corpus.train))
        name = f"few labels, {task.name}, {100 * share:g} % ({size} labels)"
        of_share = {method: found for (part, method), found in right.items() if part == share}
        rows += [shown(name, f"accuracy, {method}", found) for method, found in of_share.items()]
        for method, found in of_share.items():
            bases = [PLAIN, RANDOM] if method.startswith("active") else [PLAIN]
            for base in bases:
                if method != base:
                    rows.append(gained(name, f"gain, {method} over {base}", found, of_share[base]))
    return rows


if __name__ == "__main__":
    main()
