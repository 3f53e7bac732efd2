"""Every fusion on every task of the bench, each beside its twins: no, shuffled, counted knowledge.

A wide bench: the language model stays frozen, training documents are few, every run takes seconds.
Runs are kept as they end in `runs/fusion-bench/`, so a call that was cut short goes on. Fusions
that are not asked for stay in the row as they were measured, each beside twins of its own run,
where settings are the same and scores without knowledge differ by rounding alone.

Run: python benchmarks/fusion/bench.py [--tasks sst2 wsd ...] [--fusions gate add ...]
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "embedding"))

from runs import commit, machine
from tasks import TASKS
from tasks.chinese import chinese_encoder, chinese_texts
from tasks.task import Task

import lichen as li
from lichen.base.manifest import kind_of
from lichen.evaluation.paired import Interval
from lichen.fusion import EVERY
from lichen.jobs.fusions import Contest, compare_fusions
from lichen.jobs.ranking import FusionTable, Standing

ROOT = Path(__file__).resolve().parents[2]
RUNS = ROOT / "runs" / "fusion-bench"
ROWS = ROOT / "benchmarks" / "rows" / "fusion"
SEEDS = (0, 1, 2)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How a task is run: sizes by machine time; what was looked at is in the lab notes."""

    num_train: int = 250
    num_test: int = 700
    epochs: int = 15
    mentions: int = 8
    facts: int = 6
    hops: int = 1
    select: str = "specific"
    head: str = "pooled"
    task: str = "classify"
    """What is asked: "choose" trains the documents of a question beside each other."""
    is_balanced: bool = False
    """Draw as many documents of each label as the rarest has."""
    special: dict[str, dict[str, Any]] = field(default_factory=dict)
    embed: dict[str, Any] = field(default_factory=dict)
    dim: int = 64


ROUNDING = 0.01
"""Most by which a seed's score without knowledge may differ where processors round differently."""
METRICS = {"classify": "accuracy", "tag": "F1 of a sentence's spans"}
"""What is counted, by what is asked."""
SETTINGS: dict[str, Setting] = {
    "sst2": Setting(num_train=150, num_test=1500),
    "absa": Setting(num_test=1500),
    "phrasebank": Setting(num_train=150, num_test=1200),
    "fewrel": Setting(num_train=320, num_test=1500, mentions=2),
    "semeval2010": Setting(num_test=2000, mentions=2),
    "finre": Setting(num_train=500, mentions=2),
    "wsd": Setting(num_train=800, num_test=3000, epochs=8, mentions=1),
    "csqa": Setting(num_train=1500, num_test=2500, epochs=6, head="pairs", mentions=6, facts=4),
    "ner": Setting(num_train=600, num_test=1500, task="tag", head="token"),
    "cdr": Setting(num_train=700, num_test=2500, mentions=2, is_balanced=True),
    "atlas": Setting(num_train=1000, num_test=900, epochs=8, mentions=2, head="pairs", dim=96),
    "umls": Setting(num_train=800, num_test=1200, epochs=8, mentions=2, head="pairs"),
}
"""Settings that differ from the defaults, by task."""


def nodes_of(task: Task, setting: Setting) -> li.GraphEncoder:
    """Return the task's entity vectors, trained once and kept."""
    folder = RUNS / task.name / "nodes"
    encoder = li.GraphEncoder("complex", task.graph, dim=setting.dim)
    if kind_of(folder) is not None:
        kept = li.GraphEncoder.load(folder)
        if list(kept.entities) == list(task.graph.entities) and kept.dim == setting.dim:
            return kept
    wanted = {"epochs": 12, "n3": 0.03, "candidates": "sampled", "hide_known": False}
    config = li.EmbeddingConfig(**{**wanted, **setting.embed})
    trained: li.GraphEncoder = li.train(encoder, task.graph, config=config).model
    trained.save(folder)
    return trained


def balanced(corpus: li.Corpus) -> li.Corpus:
    """Return in each split the first documents of each label, as many as the rarest label has."""
    kept: list[li.Document] = []
    for split in sorted({str(doc.split) for doc in corpus}):
        docs = list(corpus.split(split))
        by_label: dict[str | None, list[li.Document]] = {}
        for doc in docs:
            by_label.setdefault(doc.label, []).append(doc)
        fewest = min(len(found) for found in by_label.values())
        chosen = {doc.id for found in by_label.values() for doc in found[:fewest]}
        kept += [doc for doc in docs if doc.id in chosen]
    return li.Corpus(tuple(kept))


