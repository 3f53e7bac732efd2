"""One training run of a fused model, here or over several processes of this machine."""

from __future__ import annotations

import atexit
import json
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.distributed as dist
from safetensors.torch import load_file
from torch.multiprocessing.spawn import ProcessExitedException, ProcessRaisedException, spawn

from lichen.base import check
from lichen.base.errors import ConfigError, LichenError
from lichen.base.seeds import set_seed
from lichen.embedding.processes import end_with_parent
from lichen.fusion.batch import Batcher
from lichen.fusion.config import FusedConfig
from lichen.fusion.head import PairsHead
from lichen.fusion.item import Item
from lichen.fusion.known import NONE
from lichen.fusion.model import FusedModel
from lichen.fusion.tasks.task import Task, make_task
from lichen.training.beside import Beside, BesideLoss
from lichen.training.by_length import order_for
from lichen.training.config import TrainConfig
from lichen.training.trainer import WEIGHTS, FusedTrainer, make_trainer

_JOB, _RESULT, _MEETING = "job.pt", "result.json", "meeting"


@dataclass(frozen=True, kw_only=True)
class Job:
    """What each process needs to train."""

    model: FusedModel
    bundles: list[list[Item]]
    """Samples made ready once, for all processes; what must share a batch is together."""
    config: TrainConfig
    seed: int
    folder: Path
    """For checkpoints."""
    log: Path | None
    resume: Path | None
    """The checkpoint to go on from, or None."""
    beside: Beside | None = None
    """What else the language model learns, or None."""


def require_shared(
    processes: int,
    config: TrainConfig,
    fused: FusedConfig,
    *,
    device: torch.device,
    has_beside: bool,
) -> None:
    """Refuse to share among processes a training that cannot be shared.

    Args:
        processes: how many.
        config: of the training.
        fused: of the model; where its task bundles samples, any batch can be divided.
        device: of the model.
        has_beside: whether the language model learns more with the task.

    Raises:
        ConfigError: the number is out of its bounds or does not divide a batch, the model is on a
            GPU, or it learns more than its task (`triple`, `beside`).
    """
    check.whole("processes", processes, 1, 1024)
    if processes == 1:
        return
    for name, is_learned in (("fusion.triple", fused.triple), ("beside", has_beside)):
        if is_learned:
            raise ConfigError(
                f"processes must be 1 for a model with {name}; got {processes}. Leave one out."
            )
    if device.type != "cpu":
        raise ConfigError(
            f"processes must be 1 for a model on {device}; got {processes}. Move it to the CPU, or "
            "leave processes out."
        )
    bundles = type(make_task(fused.task, group=fused.group)).bundles
    if bundles is Task.bundles and config.batch_size % processes:
        raise ConfigError(
            f"processes must divide train.batch_size ({config.batch_size}); got {processes}. "
            "Change one of the two."
        )


def fit_job(job: Job, batcher: Batcher, *, processes: int = 1) -> dict[str, float]:
    """Train a job's model in place, each batch shared among processes.

    Every process takes its part of each batch, so the number of steps is that of one process. On
    several processes, a batch normalisation sees its process's part only.

    Args:
        job: what to train, on what.
        batcher: items to a batch.
        processes: how many; 1 trains right here.

    Returns:
        The mean loss and the number of steps, of all calls where the job goes on from a
        checkpoint, and as `earlier_s` the seconds of the calls before this one.

    Raises:
        ConfigError: the number of processes does not divide a batch, the model is on a GPU, or
            it learns more than its task (`triple`, `beside`).
        LichenError: a process stopped before the end.
    """
    config, beside = job.model.config, job.beside is not None
    require_shared(processes, job.config, config, device=job.model.text.device, has_beside=beside)
    if processes == 1:
        return _fit(job, batcher, processes)[1]
    with tempfile.TemporaryDirectory() as scratch:
        torch.save(job, Path(scratch, _JOB))
        try:
            spawn(_work, args=(processes, scratch), nprocs=processes)  # type: ignore[no-untyped-call]
        except (ProcessRaisedException, ProcessExitedException) as error:
            last = str(error).strip().splitlines()[-1]
            raise LichenError(
                f"processes: all {processes} must live to the end of training; one stopped "
                f"({last}). Train again with the same out to go on from the last checkpoint."
            ) from None
        job.model.load_state_dict(load_file(Path(scratch, WEIGHTS)), strict=False)
        found: dict[str, float] = json.loads(Path(scratch, _RESULT).read_text(encoding="utf-8"))
    return found


