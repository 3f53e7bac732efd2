"""A training run to a folder and back, so that one that was killed goes on as if it had not."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from lichen.base.errors import ConfigError
from lichen.data.graph import Ids
from lichen.embedding.artifact import drafted, read_artifact, write_files
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder

KIND = "embedding-checkpoint"


class Checkpoint:
    """The last state of a run, in a folder that is replaced whole.

    Args:
        folder: where it is kept; its parent must exist or be creatable.
        run: what tells the run from others, by name, as JSON holds it.
    """

    def __init__(self, folder: Path, run: Mapping[str, Any]) -> None:
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
            ConfigError: it belongs to another run.
            ArtifactError: it was changed.
        """
        _, old = _beside(self.folder)
        if not self.folder.exists() and old.exists():
            old.rename(self.folder)
        if not self.folder.exists():
            return None
        tensors, documents = read_artifact(self.folder, kind=KIND)
        differing = [k for k, x in self.run.items() if documents["run"].get(k) != _plain(x)]
        if differing:
            raise ConfigError(
                f"{self.folder}: holds a run with another {' and '.join(differing)}. "
                "Give another folder, or remove this one to begin anew."
            )
        return tensors, documents["progress"]


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


def encoder_run(encoder: GraphEncoder, facts: Ids, config: EmbeddingConfig) -> dict[str, Any]:
    """Return what tells a run of `train_embedding` from others.

    Args:
        encoder: what is trained.
        facts: `(facts, 3)` what it is trained on.
        config: the settings; a run may go on with other epochs and patience.
    """
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
        "facts": digest(facts),
        "config": {k: x for k, x in asdict(config).items() if k not in ("epochs", "patience")},
    }
    fixed = encoder.named_buffers(recurse=False)
    return run | {f"encoder.{name}": digest(tensor.numpy(force=True)) for name, tensor in fixed}


def digest(array: NDArray[Any]) -> str:
    """Return the hash of an array's numbers, in place of the array itself."""
    return hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()


def part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors whose names start with a prefix, by the rest of their names."""
    return {k.removeprefix(prefix): x for k, x in tensors.items() if k.startswith(prefix)}


def _plain(value: Any) -> Any:
    return value if not isinstance(value, tuple) else list(value)