def with_one_answer(corpus: li.Corpus, group: str) -> li.Corpus:
    """Return the corpus without the further right choices of training questions.

    A word of Raganato's texts may have several right senses; the first is trained on, and any
    counts when tested.
    """
    answered: set[str] = set()
    kept: list[li.Document] = []
    for doc in corpus:
        question = doc.meta[group]
        is_answer = doc.split != "test" and doc.label == "right"
        if not (is_answer and question in answered):
            kept.append(doc)
        if is_answer:
            answered.add(question)
    return li.Corpus(tuple(kept))


def text_of(task: Task) -> li.TextEncoder:
    """Return the packaged encoder, or one pretrained on the training texts of the Chinese tasks."""
    if task.language == "en":
        return li.TextEncoder.load(device="cpu")
    return chinese_encoder(chinese_texts())


def short(text: li.TextEncoder) -> dict[str, dict[str, Any]]:
    """Return what keeps a run short: fewer facts as words, one layer for the entities' tokens."""
    return {"input": {"facts": 2}, "entity_tokens": {"at": text.num_layers - 1}}


def contest_of(name: str, setting: Setting) -> tuple[Task, Contest]:
    """Return a task as the first seed draws it, and what its fusions are compared on."""
    sizes = {"num_train": setting.num_train, "num_test": setting.num_test}
    tasks = [TASKS[name](seed=seed, **sizes) for seed in SEEDS]
    if setting.is_balanced:
        tasks = [replace(task, corpus=balanced(task.corpus)) for task in tasks]
    if setting.task == "choose":
        tasks = [replace(t, corpus=with_one_answer(t.corpus, str(t.group))) for t in tasks]
    first = tasks[0]
    text = text_of(first)
    return first, Contest(
        text=text,
        nodes=nodes_of(first, setting),
        graph=first.graph,
        corpora=[task.corpus for task in tasks],
        seeds=SEEDS,
        config=li.TrainConfig(
            epochs=setting.epochs,
            batch_size=32,
            learning_rate=1e-3,
            fusion_learning_rate=1e-3,
        ),
        settings={k: getattr(setting, k) for k in ("mentions", "facts", "hops", "select", "head")},
        special={**short(text), **setting.special},
        task=setting.task,
        group=first.group,
    )


def measured_before(path: Path, table: FusionTable, setting: Setting) -> list[Standing]:
    """Return the standings of a row that the table lacks and that compare with its own."""
    if not path.exists():
        return []
    row = json.loads(path.read_text(encoding="utf-8"))
    settings = asdict(Setting()) | row["settings"]  # what it does not name had its default
    apart = max(abs(a - b) for a, b in zip(row["none"], table.none, strict=True))
    if settings != asdict(setting) or apart > ROUNDING:
        print(f"{path.name}: settings or scores without knowledge differ; its fusions are dropped")
        return []
    told = {field.name for field in fields(Standing)}
    have = {standing.fusion for standing in table.standings}
    return [
        Standing(
            **{key: value for key, value in said.items() if key in told - {"gains"}},
            gains={twin: Interval(**gain) for twin, gain in said["gains"].items()},
        )
        for said in row["standings"]
        if said["fusion"] not in have
    ]


def measure(name: str, fusions: list[str]) -> tuple[FusionTable, dict[str, Any]]:
    """Run a task, or read back what is kept; return its table and its row."""
    setting = SETTINGS.get(name, Setting())
    first, contest = contest_of(name, setting)
    table = compare_fusions(contest, fusions=fusions, out=RUNS / name)
    before = measured_before(ROWS / f"{name}.json", table, setting)
    table = replace(table, standings=(*table.standings, *before))
    row = {
        "task": name,
        "note": first.note,
        "language": first.language,
        "graph": repr(first.graph),
        "metric": METRICS[setting.task] if first.group is None else "questions right",
        **table.to_json(),
        "settings": asdict(setting),
        "machine": machine(),
        "commit": commit(),
    }
    return table, row


def main() -> None:
    """Measure the tasks asked for, print each table and write its row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", nargs="+", default=list(TASKS), choices=list(TASKS))
    parser.add_argument("--fusions", nargs="+", default=list(EVERY))
    asked = parser.parse_args()
    ROWS.mkdir(parents=True, exist_ok=True)
    for name in asked.tasks:
        table, row = measure(name, asked.fusions)
        print(f"== {name}\n{table}\n", flush=True)
        path = ROWS / f"{name}.json"
        path.write_text(json.dumps(row, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
