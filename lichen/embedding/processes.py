"""One training run over several processes of this machine, through torch.distributed."""

from __future__ import annotations

import json
import os
import tempfile
from copy import deepcopy
from dataclasses import asdict
from multiprocessing import parent_process
from pathlib import Path
from threading import Thread
from typing import Any

import torch
import torch.distributed as dist
from torch.multiprocessing.spawn import ProcessExitedException, ProcessRaisedException, spawn

from lichen.base import check
from lichen.base.errors import ConfigError, LichenError
from lichen.data.graph import Graph
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.trainer import TrainReport, refuse_computed, train_embedding

_REPORT, _ERROR, _MEETING = "report.json", "error.json", "meeting"


def train_in_processes(
    encoder: GraphEncoder,
    graph: Graph,
    *,
    processes: int,
    config: EmbeddingConfig | None = None,
    checkpoint: str | Path | None = None,
) -> TrainReport:
    """Train as `train_embedding` does, each batch shared among processes, in place.

    The steps are those of one process up to rounding; where there is dropout each process draws
    its own, and the batch normalisation of ConvE sees its share of each batch. The processors are
    divided among the processes. On several machines, start `train_embedding` under torchrun.

    Args:
        encoder: what to train, on the CPU.
        graph: the facts.
        processes: how many; 1 trains right here.
        config: the settings; None takes the defaults.
        checkpoint: folder for the run's state, as of `train_embedding`.

    Returns:
        Losses, validation figures and time.

    Raises:
        ConfigError: the number of processes is out of bounds, or several are to share an encoder
            that is on a GPU or that computes its vectors.
        LichenError: training stopped with an error, its own message; see `train_embedding`.
    """
    check.whole("processes", processes, 1, 1024)
    if processes == 1:
        return train_embedding(encoder, graph, config=config, checkpoint=checkpoint)
    if encoder.entity_table.device.type != "cpu":
        raise ConfigError(
            f"processes must be 1 for an encoder on {encoder.entity_table.device}; "
            f"got {processes}. Start one process a GPU under torchrun."
        )
    refuse_computed(encoder)
    encoder.share_memory()
    place = None if checkpoint is None else str(checkpoint)
    with tempfile.TemporaryDirectory() as folder:
        job = (processes, encoder, graph, config, place, folder)
        try:
            spawn(_work, args=job, nprocs=processes, join=True)  # type: ignore[no-untyped-call]
        except (ProcessRaisedException, ProcessExitedException) as error:
            told = Path(folder, _ERROR)
            if told.is_file():
                raise LichenError(json.loads(told.read_text(encoding="utf-8"))) from None
            raise LichenError(
                f"processes: all {processes} must live to the end of training; one stopped: {error}"
            ) from error
        said: dict[str, Any] = json.loads(Path(folder, _REPORT).read_text(encoding="utf-8"))
    said |= {k: tuple(said[k]) for k in ("losses", "valid_mrr")}
    return TrainReport(**said)


def _work(
    rank: int,
    processes: int,
    encoder: GraphEncoder,
    graph: Graph,
    config: EmbeddingConfig | None,
    checkpoint: str | None,
    folder: str,
) -> None:
    """Train as one of the processes; the first writes to the memory it shares with its parent."""
    end_with_parent()
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // processes))
    if rank > 0:
        encoder = deepcopy(encoder)
    dist.init_process_group(
        "gloo", init_method=f"file://{folder}/{_MEETING}", rank=rank, world_size=processes
    )
    try:
        report = train_embedding(encoder, graph, config=config, checkpoint=checkpoint)
    except LichenError as error:
        Path(folder, _ERROR).write_text(json.dumps(str(error)), encoding="utf-8")
        raise
    if rank == 0:
        Path(folder, _REPORT).write_text(json.dumps(asdict(report)), encoding="utf-8")
    dist.destroy_process_group()


def end_with_parent() -> None:
    """Let this process end as soon as the one that started it has, however that came to its end.

    torch asks the system to interrupt a worker then, and a run that was started in the background
    of a script ignores that. A process that nobody started as a worker stays as it is.
    """
    parent = parent_process()
    if parent is None:
        return

    def follow() -> None:
        parent.join()
        os._exit(1)

    Thread(target=follow, daemon=True).start()
