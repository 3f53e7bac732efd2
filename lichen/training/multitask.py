"""Several tasks to one set of shared weights: siblings trained together, each on its own corpus."""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lichen.base import check
from lichen.base.choose import choose
from lichen.base.errors import ArtifactError, ConfigError, DataError
from lichen.base.seeds import set_seed
from lichen.data.corpus import Corpus
from lichen.data.vocabulary import Vocabulary
from lichen.embedding.artifact import read_artifact, write_artifact
from lichen.fusion.item import Item
from lichen.fusion.model import FusedModel
from lichen.fusion.parts import require_links
from lichen.fusion.sibling import Siblings, own_settings, require_siblings, sibling
from lichen.training.beside import Beside, BesideLoss, require_trained_text
from lichen.training.config import TrainConfig, require_run
from lichen.training.folder import RunFolder, facts_spec, model_spec, text_spec
from lichen.training.hashes import corpus_hash
from lichen.training.loop import bundled, classes_of, measured, require_number
from lichen.training.reporters import require_reporter
from lichen.training.run import FORMAT, MODEL, RUN, Run, read_record
from lichen.training.trainer import make_trainer

HEADS, KIND = "heads", "task-heads"
NAME = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, kw_only=True, eq=False)
class TasksRun:
    """Siblings trained together, and where they came from."""

    models: Mapping[str, FusedModel]
    metrics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Of each task: the mean loss, without its weight, and what its valid documents gave."""
    totals: Mapping[str, float] = field(default_factory=dict)
    """Figures of all tasks together; seconds end in `_s`."""
    data: Mapping[str, Corpus]
    """What each was trained on."""
    valid: Mapping[str, Corpus] = field(default_factory=dict)
    weights: Mapping[str, float]
    """Of each task's loss."""
    beside: Beside | None = None
    """What their language model learned beside the tasks, or None."""
    config: TrainConfig
    seed: int = 0
    out: Path | None = None
    """The run folder, or None when nothing was written."""

    def __repr__(self) -> str:
        """Show the tasks and their figures."""
        return f"TasksRun({', '.join(f'{name}: {dict(x)}' for name, x in self.metrics.items())})"

    def of(self, name: str) -> TaskRun:
        """Return the part of one task, as `predict`, `uplift` and `twin` take it.

        Raises:
            ChoiceError: no such task.
        """
        choose("task", name, self.models)
        return TaskRun(
            model=self.models[name],
            metrics={**self.totals, **self.metrics[name]},
            data=self.data[name],
            valid=self.valid.get(name),
            beside=self.beside,
            config=self.config,
            seed=self.seed,
            together=self,
            name=name,
        )

    @classmethod
    def load(cls, folder: str | Path) -> TasksRun:
        """Read a finished run; its models share their parts again.

        Raises:
            ArtifactError: the folder holds no finished run of several tasks, or one of another
                format.
        """
        path = Path(folder)
        said = read_record(path)
        if "tasks" not in said:
            raise ArtifactError(
                f"{path}: must hold a run of several tasks; it holds one of one task. Load it by "
                "Run.load."
            )
        tensors, documents = read_artifact(path / HEADS, kind=KIND)
        first, *rest = said["tasks"]
        models = {first: FusedModel.from_pretrained(path / MODEL)}
        for name in rest:
            own = documents["tasks"][name]
            models[name] = sibling(models[first], **own | {"labels": Vocabulary(own["labels"])})
        Siblings(models, said["weights"]).load_state_dict(tensors, strict=False)
        valid = {name: path / _file(name, "valid") for name in models}
        more = said.get("beside")
        return cls(
            models=models,
            metrics=said["metrics"],
            totals=said["totals"],
            data={name: Corpus.load(path / _file(name, "train")) for name in models},
            valid={name: Corpus.load(file) for name, file in valid.items() if file.is_file()},
            weights=said["weights"],
            beside=Beside.load(path, more, models[first]) if more else None,
            config=TrainConfig(**said["config"]),
            seed=said["seed"],
            out=path,
        )


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TaskRun(Run[FusedModel]):
    """One task of a run of several; its twins are trained with the others' too."""

    together: TasksRun
    name: str


