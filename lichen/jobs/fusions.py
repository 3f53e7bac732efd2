"""Many fusions on one task, each beside its twins: who is worth having, at what cost.

One language model, one graph, one budget; every fusion is trained with its twins on the same
documents and seeds. Each run is kept as it ends, so a comparison that was cut short goes on.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from lichen.base.choose import choose
from lichen.base.errors import ConfigError, DataError
from lichen.base.progress import track
from lichen.data.corpus import Corpus
from lichen.data.graph import Graph
from lichen.data.leaks import Finding
from lichen.embedding.encoder import GraphEncoder
from lichen.evaluation.paired import Interval, bootstrap, permutation_test
from lichen.fusion import EVERY, FUSIONS
from lichen.fusion.config import require_settings
from lichen.fusion.model import FusedModel
from lichen.fusion.parts import require_links
from lichen.fusion.tasks.task import make_task
from lichen.jobs.guards import divide_labelled, leaks_between, require_folds, require_seeds
from lichen.jobs.ranking import FusionTable, Standing
from lichen.lm.text_encoder import TextEncoder
from lichen.training.config import TrainConfig
from lichen.training.hashes import corpus_hash, graph_hash
from lichen.training.lasting import lasting
from lichen.training.loop import train
from lichen.training.predict import lost_mentions
from lichen.training.twins import KINDS, Kind, untrained_twin


@dataclass(frozen=True, kw_only=True)
class Contest:
    """What all fusions are compared on.

    Raises:
        ChoiceError: no such setting, or one of a fusion that does not exist.
        ConfigError: there are fewer than three seeds, or one twice.
        DataError: the corpora are not one a seed, their test documents differ, a label is not
            among the training documents, or no mention is linked.
    """

    text: TextEncoder
    nodes: GraphEncoder
    graph: Graph
    corpora: Sequence[Corpus]
    """Linked documents with the splits train and test: one corpus for all seeds, or one each
    with the same test documents."""
    seeds: tuple[int, ...] = (0, 1, 2)
    twins: tuple[Kind, ...] = ("none", "shuffled", "count")
    config: TrainConfig = field(default_factory=TrainConfig)
    settings: dict[str, Any] = field(default_factory=dict)
    """Further arguments of `FusedModel` that all share, such as `mentions` or `head`."""
    special: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Settings of single fusions that differ from those, such as `at` or `facts`."""
    task: str = "classify"
    """What is asked of the documents: a key of `lichen.fusion.tasks.TASKS`."""
    group: str | None = None
    """Key of `meta` that the documents of one question share; the answer is then the one most
    likely labelled "right". None: every document is a question of its own."""
    folds: int | None = None
    """Into how many folds the training documents are divided: each is answered by models trained
    on the others, and test documents are not looked at. None compares on the test documents."""
    together: str | None = None
    """Key of `meta` whose equal values stay in one fold, such as the fact that several texts tell;
    None is `group`. Only beside `folds`."""

    def __post_init__(self) -> None:
        """Refuse what cannot be compared."""
        require_seeds("seeds", self.seeds)
        if len(self.corpora) not in (1, len(self.seeds)):
            raise DataError(
                f"corpora must be one, or one for each of {len(self.seeds)} seeds; got "
                f"{len(self.corpora)}."
            )
        if self.folds is None and len({tuple(d.id for d in c.test) for c in self.corpora}) != 1:
            raise DataError("corpora must have the same test documents; they differ.")
        for name in self.special:
            choose("special", name, FUSIONS)
            require_settings(f"a setting of special[{name!r}]", self.special[name], more=("at",))
        require_settings("a setting", self.settings, more=("at",))
        require_folds("", self.folds, self.together)
        if self.folds is not None:
            if len(self.corpora) != 1:
                raise DataError(
                    f"corpora must be one where folds are compared; got {len(self.corpora)}."
                )
            self.rounds  # noqa: B018 - each checks itself
            return
        asked = make_task(self.task, group=self.group)
        for corpus in self.corpora:
            asked.learnt(corpus)
            asked.require_apart(corpus.train, corpus.test)
            require_links("train", corpus.train)
            require_links("test", corpus.test)

    @cached_property
    def parts(self) -> tuple[str, float, str]:
        """Return what tells these parts from others: language model, vectors, facts."""
        total = self.nodes.vectors().detach().double().sum().item()
        return self.text.fingerprint, total, graph_hash(self.graph)

    @cached_property
    def rounds(self) -> tuple[Contest, ...]:
        """Return a contest for each fold, or where there are none this one."""
        if self.folds is None:
            return (self,)
        shown = self.corpora[0].train
        divided = divide_labelled(shown, self.folds, group=self.group, together=self.together)
        return tuple(
            replace(self, corpora=[corpus], folds=None, together=None) for corpus in divided
        )

    def trained_on(self) -> Corpus:
        """Return the training documents of all seeds, each once."""
        return Corpus(tuple({doc.id: doc for c in self.corpora for doc in c.train}.values()))

    def corpus(self, seed: int) -> Corpus:
        """Return the documents of a seed."""
        return self.corpora[self.seeds.index(seed) if len(self.corpora) > 1 else 0]

    def model(self, fusion: str, kind: Kind, seed: int) -> FusedModel:
        """Build one contestant, untrained."""
        labels = make_task(self.task, group=self.group).learnt(self.corpora[0])
        settings = {**self.settings, **self.special.get(fusion, {}), "seed": seed}
        whole = FusedModel(
            self.text,
            self.nodes,
            fusion=fusion,
            task=self.task,
            labels=labels,
            group=self.group,
            graph=self.graph,
            **settings,
        )
        return whole if kind == "fused" else untrained_twin(whole, kind, seed)


