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
from lichen.fusion.batch import Batcher
from lichen.fusion.item import Item
from lichen.fusion.model import FusedModel
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
    check.whole("processes", processes, 1, 1024)
    if processes == 1:
        return _fit(job, batcher, processes)[1]
    for name, more in (("fusion.triple", job.model.config.triple), ("beside", job.beside)):
        if more:
            raise ConfigError(
                f"processes must be 1 for a model with {name}; got {processes}. Leave one out."
            )
    device = job.model.text.device
    if device.type != "cpu":
        raise ConfigError(
            f"processes must be 1 for a model on {device}; got {processes}. Move it to the CPU, or "
            "leave processes out."
        )
    if job.config.batch_size % processes:
        raise ConfigError(
            f"processes must divide train.batch_size ({job.config.batch_size}); got {processes}."
        )
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
    if job.beside is not None:
        loss = BesideLoss(job.beside, job.model, seed=job.seed)
        trainer.learn_beside(loss, learning_rate=job.config.learning_rate)
    trainer.order = order_for(
        job.model, job.bundles, batch_size=job.config.batch_size, seed=job.seed
    )
    steps = trainer.train(resume_from_checkpoint=job.resume).global_step
    found = {"loss": trainer.mean_loss, "steps": steps, "earlier_s": trainer.earlier_s}
    return trainer, {name: float(x) for name, x in found.items()}
