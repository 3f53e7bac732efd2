"""Several tasks to one set of shared weights: siblings trained together, each on its own corpus."""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from lichen.base import check
from lichen.base.choose import choose
from lichen.base.errors import ArtifactError, ConfigError, DataError
from lichen.data.corpus import Corpus
from lichen.data.vocabulary import Vocabulary
from lichen.embedding.artifact import read_artifact, write_artifact
from lichen.fusion.batch import Batcher
from lichen.fusion.item import Item
from lichen.fusion.model import FusedModel
from lichen.fusion.parts import require_links
from lichen.fusion.sibling import Siblings, own_settings, require_siblings, sibling
from lichen.training.config import TrainConfig, require_run
from lichen.training.folder import RunFolder, facts_spec, model_spec, save_run, text_spec
from lichen.training.hashes import corpus_hash
from lichen.training.joined import (
    Joined,
    joined,
    load_joined,
    require_joined,
    require_kept,
    save_joined,
    specs,
    teachers,
)
from lichen.training.learning import Learning
from lichen.training.loop import bundled, classes_of, measured, require_number
from lichen.training.processes import Job, fit_job, require_run_shared
from lichen.training.reporters import require_reporter
from lichen.training.run import FORMAT, MODEL, RUN, Run, read_record, run_or_model

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
    beside: tuple[Joined, ...] = ()
    """What was learned beside the tasks."""
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
        Siblings(models).load_state_dict(tensors, strict=False)
        valid = {name: path / _file(name, "valid") for name in models}
        return cls(
            models=models,
            metrics=said["metrics"],
            totals=said["totals"],
            data={name: Corpus.load(path / _file(name, "train")) for name in models},
            valid={name: Corpus.load(file) for name, file in valid.items() if file.is_file()},
            weights=said["weights"],
            beside=load_joined(path, said, models, load=run_or_model),
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
    beside: Joined | Sequence[Joined] | None = None,
    out: str | Path | None = None,
    seed: int = 0,
    config: TrainConfig | None = None,
    processes: int = 1,
) -> TasksRun:
    """Train siblings together, each on its own corpus, in place.

    A batch holds samples of one task; the batches of all tasks come in one shuffled order, so each
    sample is seen once an epoch and a larger corpus takes more of the steps. With
    `config.accumulate` a step's gradient is the mean over its batches, each times its task's
    weight; a loss of facts (`triple`) and those of `beside` are added to each batch's once,
    whatever the weights, but for a `Teacher`, whose answers are part of its task's loss.

    Args:
        models: siblings by name, made by `lichen.fusion.sibling.sibling`; a name is of letters,
            digits, "-" and "_".
        data: labelled, linked documents of each.
        valid: documents to measure each on at the end; a name left out is not measured.
        weights: of each task's loss; a name left out has 1. The optimiser evens out the size of
            gradients, so the weights say what matters where tasks disagree, not how fast all learn.
        beside: what is learned with the tasks, one or several, as in `train`; a `Consistency` or a
            `Teacher` names its task.
        out: folder for the run, as in `train`.
        seed: of the order of samples and of dropout; the models have their own for their start.
        config: the settings; None takes the defaults.
        processes: as in `train`.

    Returns:
        The run.

    Raises:
        ConfigError: the models are no siblings, names, weights, `out`, reporter or `processes` do
            not fit, or `beside` does not suit the models.
        ChoiceError: a name in `data`, `valid` or `weights` is no model's, or no such reporter.
        DataError: of a task, the data is empty or of another kind, a label is missing or unknown,
            or there is one class only; no mention is linked, or `beside` has no data.
        LichenError: a loss is no longer a number, or one of the processes died.
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
        beside=joined(beside),
        config=settings,
        seed=seed,
        out=None if out is None else Path(out),
    )
    return _train(run, processes=processes)


def _train(run: TasksRun, *, processes: int) -> TasksRun:
    require_run_shared(processes, run.config, run.models, run.beside)
    labels = _labels(run)
    for name, model in run.models.items():
        if model.labels is None:
            model.set_labels(labels[name])
    if run.out is None:
        with tempfile.TemporaryDirectory() as scratch:
            place = Place(folder=Path(scratch), resume=None, log=None)
            return _fit(run, place, processes=processes)
    return _in_folder(run, RunFolder(run.out), processes=processes)


def _in_folder(run: TasksRun, folder: RunFolder, *, processes: int) -> TasksRun:
    spec = tasks_spec(run)
    if folder.is_finished:
        folder.require_same(spec)
        return TasksRun.load(folder.path)
    files: dict[str, Corpus | None] = {_file(name, "train"): x for name, x in run.data.items()}
    files |= {_file(name, "valid"): corpus for name, corpus in run.valid.items()}
    require_kept(run.beside)  # what cannot be must not claim the folder
    Learning(run.models, weights={}, beside=run.beside, seed=run.seed)
    resume = folder.begin(spec, files)
    save_joined(run.beside, folder.path, save=save_run)
    place = Place(folder=folder.checkpoints, resume=resume, log=folder.log)
    fitted = _fit(run, place, processes=processes)
    _write(fitted, folder.path, spec)
    folder.drop_checkpoints()
    return fitted


class Place(NamedTuple):
    """Where a run is kept while it trains."""

    folder: Path
    """For checkpoints."""
    resume: Path | None
    """The checkpoint to go on from, or None."""
    log: Path | None
    """File for figures; None keeps nothing on disk."""


def _fit(run: TasksRun, place: Place, *, processes: int) -> TasksRun:
    """Train to the end, from a checkpoint where there is one."""
    started = time.perf_counter()
    batchers = {name: model.batcher() for name, model in run.models.items()}
    bundles, sizes = [], []
    for name, batcher in batchers.items():
        bundles.append(_bundles(run, name, batcher, is_new=place.resume is None))
        num_items = sum(map(len, bundles[-1]))
        shared = bundled(
            run.config, num_items=num_items, num_bundles=len(bundles[-1]), whole=processes
        )
        sizes.append(shared.batch_size)
    job = Job(
        models=run.models,
        bundles=bundles,
        sizes=sizes,
        config=run.config,
        seed=run.seed,
        weights=run.weights,
        beside=run.beside,
        **place._asdict(),
    )
    read_s, started = time.perf_counter() - started, time.perf_counter()
    found = fit_job(job, list(batchers.values()), processes=processes)
    train_s = found["earlier_s"] + time.perf_counter() - started
    for model in run.models.values():
        model.eval()
    metrics = {}
    for (name, batcher), loss in zip(batchers.items(), found["losses"], strict=True):
        require_number(loss, run.config)
        figures = {
            "loss": float(loss),
            "lost_mentions": float(batcher.truncated),
            "mentions_beyond": float(batcher.beyond),
        }
        metrics[name] = figures | measured(run.models[name], run.valid.get(name))
    totals = {"steps": found["steps"], "read_s": read_s, "train_s": train_s}
    return replace(run, metrics=metrics, totals=totals | _sizes(run))


def _bundles(run: TasksRun, name: str, batcher: Batcher, *, is_new: bool) -> list[list[Item]]:
    """Return a task's samples made ready, with what its teacher says of them."""
    model, teacher = run.models[name], teachers(run.beside).get(name)
    samples = model.task.samples(run.data[name])
    items = batcher.items(samples)
    if is_new:
        model.align(items, collate=batcher.collate)
    if teacher is not None:
        items = teacher.taught(samples, items)
    return model.task.bundles(items)


