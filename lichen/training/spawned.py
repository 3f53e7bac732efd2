"""A training job over several processes of this machine, and what it gives back."""

from __future__ import annotations

import atexit
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
import torch.distributed as dist
from safetensors.torch import load_file
from torch import Tensor
from torch.multiprocessing.spawn import ProcessExitedException, ProcessRaisedException, spawn

from lichen.base import check
from lichen.base.errors import ConfigError, LichenError
from lichen.embedding.processes import end_with_parent
from lichen.training.part import Part
from lichen.training.resumable import ResumableTrainer

_JOB, _RESULT, _MEETING = "job.pt", "result.json", "meeting"


@dataclass(frozen=True)
class Fitted:
    """What one process has when it is done."""

    trainer: ResumableTrainer
    figures: dict[str, Any]
    """What came of it, as JSON can hold it."""

    def save(self, folder: Path) -> None:
        """Write the trained weights into a folder, as a checkpoint does."""
        self.trainer._save(str(folder))  # noqa: SLF001 - what a checkpoint holds


class Shareable(Protocol):
    """What each of several processes can train a part of; it is sent to each."""

    def fit(self, part: Part) -> Fitted:
        """Train as one of the processes, all of which have met."""
        ...


def require_divided(processes: int, *, device: torch.device, sizes: Mapping[str, int]) -> None:
    """Refuse to share among processes what cannot be divided.

    Args:
        processes: how many.
        device: of the model.
        sizes: of each batch a step, by the key of its setting.

    Raises:
        ConfigError: the number is out of its bounds or does not divide a batch, or the model is on
            a GPU.
    """
    check.whole("processes", processes, 1, 1024)
    if processes == 1:
        return
    if device.type != "cpu":
        raise ConfigError(
            f"processes must be 1 for a model on {device}; got {processes}. Move it to the CPU, or "
            "leave processes out."
        )
    for key, size in sizes.items():
        if size % processes:
            raise ConfigError(
                f"processes must divide {key} ({size}); got {processes}. Change one of the two."
            )


def fit_shared(
    job: Shareable, processes: int, *, weights: str
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Train a job over several processes.

    Args:
        job: what to train.
        processes: how many share it.
        weights: name of the file that `Fitted.save` writes.

    Returns:
        The first process's figures, and the trained weights.

    Raises:
        LichenError: a process stopped before the end.
    """
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
        figures = json.loads(Path(scratch, _RESULT).read_text(encoding="utf-8"))
        return figures, load_file(Path(scratch, weights))


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
    job: Shareable = torch.load(Path(scratch, _JOB), mmap=True, weights_only=False)
    done = job.fit(Part(rank, processes))
    if rank == 0:
        done.save(Path(scratch))
        Path(scratch, _RESULT).write_text(json.dumps(done.figures), encoding="utf-8")
    dist.barrier()
    # What torch wraps a model in frees its process group while holding the interpreter's lock, and
    # waits for a thread of gloo's that may want that lock (torch 2.13): so nothing is freed here,
    # and what was left for the end, such as the last of a log, is done by hand.
    atexit._run_exitfuncs()  # noqa: SLF001 - the interpreter will not end by itself
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
