"""A training run to a folder and back, so that one that was killed goes on as if it had not."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lichen.base.errors import ConfigError, LichenError
from lichen.base.paths import require_folder
from lichen.data.graph import Graph
from lichen.embedding.artifact import drafted, read_artifact, write_files
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder

if sys.platform != "win32":
    import fcntl

KIND = "embedding-checkpoint"
_ELSE = "give another folder, or remove this one to begin anew."
_ADVICE = f"Start as that run did, {_ELSE}"


class Checkpoint:
    """The last state of a run, in a folder that is replaced whole.

    Args:
        folder: where it is kept; its parent must exist or be creatable.
        run: what tells the run from others, by name, as JSON holds it.

    Raises:
        ConfigError: `folder` has no name of its own, such as "." or "/".
    """

    def __init__(self, folder: Path, run: Mapping[str, Any]) -> None:
        if folder.name in ("", ".."):
            raise ConfigError(
                f"checkpoint must be a folder with a name, since it is replaced whole; got "
                f"'{folder}'. Give a free name, such as 'checkpoint'."
            )
        self.folder, self.run = folder, run

    def write(self, tensors: dict[str, Tensor], progress: dict[str, Any]) -> None:
        """Write a state; the one before stays until this one is whole.

        Raises:
            LichenError: the disk is full or cannot be written to; the one before is kept.
        """
        draft, old = _beside(self.folder)
        with drafted(draft, of=self.folder):
            shutil.rmtree(draft, ignore_errors=True)
            documents = {"run": self.run, "progress": progress}
            write_files(draft, kind=KIND, tensors=tensors, documents=documents)
            shutil.rmtree(old, ignore_errors=True)
            if self.folder.exists():
                self.folder.rename(old)
            draft.rename(self.folder)
        shutil.rmtree(old, ignore_errors=True)

    def read(self) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        """Return the last state, or None where there is none.

        Raises:
            ConfigError: it belongs to another run, or an earlier version of Lichen wrote it.
            ArtifactError: it was changed.
        """
        _, old = _beside(self.folder)
        if not self.folder.exists() and old.exists():
            old.rename(self.folder)
        if not self.folder.exists():
            return None
        tensors, documents = read_artifact(self.folder, kind=KIND)
        self._require_same(documents["run"])
        return tensors, documents["progress"]

    def _require_same(self, said: Mapping[str, Any]) -> None:
        """Refuse what tells another run, or too little; encoders of one class say the same."""
        missing = [k for k in self.run if k not in said and not k.startswith("encoder.")]
        if missing and said.get("class") == self.run.get("class"):
            raise ConfigError(
                f"{self.folder}: holds a run of an earlier version of Lichen, which did not write "
                f"all that tells runs apart. Finish it with that version, {_ELSE}"
            )
        differing = [k for k, x in self.run.items() if said.get(k) != _plain(x)]
        if differing:
            raise ConfigError(
                f"{self.folder}: holds a run that differs in {' and '.join(differing)}. {_ADVICE}"
            )


@contextmanager
def alone(checkpoint: Checkpoint | None) -> Iterator[None]:
    """Keep a checkpoint to one run while that lasts, by a lock that ends with its process.

    Two runs are told apart where the file system has locks; those of Windows are not asked.

    Args:
        checkpoint: what the run writes; None holds nothing.

    Raises:
        ConfigError: another run is writing it, or a file stands where a folder is to be.
        LichenError: the disk cannot be written to.
    """
    if checkpoint is None or sys.platform == "win32":
        yield
        return
    folder = checkpoint.folder
    lock = folder.with_name(f".{folder.name}.lock")
    require_folder(folder)
    file = _locked(lock, of=folder)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        os.close(file)


def _locked(lock: Path, *, of: Path) -> int:
    """Return the open lock file, held; one that its last holder removed meanwhile is none."""
    while True:
        try:
            lock.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(lock, os.O_RDWR | os.O_CREAT)
        except OSError as error:
            raise LichenError(
                f"{of}: must be a folder to write to, and the disk did not let it: {error}. Give "
                "another folder."
            ) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            raise ConfigError(
                f"{of}: must be written by one run at a time, and another is writing it now. Give "
                "another folder, or wait until that run has ended."
            ) from None
        except OSError:  # a file system without locks
            return file
        if os.fstat(file).st_nlink:
            return file
        os.close(file)


def remove_checkpoint(folder: Path) -> None:
    """Remove the state of a run whose model is saved; a kill leaves it whole or not at all."""
    draft, old = _beside(folder)
    shutil.rmtree(old, ignore_errors=True)  # it would be taken for the last state
    shutil.rmtree(draft, ignore_errors=True)
    if folder.exists():
        folder.rename(draft)
        shutil.rmtree(draft, ignore_errors=True)


def _beside(folder: Path) -> tuple[Path, Path]:
    """Return where the next state is drafted, and where the one before waits meanwhile."""
    draft, old = (folder.with_name(f".{folder.name}.{name}") for name in ("draft", "old"))
    return draft, old


def encoder_run(encoder: GraphEncoder, graph: Graph, config: EmbeddingConfig) -> dict[str, Any]:
    """Return what tells a run of `train_embedding` from others, its start left out.

    Args:
        encoder: what is trained.
        graph: what it is trained on, and what its validation facts are ranked among.
        config: the settings; a run may go on with another patience, and with other epochs where
            they do not decide its learning rate.
    """
    settings = {f"embed.{k}": x for k, x in asdict(config).items() if k != "patience"}
    if config.last_rate == 1:
        settings["embed.epochs"] = None
    valid = graph.split("valid") if "valid" in graph.splits else graph.triples[:0]
    run = {
        "class": type(encoder).__name__,
        **encoder.parts,
        "learned": isinstance(encoder.entity_table, nn.Parameter),
        "scorer": encoder.scorer_name,
        "settings": encoder.settings,
        "dim": encoder.dim,
        "reciprocal": encoder.reciprocal,
        "entities": encoder.num_entities,
        "relations": encoder.num_relations,
        "facts": digest(graph.split("train")),
        "validation facts": digest(valid),
        "known facts": digest(graph.triples if len(valid) else valid),
        **settings,
    }
    fixed = encoder.named_buffers(recurse=False)
    return run | {f"encoder.{name}": digest(tensor.numpy(force=True)) for name, tensor in fixed}


def start_of(weights: Mapping[str, Tensor], draw: np.random.Generator | None = None) -> str:
    """Return the hash of what a model starts from: its weights, and its stream if it draws."""
    found = hashlib.sha256()
    for name, tensor in sorted(weights.items()):
        found.update(f"{name}:{digest(tensor.numpy(force=True))}".encode())
    if draw is not None:
        found.update(json.dumps(draw.bit_generator.state).encode())
    return found.hexdigest()


def require_kept(
    folder: Path, own: Mapping[str, Tensor], tensors: Mapping[str, Tensor], *, last: str
) -> None:
    """Refuse a model whose weights are none that a run kept.

    Args:
        folder: where the run's state is.
        own: weights of what is to go on, and does not start as the run did.
        tensors: the run's state, its best weights as `best.`.
        last: prefix of its last weights.

    Raises:
        ConfigError: it holds other weights.
    """
    for prefix in (last, "best."):
        kept = part(tensors, prefix)
        if kept and all(torch.equal(kept[name], x.cpu()) for name, x in own.items()):
            return
    raise ConfigError(
        f"{folder}: holds a run that began with other weights. Build the model anew as that run "
        f"did, {_ELSE}"
    )


def require_course(
    folder: Path, config: EmbeddingConfig, *, epoch: int, valid_mrr: Sequence[float]
) -> None:
    """Refuse epochs or a patience under which a run would not have come to where it is.

    Args:
        folder: where the run's state is.
        config: what it is to go on with.
        epoch: the last one that was run.
        valid_mrr: what it saw at each look at the validation split, if it has one.

    Raises:
        ConfigError: it would have stopped before, or not have lowered its learning rate there.
    """
    best, since, longest = -1.0, 0, 0
    for mrr in valid_mrr[:-1]:
        best, since = (mrr, 0) if mrr > best else (best, since + 1)
        longest = max(longest, since)
    if longest >= config.patience:
        came = f"went on after {longest} looks without a better MRR"
        given, remedy = f"embed.patience is {config.patience}", f"embed.patience above {longest}"
    elif epoch > config.epochs:
        came = f"is at epoch {epoch}"
        given, remedy = f"embed.epochs is {config.epochs}", f"embed.epochs to {epoch} or more"
    elif valid_mrr and config.decay < 1 and has_look_of_its_own(config, epoch):
        came = f"ended with a look at the validation split at epoch {epoch}"
        given = (
            f"embed.valid_every {config.valid_every} asks for none there in {config.epochs} epochs "
            f"while embed.decay {config.decay} lets each look lower the learning rate"
        )
        remedy = f"embed.epochs to {epoch}"
    else:
        return
    raise ConfigError(f"{folder}: holds a run that {came}, and {given}. Set {remedy}, {_ELSE}")


def has_look_of_its_own(config: EmbeddingConfig, epoch: int) -> bool:
    """Return whether a run was looked at only since it ended there, and is to go on now."""
    return epoch < config.epochs and epoch % config.valid_every > 0


def digest(array: NDArray[Any]) -> str:
    """Return the hash of an array's numbers, in place of the array itself."""
    return hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()


def part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors whose names start with a prefix, by the rest of their names."""
    return {k.removeprefix(prefix): x for k, x in tensors.items() if k.startswith(prefix)}


def _plain(value: Any) -> Any:
    return value if not isinstance(value, tuple) else list(value)
