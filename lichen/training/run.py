"""What training gives: the model, its figures, and all that is needed to train its twins."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from lichen.base.errors import ArtifactError
from lichen.data.corpus import Corpus
from lichen.data.graph import Graph
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder
from lichen.fusion.model import FusedModel
from lichen.training.config import TrainConfig
from lichen.training.joined import ALONE, Joined, load_joined

M = TypeVar("M", FusedModel, GraphEncoder)

FORMAT = 1
"""Version of the run folder's layout."""
RUN, MODEL, TRAIN, VALID = "run.json", "model", "train.jsonl", "valid.jsonl"


@dataclass(frozen=True, kw_only=True, eq=False)
class Run(Generic[M]):
    """A trained model and where it came from."""

    model: M
    metrics: Mapping[str, float] = field(default_factory=dict)
    """Figures by name; seconds end in `_s`."""
    data: Corpus | Graph
    """What it was trained on."""
    valid: Corpus | None = None
    beside: tuple[Joined, ...] = ()
    """What was learned beside the task."""
    config: TrainConfig | EmbeddingConfig
    seed: int = 0
    out: Path | None = None
    """The run folder, or None when nothing was written."""

    def __repr__(self) -> str:
        """Show the kind of model and its figures."""
        figures = ", ".join(f"{key} {value:.4g}" for key, value in self.metrics.items())
        return f"Run({type(self.model).__name__}, {figures})"

    @classmethod
    def load(cls, folder: str | Path) -> Run[Any]:
        """Read a finished run of a `FusedModel`.

        Raises:
            ArtifactError: the folder holds no finished run, or one of another format or of several
                tasks.
        """
        path = Path(folder)
        said = read_record(path)
        if "tasks" in said:
            raise ArtifactError(
                f"{path}: must hold a run of one task; it holds one of {', '.join(said['tasks'])}. "
                "Load it by TasksRun.load."
            )
        valid = path / VALID
        model = FusedModel.from_pretrained(path / MODEL)
        return Run(
            model=model,
            metrics=said["metrics"],
            data=Corpus.load(path / TRAIN),
            valid=Corpus.load(valid) if valid.is_file() else None,
            beside=load_joined(path, said, {ALONE: model}, load=run_or_model),
            config=TrainConfig(**said["config"]),
            seed=said["seed"],
            out=path,
        )


def run_or_model(folder: Path) -> FusedModel | Run[FusedModel]:
    """Read what a folder holds: a finished run of one task, or a model.

    Raises:
        ArtifactError: it holds neither, or one of another format.
    """
    if (folder / RUN).is_file():
        found: Run[FusedModel] = Run.load(folder)
        return found
    return FusedModel.from_pretrained(folder)


def read_record(folder: Path) -> dict[str, Any]:
    """Return the record of a finished run.

    Raises:
        ArtifactError: there is none, or it is of another format.
    """
    path = folder / RUN
    if not path.is_file():
        raise ArtifactError(
            f"{path}: no such file, so this folder holds no finished run. Train again with the "
            "same out to resume it."
        )
    try:
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ArtifactError(f"{path}: not JSON ({error}). Train again.") from None
    if said.get("format") != FORMAT:
        raise ArtifactError(
            f"{path}: must be of format {FORMAT}; got {said.get('format')!r}. Load it with the "
            "matching version of Lichen."
        )
    return said


def write_record(run: Run[FusedModel], record: Mapping[str, Any]) -> None:
    """Write the model, then the record of a run, last, so a cut write is noticed."""
    assert run.out is not None
    run.model.save_pretrained(run.out / MODEL)
    whole = {
        "format": FORMAT,
        **record,
        "config": asdict(run.config),
        "seed": run.seed,
        "metrics": dict(run.metrics),
    }
    text = json.dumps(whole, indent=1, ensure_ascii=False)
    (run.out / RUN).write_text(text, encoding="utf-8")
