"""The run folder: what a run was asked to do, how far it came, and what came of it."""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Mapping
from dataclasses import asdict, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from lichen.base.errors import ArtifactError, ConfigError
from lichen.base.paths import require_folder
from lichen.data.corpus import Corpus
from lichen.fusion.model import FusedModel
from lichen.training.hashes import corpus_hash, graph_hash
from lichen.training.joined import save_joined, specs
from lichen.training.resumable import LAST_FILE
from lichen.training.run import RUN, TRAIN, VALID, Run, write_record

SPEC, LOG, CHECKPOINTS, VERSIONS = "resolved.json", "metrics.jsonl", "checkpoints", "versions"
PACKAGES = ("lichen", "torch", "transformers", "tokenizers", "numpy")


class RunFolder:
    """A folder that a run is written to, step by step, so that it can go on after a kill.

    `resolved.json` (settings, seed, hashes, versions), `train.jsonl`, `valid.jsonl`,
    `metrics.jsonl`, `checkpoints/` while it runs, and at the end `model/` and `run.json`.

    Args:
        path: created when absent.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.checkpoints = path / CHECKPOINTS
        self.log = path / LOG

    @property
    def is_finished(self) -> bool:
        """Say whether a finished run is there."""
        return (self.path / RUN).is_file()

    def spec(self, run: Run[FusedModel], *, data_hash: str) -> dict[str, Any]:
        """Return what makes this run this run: equal for a run that may go on."""
        return {
            "model": model_spec(run.model),
            "text": text_spec(run.model),
            "config": asdict(run.config),
            "seed": run.seed,
            "data": data_hash,
            **facts_spec(run.model),
            **specs(run.beside),
        }

    def require_same(self, spec: dict[str, Any], *, record: str = SPEC) -> None:
        """Refuse to mix two runs in one folder.

        Args:
            spec: what makes a run this run.
            record: the file that tells it of the folder's run.

        Raises:
            ConfigError: the folder holds a run with other settings or data.
            ArtifactError: its record cannot be read.
        """
        path = self.path / record
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ArtifactError(
                f"{path}: must be the record of the run in this folder; cannot be read "
                f"({error}). Give another out, or remove the folder."
            ) from None
        mine = json.loads(json.dumps(spec))
        keys = (mine.keys() | said.keys()) - {VERSIONS}
        other = sorted(key for key in keys if said.get(key) != mine.get(key))
        if other:
            raise ConfigError(
                f"out: {self.path} must be empty or hold this same run; it holds one with another "
                f"{', '.join(other)}. Give another out, or remove the folder."
            )

    def begin(self, spec: dict[str, Any], data: Mapping[str, Corpus | None]) -> Path | None:
        """Write what is to be done, or find where to go on.

        Args:
            spec: what makes this run this run.
            data: documents by the name of their file; None is not written.

        Returns:
            The last checkpoint of a run that was cut short, or None.

        Raises:
            ConfigError: the folder holds a run with other settings or data, or is a file.
            ArtifactError: its record cannot be read.
        """
        if (self.path / SPEC).is_file():
            self.require_same(spec)
            return self._last_checkpoint()
        require_folder(self.path)
        self.path.mkdir(parents=True, exist_ok=True)
        for name, corpus in data.items():
            if corpus is not None:
                corpus.save(self.path / name)
        versions = {name: _version(name) for name in PACKAGES}
        versions["python"] = platform.python_version()
        text = json.dumps({**spec, VERSIONS: versions}, indent=1, ensure_ascii=False)
        (self.path / SPEC).write_text(text, encoding="utf-8")
        return None

    def drop_checkpoints(self) -> None:
        """Drop the checkpoints of a run that is finished."""
        shutil.rmtree(self.checkpoints, ignore_errors=True)

    def _last_checkpoint(self) -> Path | None:
        found = [p for p in self.checkpoints.glob("checkpoint-*") if _is_whole(p)]
        return max(found, key=lambda p: int(p.name.split("-")[1]), default=None)


def save_run(run: FusedModel | Run[FusedModel], folder: Path) -> None:
    """Write a finished run, or a model, into a folder of its own, as `run_or_model` reads it.

    Of several tasks trained together the model alone is written.
    """
    if isinstance(run, FusedModel) or type(run) is not Run:
        model = run if isinstance(run, FusedModel) else run.model
        model.save_pretrained(folder)
        return
    assert isinstance(run.data, Corpus)
    place = RunFolder(folder)
    spec = place.spec(run, data_hash=corpus_hash(run.data, group=run.model.config.group))
    place.begin(spec, {TRAIN: run.data, VALID: run.valid})
    save_joined(run.beside, folder, save=save_run)
    write_record(replace(run, out=folder), spec)


def model_spec(model: FusedModel) -> dict[str, Any]:
    """Return how a model is built."""
    config = model.config
    names = ("fusion", "task", "at", "labels", "entities", *config.settings())
    reading = {} if model.fusion.READING == 1 else {"reading": model.fusion.READING}
    return {name: getattr(config, name) for name in names} | reading


def facts_spec(model: FusedModel) -> dict[str, str]:
    """Return which facts a model reads; nothing where it reads vectors alone."""
    reads = model.fusion.READS_FACTS or model.config.triple
    return {"facts": graph_hash(model.graph)} if model.graph is not None and reads else {}


def text_spec(model: FusedModel) -> dict[str, str]:
    """Return which language model a model is built on."""
    return {"name": model.plain_text.name, "fingerprint": model.plain_text.fingerprint}


def _is_whole(checkpoint: Path) -> bool:
    """Say whether a checkpoint was written to its end: its last file is there."""
    return (checkpoint / LAST_FILE).is_file()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
