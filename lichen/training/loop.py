"""A model and data to a run: one call for graph encoders and for fused models."""

from __future__ import annotations

import hashlib
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, overload

from lichen.base.errors import ConfigError, DataError, LichenError
from lichen.base.seeds import set_seed
from lichen.data.corpus import Corpus
from lichen.data.graph import Graph
from lichen.data.vocabulary import Vocabulary
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.processes import train_in_processes
from lichen.fusion.model import FusedModel
from lichen.training.config import TrainConfig
from lichen.training.folder import RunFolder
from lichen.training.run import Run
from lichen.training.trainer import make_trainer


@overload
def train(
    model: FusedModel,
    data: Corpus,
    *,
    valid: Corpus | None = None,
    out: str | Path | None = None,
    seed: int = 0,
    config: TrainConfig | None = None,
) -> Run[FusedModel]: ...
@overload
def train(
    model: GraphEncoder,
    data: Graph,
    *,
    valid: None = None,
    out: str | Path | None = None,
    seed: int = 0,
    config: EmbeddingConfig | None = None,
    processes: int = 1,
) -> Run[GraphEncoder]: ...
def train(
    model: Any,
    data: Any,
    *,
    valid: Corpus | None = None,
    out: str | Path | None = None,
    seed: int = 0,
    config: Any = None,
    processes: int = 1,
) -> Run[Any]:
    """Train a graph encoder on a graph, or a fused model on a corpus, in place.

    Args:
        model: a `GraphEncoder` or a `FusedModel`.
        data: a `Graph` for the first; for the second a `Corpus` of labelled, linked documents.
        valid: documents to measure accuracy on at the end.
        out: folder for the run: settings, versions, data, figures, checkpoints, model. A run
            that was cut short goes on from its last checkpoint when called again; a finished
            one is read back.
        seed: of the order of samples and of dropout; the model has its own for its start.
        config: an `EmbeddingConfig` or a `TrainConfig`; None takes the defaults.
        processes: how many share the training of a graph encoder.

    Returns:
        The run.

    Raises:
        DataError: the data is empty, a label is missing or unknown, or there is one class only.
        ConfigError: model, data and config do not belong together, or `out` holds another run.
        LichenError: the loss is no longer a number.
    """
    if isinstance(model, GraphEncoder) and isinstance(data, Graph):
        settings: EmbeddingConfig = config or EmbeddingConfig(seed=seed)
        return _train_nodes(model, data, out=out, config=settings, processes=processes)
    if isinstance(model, FusedModel) and isinstance(data, Corpus):
        if processes != 1:
            raise ConfigError(f"processes must be 1 for a FusedModel; got {processes}.")
        return _train_fused(model, data, valid=valid, out=out, seed=seed, config=config)
    raise ConfigError(
        "train: a GraphEncoder takes a Graph, a FusedModel takes a Corpus; got "
        f"{type(model).__name__} and {type(data).__name__}."
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
    report = train_in_processes(
        model, data, processes=processes, config=config, checkpoint=checkpoint
    )
    metrics = {"epochs": float(report.epochs), "train_s": report.seconds}
    if report.losses:
        metrics["loss"] = report.losses[-1]
    if report.valid_mrr:
        metrics["valid_mrr"] = max(report.valid_mrr)
    folder = None if out is None else model.save(out)
    return Run(model=model, metrics=metrics, data=data, config=config, seed=config.seed, out=folder)


def _train_fused(
    model: FusedModel,
    data: Corpus,
    *,
    valid: Corpus | None,
    out: str | Path | None,
    seed: int,
    config: TrainConfig | None,
) -> Run[FusedModel]:
    settings = config or TrainConfig()
    labels = class_labels(data, model.labels)
    if valid is not None:
        class_labels(valid, labels, need_all=False)
    if model.labels is None:
        model.set_labels(labels)
    run = Run(
        model=model,
        data=data,
        valid=valid,
        config=settings,
        seed=seed,
        out=None if out is None else Path(out),
    )
    if out is None:
        with tempfile.TemporaryDirectory() as scratch:
            return replace(run, metrics=_fit(run, labels, folder=Path(scratch), resume=None))
    folder = RunFolder(Path(out))
    spec = folder.spec(run, data_hash=corpus_hash(data))
    if folder.is_finished:
        folder.require_same(spec)
        return Run.load(out)
    resume = folder.begin(run, spec)
    metrics = _fit(run, labels, folder=folder.checkpoints, resume=resume, log=folder.log)
    run = replace(run, metrics=metrics)
    folder.finish(run, spec)
    return run


def _fit(
    run: Run[FusedModel],
    labels: Vocabulary,
    *,
    folder: Path,
    resume: Path | None,
    log: Path | None = None,
) -> dict[str, float]:
    model, data = run.model, run.data
    assert isinstance(data, Corpus)
    assert isinstance(run.config, TrainConfig)
    started = time.perf_counter()
    batcher = model.batcher()
    items = batcher.items(data.samples(labels))
    if resume is None:
        model.align(items, collate=batcher.collate)
    read_s = time.perf_counter() - started
    set_seed(run.seed)
    trainer = make_trainer(
        model,
        items,
        collate=batcher.collate,
        config=run.config,
        seed=run.seed,
        folder=folder,
        log=log,
    )
    started = time.perf_counter()
    result = trainer.train(resume_from_checkpoint=None if resume is None else str(resume))
    metrics = {
        "loss": float(result.training_loss),
        "steps": float(result.global_step),
        "parameters": float(sum(p.numel() for p in model.parameters())),
        "trained_parameters": float(sum(p.numel() for p in model.parameters() if p.requires_grad)),
        "lost_mentions": float(batcher.truncated),
        "read_s": read_s,
        "train_s": time.perf_counter() - started,
    }
    if metrics["loss"] != metrics["loss"]:
        raise LichenError(
            "train: the loss must stay a number; got NaN. Lower train.learning_rate "
            f"({run.config.learning_rate})."
        )
    model.eval()
    if run.valid is not None:
        samples = run.valid.samples(labels)
        hits = model.predict(samples).argmax(-1).tolist()
        right = sum(hit == sample.label for hit, sample in zip(hits, samples, strict=True))
        metrics["valid_accuracy"] = right / len(samples)
    return metrics


def class_labels(data: Corpus, known: Vocabulary | None, *, need_all: bool = True) -> Vocabulary:
    """Return the classes of a corpus, checked for training.

    Args:
        data: labelled documents.
        known: the model's classes; None takes those that occur.
        need_all: whether there must be two classes or more in the data.

    Raises:
        DataError: the data is empty, a label is missing or unknown, or there is one class only.
    """
    if not len(data):
        raise DataError("train: the data must hold at least one document; it is empty.")
    for doc in data:
        if doc.label is None or doc.label.strip().lower() in ("", "nan"):
            raise DataError(
                f"document {doc.id!r}: must have a label to train on; got {doc.label!r}. Label it, "
                "or leave it out."
            )
        if known is not None and doc.label not in known:
            raise DataError(
                f"document {doc.id!r}: label must be one of {', '.join(known)}; got {doc.label!r}."
            )
    found = data.labels()
    if need_all and len(found) < 2:
        raise DataError(
            f"train: the data must hold at least two classes; all {len(data)} documents are "
            f"{found[0]!r}."
        )
    return known or found


def corpus_hash(data: Corpus) -> str:
    """Return a hash of texts, labels and mentions, equal for equal data."""
    digest = hashlib.sha256()
    for doc in data:
        mentions = [(tuple(m.span), m.entity) for m in doc.mentions]
        digest.update(repr((doc.id, doc.text, doc.label, mentions)).encode())
    return digest.hexdigest()[:16]
