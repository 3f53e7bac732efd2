"""Three sentiment tasks over one WordNet graph: trained together beside each alone.

Few labels, equal settings: the same documents, start, passes and batches; together, the language
model's adapters and the fusion (or with the language model frozen, the fusion) are shared. Rates
and vectors are those of the wide bench; sizes were cut for machine time after a first, smaller run
whose figures had been seen.

Run: python benchmarks/fusion/multitask.py [--tasks sst2 absa phrasebank]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping

import numpy as np
from bench import ROOT
from figures import SEEDS, Right, Row, gained, shown, write
from tasks import TASKS
from tasks.lexicon import lexicon

import lichen as li
from lichen.base.manifest import kind_of
from lichen.fusion.sibling import sibling
from lichen.training.multitask import train_tasks
from lichen.training.twins import twin_tasks

RUNS = ROOT / "runs" / "fusion-multitask"
SIZES = {"num_train": 48, "num_test": 500}
SETTINGS = {"language model frozen": {"lora": 0}, "language model adapted": {"lora": 8}}
MODEL = {"fusion": "gate", "mentions": 8, "head": "pooled"}
CONFIG = li.TrainConfig(epochs=8, batch_size=8, learning_rate=1e-3, fusion_learning_rate=1e-3)
EMBED = li.EmbeddingConfig(epochs=12, n3=0.03, candidates="sampled", hide_known=False)
TOGETHER, ALONE, NONE = "together", "alone", "together, no knowledge"
Answered = dict[str, Right]
"""Which test documents each way answers rightly."""


def main() -> None:
    """Train every way for every setting and seed, and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", nargs="+", default=["sst2", "absa", "phrasebank"])
    names = parser.parse_args().tasks
    text = li.TextEncoder.load(device="cpu")
    drawn = [{name: TASKS[name](seed=seed, **SIZES) for name in names} for seed in SEEDS]
    graph = lexicon(doc.text for tasks in drawn for t in tasks.values() for doc in t.corpus).graph
    nodes = nodes_of(graph)
    corpora = [
        {name: moved(task.corpus, task.graph, graph) for name, task in tasks.items()}
        for tasks in drawn
    ]
    rows = []
    for setting, more in SETTINGS.items():
        found: list[dict[str, Answered]] = []
        for seed, data in zip(SEEDS, corpora, strict=True):
            started = time.perf_counter()
            made = li.FusedModel(text, nodes, graph=graph, seed=seed, **MODEL, **more)
            found.append(measure(made, data, seed))
            means = {n: {k: round(float(x.mean()), 3) for k, x in a.items()}
                     for n, a in found[-1].items()}  # fmt: skip
            print(setting, seed, f"{time.perf_counter() - started:.0f} s", means, flush=True)
        rows += rows_of(setting, found)
        write("multitask-sentiment", rows)


def nodes_of(graph: li.Graph) -> li.GraphEncoder:
    """Return the graph's vectors, trained once and kept."""
    folder = RUNS / "nodes"
    if kind_of(folder) is not None:
        kept = li.GraphEncoder.load(folder)
        if list(kept.entities) == list(graph.entities):
            return kept
    trained: li.GraphEncoder = li.train(
        li.GraphEncoder("complex", graph, dim=64), graph, config=EMBED
    ).model
    trained.save(folder)
    return trained


def moved(corpus: li.Corpus, graph: li.Graph, other: li.Graph) -> li.Corpus:
    """Return documents that are linked to one graph, linked to another by label."""

    def entity(mention: li.Mention) -> li.Mention:
        if mention.entity is None:
            return mention
        return li.Mention(mention.span, other.entities.id(graph.entities[mention.entity]))

    return corpus.with_mentions(tuple(map(entity, doc.mentions)) for doc in corpus)


def measure(model: li.FusedModel, data: Mapping[str, li.Corpus], seed: int) -> dict[str, Answered]:
    """Return what each way of training answers rightly, by task; the model is trained in place."""
    train = {name: corpus.train for name, corpus in data.items()}
    first, *rest = data
    models = {first: model, **{name: sibling(model, task="classify") for name in rest}}
    run = train_tasks(models, train, seed=seed, config=CONFIG)
    none = twin_tasks(run, "none", seed)
    found = {}
    for name, corpus in data.items():
        alone = li.FusedModel(
            *model.origin(), graph=model.graph, **{**MODEL, "lora": model.config.lora, "seed": seed}
        )
        li.train(alone, train[name], seed=seed, config=CONFIG)
        ways = {TOGETHER: models[name], ALONE: alone, NONE: none.models[name]}
        found[name] = {way: right(one, corpus.test) for way, one in ways.items()}
    return found


def right(model: li.FusedModel, test: li.Corpus) -> Right:
    """Return which documents a model answers rightly."""
    assert model.labels is not None
    samples = test.samples(model.labels)
    return np.asarray(model.task.judge(model.predict(samples), samples) > 0)


def rows_of(setting: str, found: list[dict[str, Answered]]) -> list[Row]:
    """Return the rows of one setting: accuracies and paired gains, by task."""
    rows = []
    for name in found[0]:
        of_way = {way: np.stack([answered[name][way] for answered in found])
                  for way in found[0][name]}  # fmt: skip
        benchmark = f"multi-task, {name}, {setting} ({SIZES['num_train']} labels a task)"
        rows += [shown(benchmark, f"accuracy, {way}", x) for way, x in of_way.items()]
        for other in (ALONE, NONE):
            rows.append(gained(benchmark, f"gain, {TOGETHER} over {other}",
                               of_way[TOGETHER], of_way[other]))  # fmt: skip
    return rows


if __name__ == "__main__":
    main()