def _sizes(run: TasksRun) -> dict[str, float]:
    """Count the weights of all models together, and those that were trained."""
    found = [(p.numel(), p.requires_grad) for p in Siblings(run.models).parameters()]
    return {
        "parameters": float(sum(size for size, _ in found)),
        "trained_parameters": float(sum(size for size, trained in found if trained)),
    }


def _check_models(models: Mapping[str, FusedModel], weights: Mapping[str, float]) -> None:
    check.kind("models", models, Mapping, fix="Give models by name, such as {'tag': model}.")
    if not models:
        raise ConfigError("models must name at least one model; it is empty.")
    for name in models:
        require_name(name, where="models")
    require_siblings(models)
    check.weights("weights", weights, what="a task")
    for name in weights:
        choose("weights", name, models)


def require_name(name: object, *, where: str) -> None:
    """Refuse a task's name that no file could have.

    Raises:
        ConfigError: it has other characters.
    """
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ConfigError(
            f"{where}: a name must be of letters, digits, '-' and '_', since files are called so; "
            f"got {name!r}."
        )


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
    require_joined(run.beside, run.models)
    labels = {name: _classes(run, name) for name in run.models}
    first = next(iter(run.models.values()))
    require_links("train_tasks", *run.data.values(), fusion=first.config.fusion)
    return labels


def _classes(run: TasksRun, name: str) -> Vocabulary:
    try:
        teacher = teachers(run.beside).get(name)
        return classes_of(run.models[name], run.data[name], run.valid.get(name), teacher=teacher)
    except DataError as error:
        raise DataError(f"task {name!r}: {error}") from None


def _file(name: str, part: str) -> str:
    return f"{name}-{part}.jsonl"


def tasks_spec(run: TasksRun) -> dict[str, Any]:
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
        "weights": run.weights,
        **({"facts": facts} if facts else {}),
        **specs(run.beside),
    }


def _write(run: TasksRun, folder: Path, spec: Mapping[str, Any]) -> None:
    """Write the first model whole, the heads of all, then the record, last."""
    next(iter(run.models.values())).save_pretrained(folder / MODEL)
    own = {name: own_settings(model) for name, model in run.models.items()}
    documents = {name: said | {"labels": list(said["labels"])} for name, said in own.items()}
    state = Siblings(run.models).own_state()
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