def require_fusions(key: str, names: Sequence[str]) -> None:
    """Refuse what is no list of fusions to compare.

    Raises:
        ChoiceError: no such fusion, or it reads no knowledge.
        ConfigError: there is none, or one is named twice.
    """
    for name in names:
        choose(key, name, dict.fromkeys(EVERY))
    if not names or len(set(names)) != len(names):
        raise ConfigError(
            f"{key} must be some of {', '.join(EVERY)}, each once; got {list(names)}. Name one or "
            "more."
        )


def compare_fusions(
    contest: Contest,
    *,
    fusions: Sequence[str] = EVERY,
    out: str | Path | None = None,
) -> FusionTable:
    """Train every fusion with its twins, and rank them by what their knowledge was worth.

    Use with `folds` to choose a fusion by the training documents alone, and without to measure
    on test documents what was chosen before.

    Args:
        contest: the parts, documents, seeds and budget that all share.
        fusions: some of `lichen.fusion.EVERY`; the twin without knowledge is none of them.
        out: folder to keep each run's figures in; a later call goes on from there. None keeps
            nothing.

    Returns:
        Scores, differences with intervals and p-values, costs, and what the leak guards found.

    Raises:
        ChoiceError: no such fusion or twin.
        ConfigError: there is no fusion or one twice, or a setting or the language model does not
            suit one.
    """
    require_fusions("fusions", fusions)
    for kind in contest.twins:
        choose("twins", kind, KINDS)
    for name, kind, seed in _wanted(contest, fusions):
        if seed == contest.seeds[0]:
            contest.rounds[0].model(
                name, kind, seed
            )  # what cannot be built must not stop a later run
    records = _records(contest, fusions, None if out is None else Path(out))
    none = _scores(records["none", "none"]) if "none" in contest.twins else ()
    return FusionTable(
        standings=tuple(_standing(contest, name, records) for name in fusions),
        none=none,
        seeds=contest.seeds,
        num_examples=len(next(iter(records.values()))[0]["right"]),
        leaks=_leaks(contest),
        lost=_lost(contest, fusions),
    )


@lasting()
def _records(
    contest: Contest, fusions: Sequence[str], out: Path | None
) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Return the figures of every run by fusion and kind, one a seed."""
    found: dict[tuple[str, str], dict[int, list[dict[str, Any]]]] = {}
    runs = [(at, *run) for at in range(len(contest.rounds)) for run in _wanted(contest, fusions)]
    for at, fusion, kind, seed in track(runs, what="training"):
        folder = out
        if out is not None and contest.folds is not None:
            folder = out / f"fold-{at}"
        record = _record(contest.rounds[at], fusion, kind, seed, folder=folder)
        found.setdefault((fusion, kind), {}).setdefault(seed, []).append(record)
    return {run: [_joined(parts) for parts in of.values()] for run, of in found.items()}


def _joined(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures of one seed's rounds as those of one run."""
    times = ("train_s", "read_s", "predict_s")
    return {
        **records[0],
        "right": [right for record in records for right in record["right"]],
        **{key: float(np.mean([record[key] for record in records])) for key in times},
    }


