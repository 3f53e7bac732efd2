"""What the knowledge was worth: from a run and test documents to its twins and the difference.

Twins are trained on the same documents, under the same configuration and seeds: *none* has no
knowledge, in *shuffled* another entity stands for each.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import count

import numpy as np
from numpy.typing import NDArray

from lichen.base import check
from lichen.base.errors import ConfigError, DataError
from lichen.base.progress import track
from lichen.data.corpus import Corpus, Sample
from lichen.data.graph import Graph
from lichen.data.leaks import graph_leaks
from lichen.data.vocabulary import Vocabulary
from lichen.evaluation.calibration import calibration_error, reliability
from lichen.evaluation.classification import accuracy, macro_f1
from lichen.evaluation.paired import bootstrap, mcnemar, permutation_test
from lichen.fusion.model import FusedModel
from lichen.fusion.parts import require_links
from lichen.fusion.tasks.task import Table
from lichen.jobs.guards import as_splits, leaks_between, require_seeds, require_twins
from lichen.jobs.worth import ALL, FUSED, Comparison, System, Uplift
from lichen.training.joined import ALONE, teachers
from lichen.training.lasting import lasting
from lichen.training.multitask import TaskRun
from lichen.training.predict import chances_of, lost_mentions
from lichen.training.run import Run
from lichen.training.twins import Kind, require_teachers, twin

FEWEST_IN_BAND = 10
"""Predictions that a band of confidence needs to be drawn."""
TIMED = 200
"""Documents on which inference is timed."""
UNREAD = count(1)
"""How many spaces make a text one that was not read before."""

Chances = NDArray[np.float64]


def uplift(
    run: Run[FusedModel],
    test: Corpus,
    *,
    seeds: Sequence[int] = (0, 1, 2),
    twins: Sequence[Kind] = ("none", "shuffled"),
    by: str = "kind",
    graph: Graph | None = None,
    level: float = 0.95,
) -> Uplift:
    """Train a run's twins and say what its knowledge was worth on test documents.

    For every seed the run's own recipe is fitted, its twin without knowledge and its twin with
    shuffled knowledge; the run itself counts for the seed it has. All are scored on the same
    documents, and differences are paired by document.

    Use when the test documents have not been looked at; each twin costs another run a seed.

    Args:
        run: finished, of a `FusedModel` with a graph encoder, or with facts or a teacher `beside`.
        test: labelled, linked documents that the run was not trained on; of task "choose" a
            question is one example, and its choices are the classes.
        seeds: at least three, distinct.
        twins: what to compare with.
        by: the `meta` key by which documents are also scored in groups.
        graph: the graph whose facts the run knows; with it the leak guards look at it too.
        level: of the confidence intervals.

    Returns:
        Scores, differences with intervals and p-values, costs and leak findings.

    Raises:
        ConfigError: seeds, twins or task do not fit, or a teacher is a model and no run.
        DataError: a test document has no label or an untrained one, or no mention is linked.
    """
    require_seeds("uplift.seeds", seeds)
    require_twins("uplift.twins", twins)
    labels = _labels(run, test)
    samples = test.samples(labels)
    runs, tables = _fit(run, samples, seeds=seeds, twins=twins)
    _, truth, first = tables[FUSED][0]
    chances = {kind: np.stack([table.chances for table in tables[kind]]) for kind in tables}
    groups = _groups(Corpus(tuple(test[i] for i in first.tolist())), by)
    return Uplift(
        systems=tuple(
            _system(kind, runs[kind], chances[kind], truth, samples, level=level)
            for kind in chances
        ),
        comparisons=tuple(
            _compare(kind, group, chances, truth, rows=rows, level=level)
            for group, rows in groups.items()
            for kind in twins
        ),
        seeds=tuple(int(s) for s in seeds),
        level=level,
        chance=float(np.bincount(truth).max() / len(truth)),
        leaks=_leaks(run, test, graph, _groups(test, by)),
        lost=str(lost_mentions(run.model, samples)) or None,
        settings=_settings(run, test),
    )


@lasting()
def _fit(
    run: Run[FusedModel], samples: Sequence[Sample], *, seeds: Sequence[int], twins: Sequence[Kind]
) -> tuple[dict[str, list[Run[FusedModel]]], dict[str, list[Table]]]:
    """Return the runs of each kind and what they answered, one a seed."""
    if any(kind != FUSED for kind in twins):
        require_teachers(run.beside)
    wanted: list[tuple[Kind, int]] = [(k, s) for k in (FUSED, *twins) for s in seeds]
    runs: dict[str, list[Run[FusedModel]]] = {}
    answered: dict[str, list[Table]] = {}
    for kind, seed in track(wanted, what="training twins"):
        is_run = kind == FUSED and seed == run.seed
        fitted = run if is_run else twin(run, kind, seed)
        runs.setdefault(kind, []).append(fitted)
        table = fitted.model.task.table(chances_of(fitted.model, samples), samples)
        answered.setdefault(kind, []).append(table)
    return runs, answered


def _labels(run: Run[FusedModel], test: Corpus) -> Vocabulary:
    """Return the classes of a run that can be compared on some documents; refuse others."""
    model = run.model if isinstance(run, Run) else None
    if not isinstance(model, FusedModel) or model.labels is None:
        came = type(run).__name__ if model is None else f"one of {type(model).__name__}"
        raise ConfigError(
            f"uplift.run must be a finished run of a FusedModel; got {came}. Pass what "
            "train(FusedModel(...), data) gave."
        )
    _check_test(run, test)
    return model.labels


def _check_test(run: Run[FusedModel], test: Corpus) -> None:
    assert isinstance(run.data, Corpus)
    check.kind("uplift.test", test, Corpus, fix="Pass Corpus(tuple(documents)).")
    if not run.model.task.READS_LABEL:
        raise ConfigError(
            "uplift.run must be a run of task 'classify' or 'choose', since classes are compared; "
            f"got {run.model.config.task!r}. Compare fusions on that task by a recipe: `lichen "
            "uplift recipe.toml`, or compare_fusions."
        )
    run.model.task.require_apart(run.data, test)
    if not len(test):
        raise DataError("uplift.test must hold at least one document; got none.")
    name = run.name if isinstance(run, TaskRun) else ALONE
    if name in teachers(run.beside):  # which says the classes, where texts say none
        replace(run.model.task, labels=run.model.labels).classes(test, need_all=False)
    else:
        run.model.task.learnt(as_splits(run.data, test))
    for doc in test:
        if doc.label is None:
            raise DataError(f"uplift.test: every document must have a label; {doc.id!r} has none.")
    require_links("uplift.run", run.data, fusion=run.model.config.fusion)
    require_links("uplift.test", test, fusion=run.model.config.fusion)


def _groups(test: Corpus, by: str) -> dict[str, NDArray[np.int64]]:
    """Return the rows of all documents, then of each group when there are several."""
    groups = {ALL: np.arange(len(test))}
    names = [doc.meta.get(by, "") for doc in test]
    found = sorted(set(names))
    if len(found) > 1:
        for name in found:
            groups[name or "(none)"] = np.array([i for i, n in enumerate(names) if n == name])
    return groups


def _system(
    name: str,
    runs: Sequence[Run[FusedModel]],
    chances: Chances,
    truth: NDArray[np.int64],
    samples: Sequence[Sample],
    *,
    level: float,
) -> System:
    guesses = chances.argmax(axis=2)
    right = guesses == truth
    model = runs[0].model
    return System(
        name=name,
        accuracy=tuple(accuracy(truth, g) for g in guesses),
        interval=bootstrap(right, np.zeros_like(right), level=level),
        macro_f1=tuple(macro_f1(truth, g) for g in guesses),
        calibration_error=tuple(calibration_error(c, truth) for c in chances),
        reliability=_bands(chances, truth),
        num_parameters=sum(p.numel() for p in model.parameters()),
        num_trained=sum(p.numel() for p in model.parameters() if p.requires_grad),
        train_s=float(np.mean([r.metrics.get("train_s", np.nan) for r in runs])),
        predict_s=_predict_s(runs[0], samples),
    )


def _bands(chances: Chances, truth: NDArray[np.int64]) -> tuple[tuple[float, float], ...]:
    num_seeds, _, num_classes = chances.shape
    pooled = chances.reshape(-1, num_classes)
    found = reliability(pooled, np.tile(truth, num_seeds), bins=20)
    filled = found.num_examples >= FEWEST_IN_BAND
    pairs = zip(found.confidence[filled], found.accuracy[filled], strict=True)
    return tuple((float(said), float(right)) for said, right in pairs)


def _predict_s(run: Run[FusedModel], samples: Sequence[Sample]) -> float:
    """Return the seconds for 1,000 documents whose text was not read before.

    Trailing spaces change no word, and the language model has kept no states of such a text.
    """
    spaces = " " * next(UNREAD)
    fresh = [s._replace(text=s.text + spaces) for s in samples[:TIMED]]
    started = time.perf_counter()
    chances_of(run.model, fresh)
    return (time.perf_counter() - started) * 1000 / len(fresh)


def _compare(
    kind: str,
    group: str,
    chances: dict[str, Chances],
    truth: NDArray[np.int64],
    *,
    rows: NDArray[np.int64],
    level: float,
) -> Comparison:
    right = {name: (chances[name][:, rows].argmax(axis=2) == truth[rows]) for name in (FUSED, kind)}
    fused, other = right[FUSED], right[kind]
    return Comparison(
        twin=kind,
        group=group,
        num_examples=len(rows),
        fused=float(fused.mean()),
        other=float(other.mean()),
        gain=bootstrap(fused, other, level=level),
        p_value=permutation_test(fused, other),
        mcnemar=tuple(mcnemar(f, o) for f, o in zip(fused, other, strict=True)),
    )


def _leaks(
    run: Run[FusedModel], test: Corpus, graph: Graph | None, groups: dict[str, NDArray[np.int64]]
) -> tuple[str, ...]:
    """Run the leak guards on each group of documents, or on all when there is one group."""
    assert isinstance(run.data, Corpus)
    said = [] if graph is None else [str(finding) for finding in graph_leaks(graph)]
    for name, rows in groups.items():
        if name == ALL and len(groups) > 1:
            continue
        asked = Corpus(tuple(test[i] for i in rows.tolist()))
        found = leaks_between(run.data, asked, graph=graph)
        said += [f"{finding}" if name == ALL else f"{name}: {finding}" for finding in found]
    return tuple(said)


def _settings(run: Run[FusedModel], test: Corpus) -> dict[str, str]:
    config = run.model.config
    said = {
        "fusion": config.fusion,
        "at": config.at,
        "language model": run.model.text.name,
        "training documents": len(run.data) if isinstance(run.data, Corpus) else 0,
        "test documents": len(test),
        **{f"train.{key}": value for key, value in asdict(run.config).items()},
    }
    return {key: str(value) for key, value in said.items()}
