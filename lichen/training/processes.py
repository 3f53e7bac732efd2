"""One training run of fused models, here or over several processes of this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import Sampler

from lichen.base.seeds import set_seed
from lichen.fusion.batch import Batcher
from lichen.fusion.config import FusedConfig
from lichen.fusion.head import PairsHead
from lichen.fusion.item import Item
from lichen.fusion.known import NONE
from lichen.fusion.sibling import Siblings
from lichen.fusion.tasks.task import Task, make_task
from lichen.training.by_length import order_for
from lichen.training.config import TrainConfig
from lichen.training.joined import ALONE, Joined, Models, key_of
from lichen.training.learning import Learning
from lichen.training.part import WHOLE, Part
from lichen.training.passes import InTurn, Passes
from lichen.training.spawned import Fitted, fit_shared, require_divided
from lichen.training.teacher import Teacher
from lichen.training.trainer import WEIGHTS, FusedTrainer, make_trainer


@dataclass(frozen=True, kw_only=True)
class Job:
    """What each process needs to train."""

    models: Models
    """One under the name `ALONE`, or siblings by name."""
    bundles: Sequence[list[list[Item]]]
    """Of each task, samples made ready once, for all processes; what must share a batch is
    together."""
    sizes: Sequence[int]
    """Of each task, bundles a batch."""
    config: TrainConfig
    seed: int
    folder: Path
    """For checkpoints."""
    log: Path | None
    resume: Path | None
    """The checkpoint to go on from, or None."""
    weights: Mapping[str, float] = field(default_factory=dict)
    """Of each task's loss; a name left out has 1."""
    beside: tuple[Joined, ...] = ()
    """What is learned with the tasks."""

    def fit(self, part: Part, batchers: Sequence[Batcher] | None = None) -> Fitted:
        """Train as one of the processes.

        Args:
            part: which it is.
            batchers: of each model, where they are at hand.
        """
        made = batchers or [model.batcher() for model in self.models.values()]
        set_seed(self.seed)
        learning = Learning(
            self.models, weights=self.weights, beside=self.beside, seed=self.seed, part=part
        )
        trainer = _trainer(self, learning, made, processes=part.processes)
        if part.processes > 1:
            trainer.accelerator.ddp_handler.find_unused_parameters = leaves_unused(self)
        steps = trainer.train(resume_from_checkpoint=self.resume).global_step
        figures = {
            "losses": list(learning.losses().values()),
            "loss": trainer.mean_loss,
            "steps": float(steps),
            "earlier_s": trainer.earlier_s,
        }
        return Fitted(trainer, figures)


def _trainer(
    job: Job, learning: Learning, batchers: Sequence[Batcher], *, processes: int
) -> FusedTrainer:
    """Return what steps through the samples of one task, or through batches of several."""
    if ALONE in job.models:
        (bundles,), (size,), (batcher,) = job.bundles, job.sizes, batchers
        order: Sampler[int] | None = order_for(
            learning.tasks[0], bundles, batch_size=size, seed=job.seed
        )
        dataset: Any = bundles

        def collate(drawn: list[Any]) -> dict[str, Any]:
            return {**batcher.collate([item for bundle in drawn for item in bundle])}

    else:
        size = processes  # what is drawn is one process's part of a whole batch
        dataset = Passes(job.bundles, job.sizes, seed=job.seed, parts=processes)
        order = InTurn(dataset)

        def collate(drawn: list[Any]) -> dict[str, Any]:
            ((task, items),) = drawn
            return {"task": task, **batchers[task].collate(items)}

    trainer = make_trainer(
        learning,
        dataset,
        collate=collate,
        config=replace(job.config, batch_size=size),
        seed=job.seed,
        folder=job.folder,
        log=job.log,
        processes=processes,
    )
    trainer.order = order
    return trainer


def require_shared(
    processes: int,
    config: TrainConfig,
    fused: FusedConfig,
    *,
    device: torch.device,
    further: Mapping[str, int],
) -> None:
    """Refuse to share among processes a training that cannot be shared.

    Args:
        processes: how many.
        config: of the training.
        fused: of the model; where its task bundles samples, any batch can be divided.
        device: of the model.
        further: size of each further batch a step, by the key of its setting.

    Raises:
        ConfigError: the number is out of its bounds or does not divide a batch, or the model is on
            a GPU.
    """
    bundles = type(make_task(fused.task, group=fused.group)).bundles
    own = {"train.batch_size": config.batch_size} if bundles is Task.bundles else {}
    require_divided(processes, device=device, sizes=own | dict(further))


def require_run_shared(
    processes: int, config: TrainConfig, models: Models, beside: Sequence[Joined]
) -> None:
    """Refuse to share among processes a run that cannot be shared.

    Raises:
        ConfigError: as `require_shared`.
    """
    for model in models.values():
        device, further = model.text.device, sizes_of(beside)
        require_shared(processes, config, model.config, device=device, further=further)


def sizes_of(beside: Sequence[Joined]) -> dict[str, int]:
    """Return the size of each further batch a step, by the key of its setting."""
    read = [one for one in beside if not isinstance(one, Teacher)]
    return {f"{key_of(one)}.batch_size": one.batch_size for one in read}


def fit_job(job: Job, batchers: Sequence[Batcher], *, processes: int = 1) -> dict[str, Any]:
    """Train a job's models in place, each batch shared among processes.

    Every process takes its part of each batch, so the number of steps is that of one process. On
    several processes, a batch normalisation sees its process's part only, and parts of a batch
    that cannot be divided evenly weigh alike.

    Args:
        job: what to train, on what.
        batchers: of each model: items to a batch.
        processes: how many; 1 trains right here.

    Returns:
        The mean loss, that of each task and the number of steps, of all calls where the job goes
        on from a checkpoint, and as `earlier_s` the seconds of the calls before this one.

    Raises:
        LichenError: a process stopped before the end.
    """
    if processes == 1:
        return job.fit(WHOLE, batchers).figures
    figures, weights = fit_shared(job, processes, weights=WEIGHTS)
    root: nn.Module = job.models[ALONE] if ALONE in job.models else Siblings(job.models)
    root.load_state_dict(weights, strict=False)
    return figures


def leaves_unused(job: Job) -> bool:
    """Say whether the loss of some part of a batch may leave parameters that are trained unused.

    A part in which no mention is linked reads no entity, and one without two of them in a text
    judges no pair; a language model or vectors that are trained have parts, such as a pooler or
    relations, that no state is made of; of several tasks a batch asks one. Looking for such parts
    walks through every step's graph.

    Args:
        job: what is trained, on what.
    """
    (model, *others), (bundles, *_) = job.models.values(), job.bundles
    if others or job.beside or model.config.trains_text or model.config.train_nodes:
        return True
    needed = 0 if next(model.fusion.parameters(), None) is None else 1
    if isinstance(model.head, PairsHead) and model.head.num_pairs:
        needed = 2
    return any(max(map(_num_linked, bundle)) < needed for bundle in bundles)


def _num_linked(item: Item) -> int:
    """Count the mentions of a text that are linked and have tokens."""
    owners = {i for i in item.mention_of.tolist() if i != NONE}
    return sum(item.entities[i] != NONE for i in owners)