def _leaks(contest: Contest) -> tuple[Finding, ...]:
    """Return what the leak guards find, of all rounds together."""
    found: dict[str, Finding] = {}
    total = sum(len(part.corpora[0].test) for part in contest.rounds)
    for part in contest.rounds:
        for leak in leaks_between(part.trained_on(), part.corpora[0].test, graph=part.graph):
            before = found.get(leak.what, replace(leak, count=0, examples=()))
            found[leak.what] = replace(
                leak,
                count=before.count + leak.count,
                total=total,
                examples=before.examples or leak.examples,
            )
    return tuple(found.values())


def _wanted(contest: Contest, fusions: Sequence[str]) -> Iterator[tuple[str, Kind, int]]:
    """Yield every run once: the twin without knowledge is the same for all fusions."""
    for seed in contest.seeds:
        if "none" in contest.twins:
            yield "none", "none", seed
        for fusion in fusions:
            yield fusion, "fused", seed
            for kind in contest.twins:
                if kind != "none":
                    yield fusion, kind, seed


def _record(
    contest: Contest,
    fusion: str,
    kind: Kind,
    seed: int,
    *,
    folder: Path | None,
) -> dict[str, Any]:
    """Return a run's figures: those kept from before, or fresh ones."""
    model = contest.model(fusion, kind, seed)
    corpus = contest.corpus(seed)
    spec = _spec(contest, model, corpus)
    path = None if folder is None else folder / f"{fusion}-{kind}-{seed}.json"
    if path is not None and path.is_file():
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if kept["spec"] == spec:
            return kept
    config = replace(contest.config, report_to="none")
    run = train(model, corpus.train, seed=seed, config=config)
    started = time.perf_counter()
    samples = corpus.test.samples(model.labels or corpus.labels())
    right = model.task.judge(model.predict(samples), samples)
    record = {
        "spec": spec,
        "right": right.tolist(),
        "train_s": round(run.metrics["train_s"], 3),
        "read_s": round(run.metrics["read_s"], 3),
        "predict_s": round(time.perf_counter() - started, 3),
        "parameters": sum(p.numel() for p in model.parameters() if p.requires_grad),
    }
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(record) + "\n", encoding="utf-8")
    return record


def _spec(contest: Contest, model: FusedModel, corpus: Corpus) -> str:
    """Return a hash of all that a run's figures depend on."""
    names = (
        "fusion",
        "at",
        "labels",
        "entities",
        *(["task"] if contest.task != "classify" else []),
    )
    config = {k: getattr(model.config, k) for k in names}
    parts = (
        config | model.config.settings(),
        asdict(contest.config),
        *contest.parts,
        corpus_hash(corpus.train),
        corpus_hash(corpus.test),
        contest.group,
        *([] if model.fusion.READING == 1 else [model.fusion.READING]),
    )
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def _lost(contest: Contest, fusions: Sequence[str]) -> tuple[str, ...]:
    """Return what is not looked at of the test documents, fusions that are alike in one line."""
    alike: dict[str, list[str]] = {}
    tested = Corpus(tuple(doc for part in contest.rounds for doc in part.corpora[0].test))
    for fusion in fusions:
        model = contest.rounds[0].model(fusion, "fused", contest.seeds[0])
        samples = model.task.samples(tested)
        alike.setdefault(str(lost_mentions(model, samples)), []).append(fusion)
    return tuple(f"{', '.join(names)}: {line}" for line, names in alike.items() if line)


def _scores(records: Sequence[dict[str, Any]]) -> tuple[float, ...]:
    return tuple(float(np.mean(r["right"])) for r in records)


def _standing(
    contest: Contest, fusion: str, found: dict[tuple[str, str], list[dict[str, Any]]]
) -> Standing:
    mine = found[fusion, "fused"]
    right = np.array([r["right"] for r in mine], dtype=float)
    gains: dict[str, Interval] = {}
    p_values: dict[str, float] = {}
    scores: dict[str, tuple[float, ...]] = {}
    for kind in contest.twins:
        theirs = found["none" if kind == "none" else fusion, kind]
        other = np.array([r["right"] for r in theirs], dtype=float)
        gains[kind] = bootstrap(right, other)
        p_values[kind] = permutation_test(right, other)
        scores[kind] = _scores(theirs)
    return Standing(
        fusion=fusion,
        scores=_scores(mine),
        twin_scores=scores,
        gains=gains,
        p_values=p_values,
        num_trained=int(mine[0]["parameters"]),
        read_s=float(np.mean([r["read_s"] for r in mine])),
        train_s=float(np.mean([r["train_s"] for r in mine])),
        predict_s=float(np.mean([r["predict_s"] for r in mine])),
    )