def train_tasks(
    models: Mapping[str, FusedModel],
    data: Mapping[str, Corpus],
    *,
    valid: Mapping[str, Corpus] | None = None,
    weights: Mapping[str, float] | None = None,
    beside: Beside | None = None,
    out: str | Path | None = None,
    seed: int = 0,
    config: TrainConfig | None = None,
) -> TasksRun:
    """Train siblings together, each on its own corpus, in place.

    A batch holds samples of one task; the batches of all tasks come in one shuffled order, so each
    sample is seen once an epoch and a larger corpus takes more of the steps. With
    `config.accumulate` a step's gradient is the mean over its batches, each times its task's
    weight; a loss of facts (`triple`) and those of `beside` are added to each batch's once,
    whatever the weights.

    Args:
        models: siblings by name, made by `lichen.fusion.sibling.sibling`; a name is of letters,
            digits, "-" and "_".
        data: labelled, linked documents of each.
        valid: documents to measure each on at the end; a name left out is not measured.
        weights: of each task's loss; a name left out has 1. The optimiser evens out the size of
            gradients, so the weights say what matters where tasks disagree, not how fast all learn.
        beside: what the language model learns with the tasks, such as masked words of further
            texts; None is the tasks alone.
        out: folder for the run and all it needs. A run that was cut short goes on from its last
            checkpoint when called again; a finished one is read back.
        seed: of the order of samples and of dropout; the models have their own for their start.
        config: the settings; None takes the defaults.

    Returns:
        The run.

    Raises:
        ConfigError: the models are no siblings, names, weights, `out` or reporter do not fit, or
            `beside` is given and the language model is frozen.
        ChoiceError: a name in `data`, `valid` or `weights` is no model's, or no such reporter.
        DataError: of a task, the data is empty or of another kind, a label is missing or unknown,
            or there is one class only; or no mention of any is linked for the fusion to read, or
            an objective of `beside` has nothing to learn from.
        LichenError: a loss is no longer a number.
    """
    settings = TrainConfig() if config is None else config
    require_run("train_tasks", settings, TrainConfig, seed)
    _check_models(models, weights or {})
    _check_corpora(models, data=data, valid=valid or {})
    run = TasksRun(
        models=dict(models),
        data={name: data[name] for name in models},
        valid=dict(valid or {}),
        weights={name: float((weights or {}).get(name, 1.0)) for name in models},
        beside=beside,
        config=settings,
        seed=seed,
        out=None if out is None else Path(out),
    )
    return _train(run)


