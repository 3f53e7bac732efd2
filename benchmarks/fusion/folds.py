"""CommonsenseQA cross-validated: every question answered once by models trained on other folds.

Each choice stands before its question and is the first mention; ConceptNet-100K tells what links
them. The language model is frozen. Every fusion is measured beside its twins on the same questions;
the intervals are over questions and seeds, and take the models of different folds as alike.

The training settings were chosen by questions of the folds 1 and 2 held out from training, mostly
without knowledge, and the head and the order by those of folds 1 to 4. Fold 0 took no part, but for
the cosines of the untrained encoder, which were seen on all questions.

Runs are kept as they end in `runs/fusion-folds/`, so a call that was cut short goes on. Rows of
fusions that are not asked for stay as they are.

Run: python benchmarks/fusion/folds.py [--fusions neighbours interaction attention]
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from bench import Setting, nodes_of
from figures import RUNS, SEEDS, Right, Row, gained, renew, row, shown
from tasks.csqa import ANSWER, load, questions
from tasks.task import HELD_OUT, mention

import lichen as li
from lichen.training.twins import Kind

FOLDS = 5
TWINS: tuple[Kind, ...] = ("none", "shuffled")
CONFIG = li.TrainConfig(epochs=3, batch_size=32, learning_rate=3e-4, fusion_learning_rate=1e-3)
SETTINGS = {"head": "matched", "mentions": 8, "facts": 6}


def choice_first(doc: li.Document) -> li.Document:
    """Return a document with the choice before the question, as a whole the first mention."""
    question, choice = doc.text.rsplit(ANSWER, 1)
    start, shift = len(question) + len(ANSWER), len(choice) + len(". ")
    named = [m.entity for m in doc.mentions if m.span.start >= start]
    asked = [
        mention(m.span.start + shift, m.span.end + shift, m.entity)
        for m in doc.mentions
        if m.span.start < start
    ]
    first = mention(0, len(choice), named[0] if named else None)
    return replace(doc, text=f"{choice}. {question}", mentions=(first, *asked))


def folds_of(asked: Sequence[Sequence[li.Document]]) -> list[li.Corpus]:
    """Return for each fold all documents, its questions as the test split."""
    order = np.random.default_rng(HELD_OUT).permutation(len(asked))
    fold = {int(question): place % FOLDS for place, question in enumerate(order)}
    docs = [(fold[i], choice_first(doc)) for i, docs in enumerate(asked) for doc in docs]
    return [
        li.Corpus(tuple(replace(d, split="test" if at == k else "train") for at, d in docs))
        for k in range(FOLDS)
    ]


def answered(folder: Path, fusion: str, kind: str) -> Right:
    """Return which questions the kept runs answered right, `(seeds, questions)`, fold by fold."""
    places = [[folder / f"{k}/{fusion}-{kind}-{seed}.json" for k in range(FOLDS)] for seed in SEEDS]
    runs = [[json.loads(path.read_text(encoding="utf-8")) for path in found] for found in places]
    return np.array([[right for run in found for right in run["right"]] for found in runs]) > 0


def measure(fusions: list[str], folder: Path) -> list[Row]:
    """Train all fusions and twins on every fold, and return the rows."""
    task = load(seed=0, num_train=5, num_test=5)
    graph, nodes = task.graph, nodes_of(task, Setting())
    text = li.TextEncoder.load(device="cpu")
    leaks: Counter[str] = Counter()
    seconds: dict[str, list[float]] = {}
    corpora = folds_of(questions(graph))
    for k, corpus in enumerate(corpora):
        contest = li.Contest(
            text=text,
            nodes=nodes,
            graph=graph,
            corpora=[corpus],
            seeds=SEEDS,
            twins=TWINS,
            config=CONFIG,
            settings=SETTINGS,
            task="choose",
            group="question",
        )
        table = li.compare_fusions(contest, fusions=fusions, out=folder / str(k))
        print(f"fold {k}\n{table}\n", flush=True)
        for seed in SEEDS:
            place = folder / "pooled" / str(k) / f"none-none-{seed}.json"
            if not place.is_file():
                place.parent.mkdir(parents=True, exist_ok=True)
                right = answered_pooled(text, corpus, seed=seed)
                place.write_text(json.dumps({"right": right}), encoding="utf-8")
        leaks.update({leak.what: leak.count for leak in table.leaks})
        for s in table.standings:
            seconds.setdefault(s.fusion, []).append(s.train_s)
    return [*compared(folder, fusions, seconds), *told(leaks, len(corpora[0]))]


def answered_pooled(text: li.TextEncoder, corpus: li.Corpus, *, seed: int) -> list[float]:
    """Return which questions the usual head answers right without knowledge."""
    settings = {**SETTINGS, "head": "pooled", "group": "question", "seed": seed}
    model = li.FusedModel(text, None, fusion="none", task="choose", **settings)
    li.train(model, corpus.train, seed=seed, config=CONFIG)
    samples = model.task.samples(corpus.test)
    right: list[float] = model.task.judge(model.predict(samples), samples).tolist()
    return right


def compared(folder: Path, fusions: list[str], seconds: dict[str, list[float]]) -> list[Row]:
    """Return accuracies, and gains over the twins with what training costs."""
    none, pooled = (answered(place, "none", "none") for place in (folder, folder / "pooled"))
    name = f"CommonsenseQA, {FOLDS} folds, ConceptNet (n = {none.shape[1]:,})"
    rows = [
        shown(name, "questions right, none", none),
        gained(name, "gain of the head matched over pooled, both none", none, pooled),
    ]
    for fusion in fusions:
        fused, shuffled = (answered(folder, fusion, kind) for kind in ("fused", "shuffled"))
        cost = f"{np.mean(seconds[fusion]):.0f} s a fold"
        rows += [
            shown(name, f"questions right, {fusion} ({cost})", fused),
            gained(name, f"gain of {fusion} over none", fused, none),
            gained(name, f"gain of {fusion} over shuffled", fused, shuffled),
        ]
    return rows


def told(leaks: Counter[str], size: int) -> list[Row]:
    """Return what share of the documents each leak guard spoke of."""
    name = f"CommonsenseQA, {FOLDS} folds, leak guard"
    return [row(name, what, count / size, None) for what, count in sorted(leaks.items())]


def main() -> None:
    """Measure the fusions and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fusions", nargs="+", default=["neighbours", "interaction", "attention"])
    asked = parser.parse_args()
    renew("fusion-folds", measure(asked.fusions, RUNS / "fusion-folds"))


if __name__ == "__main__":
    main()
