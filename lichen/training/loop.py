"""A model and data to a run: one call for graph encoders and for fused models."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, overload

from lichen.base.errors import ConfigError, LichenError
from lichen.base.paths import require_folder
from lichen.data.corpus import Corpus
from lichen.data.graph import Graph
from lichen.data.vocabulary import Vocabulary
from lichen.embedding.calibrate import CALIBRATION
from lichen.embedding.checkpoint import remove_checkpoint
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.processes import train_in_processes
from lichen.fusion.model import FusedModel
from lichen.fusion.parts import require_links
from lichen.training.config import TrainConfig, require_run
from lichen.training.folder import RunFolder, save_run
from lichen.training.hashes import corpus_hash
from lichen.training.joined import (
    ALONE,
    Joined,
    joined,
    require_joined,
    require_kept,
    save_joined,
    teachers,
)
from lichen.training.learning import Learning
from lichen.training.processes import Job, fit_job, require_run_shared
from lichen.training.reporters import require_reporter
from lichen.training.run import TRAIN, VALID, Run, write_record
from lichen.training.teacher import Teacher, with_labels


@overload
def train(
    model: FusedModel,
    data: Corpus,
    *,
    valid: Corpus | None = None,
    beside: Joined | Sequence[Joined] | None = None,
    out: str | Path | None = None,
    seed: int | None = None,
    config: TrainConfig | None = None,
    processes: int = 1,
) -> Run[FusedModel]: ...
@overload
def train(
    model: GraphEncoder,
    data: Graph,
    *,
    valid: None = None,
    beside: None = None,
    out: str | Path | None = None,
    seed: int | None = None,
    config: EmbeddingConfig | None = None,
    processes: int = 1,
) -> Run[GraphEncoder]: ...
def train(
    model: Any,
    data: Any,
    *,
    valid: Corpus | None = None,
    beside: Joined | Sequence[Joined] | None = None,
    out: str | Path | None = None,
    seed: int | None = None,
    config: Any = None,
    processes: int = 1,
) -> Run[Any]:
    """Train a graph encoder on a graph, or a fused model on a corpus, in place.

    Args:
        model: a `GraphEncoder` or a `FusedModel`.
        data: a `Graph` for the first; for the second a `Corpus` of labelled, linked documents.
        valid: documents to measure accuracy on at the end.
        beside: what is learned with the task, one or several: `Beside` (such as masked words),
            `Consistency`, `Teacher` (then documents may lack a label).
        out: folder for the run: settings, versions, data, figures, checkpoints, model. A run
            that was cut short goes on from its last checkpoint when called again; one of a fused
            model that is finished is read back, and a graph encoder is trained anew.
        seed: of the order of samples and of dropout, not of the model's start; None takes that
            of an `EmbeddingConfig`, which a number replaces, or 0.
        config: an `EmbeddingConfig` or a `TrainConfig`; None takes the defaults.
        processes: how many share the training; a script that asks for more than one must stand
            under `if __name__ == "__main__":`.

    Returns:
        The run.

    Raises:
        DataError: the data is empty, a label is missing or unknown, there is one class only, no
            mention is linked to an entity that the fusion could read, or `beside` has no data.
        ConfigError: model, data and config do not belong together, `out` holds another run or is
            a file, or reporter, `seed`, `beside` or `processes` do not fit.
        ChoiceError: there is no such reporter.
        LichenError: the loss is no number any more, or a process died.
    """
    if isinstance(model, GraphEncoder) and isinstance(data, Graph):
        _refuse(valid, beside)
        embed = EmbeddingConfig() if config is None else config
        require_run("train", embed, EmbeddingConfig, seed or 0)
        embed = embed if seed is None else replace(embed, seed=seed)
        return _train_nodes(model, data, out=out, config=embed, processes=processes)
    if isinstance(model, FusedModel) and isinstance(data, Corpus):
        run = Run(
            model=model,
            data=data,
            valid=valid,
            beside=joined(beside),
            config=TrainConfig() if config is None else config,
            seed=0 if seed is None else seed,
            out=None if out is None else Path(out),
        )
        return train_fused(run, processes=processes)
    raise ConfigError(
        "train: a GraphEncoder takes a Graph, a FusedModel takes a Corpus; got "
        f"{type(model).__name__} and {type(data).__name__}."
    )


def _refuse(*given: object) -> None:
    """Refuse what only a fused model is trained with."""
    if any(x is not None for x in given):
        raise ConfigError(
            "train: valid and beside must be None for a GraphEncoder; its validation facts are "
            "those of the graph's split 'valid'. Leave them out."
        )


def _train_nodes(
    model: GraphEncoder,
    data: Graph,
    *,
    out: str | Path | None,
    config: EmbeddingConfig,
    processes: int,
) -> Run[GraphEncoder]:
    checkpoint = None if out is None else Path(out) / "checkpoint"
    if out is not None:
        require_folder(Path(out))
    report = train_in_processes(
        model, data, processes=processes, config=config, checkpoint=checkpoint
    )
    metrics = {"epochs": float(report.epochs), "train_s": report.seconds}
    if report.losses:
        metrics["loss"] = report.losses[-1]
    if report.valid_mrr:
        metrics["valid_mrr"] = max(report.valid_mrr)
    if out is not None:  # an earlier run's says nothing of these vectors
        (Path(out) / CALIBRATION).unlink(missing_ok=True)
    folder = None if out is None else model.save(out)
    if checkpoint is not None:
        remove_checkpoint(checkpoint)
    return Run(model=model, metrics=metrics, data=data, config=config, seed=config.seed, out=folder)


def train_fused(
    run: Run[FusedModel], *, processes: int = 1, is_part: bool = False
) -> Run[FusedModel]:
    """Train a fused model on a corpus or on a part of one.

    Args:
        run: what to train, on what, how and where to.
        processes: how many share the training.
        is_part: whether the data was drawn from more, so that none of it need have a linked
            mention.

    Returns:
        The run, finished.

    Raises:
        DataError: the data is empty, a label is missing or unknown, there is one class only, or no
            mention of a whole corpus is linked to an entity that the fusion could read.
        ConfigError: the run's folder holds another, its reporter cannot be used here, or its
            settings or seed are none.
    """
    model, data = run.model, run.data
    assert isinstance(data, Corpus)
    out = run.out
    require_run("train", run.config, TrainConfig, run.seed)
    assert isinstance(run.config, TrainConfig)
    if out is None or not RunFolder(out).is_finished:
        require_reporter(run.config.report_to)
    require_run_shared(processes, run.config, {ALONE: model}, run.beside)
    require_joined(run.beside, {ALONE: model})
    labels = classes_of(model, data, run.valid, teacher=teachers(run.beside).get(ALONE))
    if not is_part:
        require_links("train", data, fusion=model.config.fusion)
    if model.labels is None:
        model.set_labels(labels)
    if out is None:
        with tempfile.TemporaryDirectory() as scratch:
            found = _fit(run, folder=Path(scratch), resume=None, processes=processes)
            return replace(run, metrics=found)
    folder = RunFolder(out)
    spec = folder.spec(run, data_hash=corpus_hash(data, group=model.config.group))
    if folder.is_finished:
        folder.require_same(spec)
        return Run.load(out)
    require_kept(run.beside)  # what cannot be must not claim the folder
    Learning({ALONE: model}, weights={}, beside=run.beside, seed=run.seed)
    resume = folder.begin(spec, {TRAIN: data, VALID: run.valid})
    save_joined(run.beside, out, save=save_run)
    metrics = _fit(
        run,
        folder=folder.checkpoints,
        resume=resume,
        log=folder.log,
        processes=processes,
    )
    run = replace(run, metrics=metrics)
    write_record(run, spec)
    folder.drop_checkpoints()
    return run


def classes_of(
    model: FusedModel, data: Corpus, valid: Corpus | None, *, teacher: Teacher | None = None
) -> Vocabulary:
    """Return the classes that a model is trained for, the data checked.

    Args:
        model: which asks for a task.
        data: documents to train on; some or all may lack a label where there is a teacher.
        valid: documents to measure on, or None.
        teacher: whose classes they are, or None.

    Raises:
        DataError: the data is empty, a label is missing or unknown, or there is one class only.
    """
    if teacher is None:
        labels = model.task.classes(data)
    else:
        labels = teacher.labels
        told = with_labels(model.task, data)
        if len(told) or not len(data):
            replace(model.task, labels=labels).classes(told, need_all=False)
    if valid is not None:
        replace(model.task, labels=labels).classes(valid, need_all=False)
        model.task.require_apart(data, valid)
    return labels


def _fit(
    run: Run[FusedModel],
    *,
    folder: Path,
    resume: Path | None,
    log: Path | None = None,
    processes: int = 1,
) -> dict[str, float]:
    model, data = run.model, run.data
    assert isinstance(data, Corpus)
    assert isinstance(run.config, TrainConfig)
    started = time.perf_counter()
    batcher = model.batcher()
    samples = model.task.samples(data)
    items = batcher.items(samples)
    if resume is None:
        model.align(items, collate=batcher.collate)
    teacher = teachers(run.beside).get(ALONE)
    if teacher is not None:
        items = teacher.taught(samples, items)
    read_s = time.perf_counter() - started
    bundles = model.task.bundles(items)
    config = bundled(run.config, num_items=len(items), num_bundles=len(bundles), whole=processes)
    job = Job(
        models={ALONE: model},
        bundles=[bundles],
        sizes=[config.batch_size],
        config=config,
        seed=run.seed,
        folder=folder,
        log=log,
        resume=resume,
        beside=run.beside,
    )
    started = time.perf_counter()
    found = fit_job(job, [batcher], processes=processes)
    metrics = {
        "loss": float(found["loss"]),
        "steps": float(found["steps"]),
        "parameters": float(sum(p.numel() for p in model.parameters())),
        "trained_parameters": float(sum(p.numel() for p in model.parameters() if p.requires_grad)),
        "lost_mentions": float(batcher.truncated),
        "mentions_beyond": float(batcher.beyond),
        "read_s": read_s,
        "train_s": found["earlier_s"] + time.perf_counter() - started,
    }
    require_number(metrics["loss"], run.config)
    model.eval()
    return metrics | measured(model, run.valid)


def require_number(loss: float, config: TrainConfig) -> None:
    """Refuse to go on from a loss that is none.

    Raises:
        LichenError: it is NaN.
    """
    if loss != loss:
        raise LichenError(
            "train: the loss must stay a number; got NaN. Lower train.learning_rate "
            f"({config.learning_rate})."
        )


def measured(model: FusedModel, valid: Corpus | None) -> dict[str, float]:
    """Return how right a model answers documents, by the name of its task's figure."""
    if valid is None:
        return {}
    samples = model.task.samples(valid)
    right = model.task.judge(model.predict(samples), samples)
    return {f"valid_{model.task.METRIC}": float(right.mean())}


def bundled(
    config: TrainConfig, *, num_items: int, num_bundles: int, whole: int = 1
) -> TrainConfig:
    """Return the settings with the batch size in bundles, so that passes hold as many samples.

    Args:
        config: the settings, their batch size in samples.
        num_items: samples.
        num_bundles: what they are bundled to.
        whole: the size is a multiple of this where bundles hold several samples.

    >>> bundled(TrainConfig(batch_size=32), num_items=50, num_bundles=10).batch_size
    6
    """
    if num_bundles == num_items:
        return config
    size = max(1, round(config.batch_size * num_bundles / num_items / whole)) * whole
    return replace(config, batch_size=size)
