"""Show one task on a screen: counts, coverage, examples with their facts, leaks, a sanity figure.

Run: python benchmarks/fusion/tasks/show.py NAME [--num-train 1000] [--num-test 500] [--seed 0]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from sklearn.linear_model import LogisticRegression

from lichen.data.corpus import Document
from lichen.data.graph import Graph
from lichen.data.leaks import corpus_leaks
from lichen.fusion.tasks.task import make_task
from lichen.lm.text_encoder import TextEncoder
from tasks import TASKS
from tasks.chinese import chinese_encoder, chinese_texts
from tasks.task import Task, coverage

FACTS = 4
"""Facts shown of an entity."""
LABELS = 12
"""Labels shown of a split."""


def main() -> None:
    """Load the task and print what it holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=list(TASKS))
    parser.add_argument("--num-train", type=int, default=1000)
    parser.add_argument("--num-test", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--examples", type=int, default=3)
    parser.add_argument("--fit", action=argparse.BooleanOptionalAction, default=True)
    given = parser.parse_args()
    start = time.perf_counter()
    task = TASKS[given.name](seed=given.seed, num_train=given.num_train, num_test=given.num_test)
    print(f"{task.name}: {task.graph}, {time.perf_counter() - start:.1f} s to load")
    print(task.note)
    for part in ("train", "valid", "test"):
        docs = task.corpus.split(part)
        counts = Counter(doc.label for doc in docs).most_common(LABELS)
        print(f"{part}: {len(docs)} documents, {dict(counts)}; {coverage(docs)}")
    for finding in corpus_leaks(task.corpus, graph=task.graph):
        print("leak guard:", finding)
    for doc in task.corpus.train.documents[: given.examples]:
        show(doc, task.graph)
    if given.fit:
        print(f"text vectors alone, logistic regression: {fitted(task):.3f} right")


def show(doc: Document, graph: Graph) -> None:
    """Print a document, its mentions and a few facts of what they are linked to."""
    print(f"\n[{doc.label}] {doc.text[:400]} ")
    for mention in doc.mentions[:8]:
        words = doc.text[mention.span.start : mention.span.end]
        if mention.entity is None:
            print(f"  {words!r}: NIL")
            continue
        is_end = (graph.triples[:, [0, 2]] == mention.entity).any(1)
        facts = [
            f"{graph.relation_text(r)} {graph.name(t)}"
            if h == mention.entity
            else f"(of {graph.name(h)}: {graph.relation_text(r)})"
            for h, r, t in graph.triples[is_end][:FACTS].tolist()
        ]
        print(f"  {words!r}: {graph.entities[mention.entity]}: {'; '.join(facts)}")


def fitted(task: Task) -> float:
    """Return the share of test questions that a logistic regression on text vectors gets right."""
    train, test = task.corpus.train, task.corpus.test
    is_chinese = task.language == "zh"
    encoder = chinese_encoder(chinese_texts()) if is_chinese else TextEncoder.load()
    x, z = (encoder.encode([doc.text for doc in docs]) for docs in (train, test))
    model = LogisticRegression(C=10.0, max_iter=2000).fit(x, [doc.label for doc in train])
    labels = task.corpus.labels()
    chances = np.zeros((len(test), len(labels)))
    chances[:, [labels.id(label) for label in model.classes_]] = model.predict_proba(z)
    asked = make_task("classify", labels=labels, group=task.group)
    return float(asked.judge(chances, test.samples(labels)).mean())


if __name__ == "__main__":
    main()