class Passes(torch.utils.data.Dataset[tuple[int, list[Item]]]):
    """The batches of an epoch, each of one task, dealt anew every epoch.

    Args:
        bundles: of each task, samples made ready; what must share a batch is together.
        sizes: of each task, bundles a batch.
        seed: of the dealing.
    """

    def __init__(
        self, bundles: Sequence[list[list[Item]]], sizes: Sequence[int], *, seed: int
    ) -> None:
        self.bundles, self.sizes, self.seed = bundles, sizes, seed
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Deal the samples of an epoch; the Trainer calls it at the start of each."""
        self.batches: list[tuple[int, list[Item]]] = []
        for task, (bundles, size) in enumerate(zip(self.bundles, self.sizes, strict=True)):
            order = np.random.default_rng((self.seed, epoch, task)).permutation(len(bundles))
            for start in range(0, len(order), size):
                drawn = [bundles[i] for i in order[start : start + size]]
                self.batches.append((task, [item for bundle in drawn for item in bundle]))

    def __len__(self) -> int:
        """Count the batches of an epoch."""
        return len(self.batches)

    def __getitem__(self, index: int) -> tuple[int, list[Item]]:
        """Return the task and the samples of a batch."""
        return self.batches[index]


def _train(run: TasksRun) -> TasksRun:
    labels = _labels(run)
    for name, model in run.models.items():
        if model.labels is None:
            model.set_labels(labels[name])
    if run.out is None:
        with tempfile.TemporaryDirectory() as scratch:
            return _fit(run, folder=Path(scratch), resume=None, log=None)
    return _in_folder(run, RunFolder(run.out))


def _in_folder(run: TasksRun, folder: RunFolder) -> TasksRun:
    spec = _spec(run)
    if folder.is_finished:
        folder.require_same(spec)
        return TasksRun.load(folder.path)
    files: dict[str, Corpus | None] = {_file(name, "train"): x for name, x in run.data.items()}
    files |= {_file(name, "valid"): corpus for name, corpus in run.valid.items()}
    if run.beside is not None:  # what cannot be must not claim the folder
        BesideLoss(run.beside, next(iter(run.models.values())), seed=run.seed)
    resume = folder.begin(spec, files)
    if run.beside is not None:
        run.beside.save(folder.path)
    fitted = _fit(run, folder=folder.checkpoints, resume=resume, log=folder.log)
    _write(fitted, folder.path, spec)
    folder.drop_checkpoints()
    return fitted


def _fit(run: TasksRun, *, folder: Path, resume: Path | None, log: Path | None) -> TasksRun:
    """Train to the end, from a checkpoint where there is one."""
    models = list(run.models.values())
    siblings = Siblings(run.models, run.weights)
    started = time.perf_counter()
    batchers = [model.batcher() for model in models]
    bundles, sizes = [], []
    for (name, model), batcher in zip(run.models.items(), batchers, strict=True):
        items = batcher.items(model.task.samples(run.data[name]))
        if resume is None:
            model.align(items, collate=batcher.collate)
        bundles.append(model.task.bundles(items))
        count = len(bundles[-1])
        sizes.append(bundled(run.config, num_items=len(items), num_bundles=count).batch_size)

    def collate(drawn: list[tuple[int, list[Item]]]) -> dict[str, Any]:
        ((task, items),) = drawn
        return {"task": task, **batchers[task].collate(items)}

    read_s = time.perf_counter() - started
    set_seed(run.seed)
    trainer = make_trainer(
        siblings,
        Passes(bundles, sizes, seed=run.seed),
        collate=collate,
        config=replace(run.config, batch_size=1),  # what is drawn is a whole batch
        seed=run.seed,
        folder=folder,
        log=log,
    )
    if run.beside is not None:
        more = BesideLoss(run.beside, models[0], seed=run.seed)
        trainer.learn_beside(more, learning_rate=run.config.learning_rate)
    steps = trainer.train(resume_from_checkpoint=resume).global_step
    train_s = trainer.seconds
    siblings.eval()
    metrics = {}
    for (name, loss), batcher in zip(siblings.losses().items(), batchers, strict=True):
        require_number(loss, run.config)
        found = {
            "loss": loss,
            "lost_mentions": float(batcher.truncated),
            "mentions_beyond": float(batcher.beyond),
        }
        metrics[name] = found | measured(run.models[name], run.valid.get(name))
    sizes_of = [(p.numel(), p.requires_grad) for p in siblings.parameters()]
    totals = {
        "steps": float(steps),
        "parameters": float(sum(size for size, _ in sizes_of)),
        "trained_parameters": float(sum(size for size, trained in sizes_of if trained)),
        "read_s": read_s,
        "train_s": train_s,
    }
    return replace(run, metrics=metrics, totals=totals)


def _check_models(models: Mapping[str, FusedModel], weights: Mapping[str, float]) -> None:
    check.kind("models", models, Mapping, fix="Give models by name, such as {'tag': model}.")
    if not models:
        raise ConfigError("models must name at least one model; it is empty.")
    for name in models:
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise ConfigError(
                "models: a name must be of letters, digits, '-' and '_', since files are called "
                f"so; got {name!r}."
            )
    require_siblings(models)
    check.weights("weights", weights, what="a task")
    for name in weights:
        choose("weights", name, models)


def _check_corpora(
    models: Mapping[str, FusedModel], *, data: Mapping[str, Corpus], valid: Mapping[str, Corpus]
) -> None:
    for key, corpora in (("data", data), ("valid", valid)):
        check.kind(key, corpora, Mapping, fix="Give a corpus by the name of its model.")
        for name, corpus in corpora.items():
            choose(key, name, models)
            if not isinstance(corpus, Corpus):
                raise ConfigError(f"{key}[{name!r}] must be a Corpus; got {type(corpus).__name__}.")
    missing = sorted(set(models) - set(data))
    if missing:
        raise ConfigError(f"data must have a corpus for each model; {missing[0]!r} has none.")


def _labels(run: TasksRun) -> dict[str, Vocabulary]:
    """Return the classes of each task, all that the run reads and reports to checked."""
    if run.out is None or not RunFolder(run.out).is_finished:
        require_reporter(run.config.report_to)
    labels = {name: _classes(run, name) for name in run.models}
    first = next(iter(run.models.values()))
    if run.beside is not None:
        require_trained_text(first)
    require_links("train_tasks", *run.data.values(), fusion=first.config.fusion)
    return labels


def _classes(run: TasksRun, name: str) -> Vocabulary:
    try:
        return classes_of(run.models[name], run.data[name], run.valid.get(name))
    except DataError as error:
        raise DataError(f"task {name!r}: {error}") from None


def _file(name: str, part: str) -> str:
    return f"{name}-{part}.jsonl"


def _spec(run: TasksRun) -> dict[str, Any]:
    """Return what makes this run this run: equal for a run that may go on."""
    facts = {name: told for name, model in run.models.items() if (told := facts_spec(model))}
    return {
        "models": {name: model_spec(model) for name, model in run.models.items()},
        "text": text_spec(next(iter(run.models.values()))),
        "config": asdict(run.config),
        "seed": run.seed,
        "data": {
            name: corpus_hash(corpus, group=run.models[name].config.group)
            for name, corpus in run.data.items()
        },
        "weights": dict(run.weights),
        **({"facts": facts} if facts else {}),
        **({} if run.beside is None else {"beside": run.beside.spec()}),
    }


def _write(run: TasksRun, folder: Path, spec: Mapping[str, Any]) -> None:
    """Write the first model whole, the heads of all, then the record, last."""
    next(iter(run.models.values())).save_pretrained(folder / MODEL)
    own = {name: own_settings(model) for name, model in run.models.items()}
    documents = {name: said | {"labels": list(said["labels"])} for name, said in own.items()}
    state = Siblings(run.models, run.weights).own_state()
    heads = {name: x for name, x in state.items() if name.startswith("models.")}
    write_artifact(folder / HEADS, kind=KIND, tensors=heads, documents={"tasks": documents})
    record = {
        "format": FORMAT,
        **spec,
        "tasks": list(run.models),
        "metrics": dict(run.metrics),
        "totals": dict(run.totals),
    }
    text = json.dumps(record, indent=1, ensure_ascii=False)
    (folder / RUN).write_text(text, encoding="utf-8")