def _work(rank: int, processes: int, scratch: str) -> None:
    """Train as one of the processes; the first writes what came of it."""
    end_with_parent()
    threads = max(1, (os.cpu_count() or 1) // processes)
    place = {"RANK": rank, "LOCAL_RANK": rank, "OMP_NUM_THREADS": threads}
    size = {"WORLD_SIZE": processes, "LOCAL_WORLD_SIZE": processes}
    os.environ.update({key: str(value) for key, value in {**place, **size}.items()})
    torch.set_num_threads(threads)
    dist.init_process_group(
        "gloo", init_method=f"file://{scratch}/{_MEETING}", rank=rank, world_size=processes
    )
    job: Job = torch.load(Path(scratch, _JOB), mmap=True, weights_only=False)
    trainer, figures = _fit(job, job.model.batcher(), processes)
    if rank == 0:
        trainer._save(scratch)  # noqa: SLF001 - what a checkpoint holds
        Path(scratch, _RESULT).write_text(json.dumps(figures), encoding="utf-8")
    dist.barrier()
    # What torch wraps a model in frees its process group while holding the interpreter's lock, and
    # waits for a thread of gloo's that may want that lock (torch 2.13): so nothing is freed here,
    # and what was left for the end, such as the last of a log, is done by hand.
    atexit._run_exitfuncs()  # noqa: SLF001 - the interpreter will not end by itself
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _fit(job: Job, batcher: Batcher, processes: int) -> tuple[FusedTrainer, dict[str, float]]:
    set_seed(job.seed)
    trainer = make_trainer(
        job.model,
        job.bundles,
        collate=lambda drawn: batcher.collate([item for bundle in drawn for item in bundle]),
        config=job.config,
        seed=job.seed,
        folder=job.folder,
        log=job.log,
        processes=processes,
    )
    if processes > 1:
        trainer.accelerator.ddp_handler.find_unused_parameters = leaves_unused(job)
    if job.beside is not None:
        loss = BesideLoss(job.beside, job.model, seed=job.seed)
        trainer.learn_beside(loss, learning_rate=job.config.learning_rate)
    trainer.order = order_for(
        job.model, job.bundles, batch_size=job.config.batch_size, seed=job.seed
    )
    steps = trainer.train(resume_from_checkpoint=job.resume).global_step
    found = {"loss": trainer.mean_loss, "steps": steps, "earlier_s": trainer.earlier_s}
    return trainer, {name: float(x) for name, x in found.items()}


def leaves_unused(job: Job) -> bool:
    """Say whether the loss of some part of a batch may leave parameters that are trained unused.

    A part in which no mention is linked reads no entity, and one without two of them in a text
    judges no pair; a language model or vectors that are trained have parts, such as a pooler or
    relations, that no state is made of. Looking for such parts walks through every step's graph.

    Args:
        job: what is trained, on what.
    """
    model = job.model
    if model.config.trains_text or model.config.train_nodes:
        return True
    needed = 0 if next(model.fusion.parameters(), None) is None else 1
    if isinstance(model.head, PairsHead) and model.head.num_pairs:
        needed = 2
    return any(max(map(_num_linked, bundle)) < needed for bundle in job.bundles)


def _num_linked(item: Item) -> int:
    """Count the mentions of a text that are linked and have tokens."""
    owners = {i for i in item.mention_of.tolist() if i != NONE}
    return sum(item.entities[i] != NONE for i in owners)
