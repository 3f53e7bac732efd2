"""One TOML file that names everything a run depends on: data, entity vectors, fusion, training.

So the file is the run's record too. `lichen.jobs.ready` loads what it names, and
`lichen.jobs.recipe_run` does the run.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from lichen.base.config import load_config
from lichen.base.errors import ConfigError
from lichen.embedding.config import EmbeddingConfig
from lichen.jobs.tables import (
    BesideRecipe,
    CompareRecipe,
    ConsistencyRecipe,
    DataRecipe,
    ModelRecipe,
    NodesRecipe,
    PretrainRecipe,
    TaskRecipe,
    TeacherRecipe,
)
from lichen.training.config import TrainConfig
from lichen.training.multitask import require_name

T = TypeVar("T")
MAIN = "main"
"""Name of the recipe's own task, where there are further ones."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One run, whole.

    Raises:
        ConfigError: a value is out of its bounds, `[beside]` is for a frozen language model, or a
            further task has the name of the recipe's own.
    """

    data: DataRecipe
    nodes: NodesRecipe = field(default_factory=NodesRecipe)
    embed: EmbeddingConfig = field(default_factory=EmbeddingConfig)
    model: ModelRecipe = field(default_factory=ModelRecipe)
    train: TrainConfig = field(default_factory=TrainConfig)
    pretrain: PretrainRecipe | None = None
    beside: BesideRecipe | None = None
    consistency: ConsistencyRecipe | None = None
    teacher: TeacherRecipe | None = None
    tasks: dict[str, TaskRecipe] = field(default_factory=dict)
    compare: CompareRecipe = field(default_factory=CompareRecipe)
    seed: int = 0
    out: str = "runs/first"
    """Run folder, seen from the recipe's folder."""

    def __post_init__(self) -> None:
        """Refuse what would else be met only after the embedding."""
        if self.beside is not None and not (self.model.train_text or self.model.lora):
            raise ConfigError(
                "beside: the language model must be trained with the task; it is frozen. Set "
                "model.lora = 8 or model.train_text = true, or leave the table out."
            )
        for name in self.tasks:
            require_name(name, where="tasks")
        if MAIN in self.tasks:
            raise ConfigError(
                f"tasks: a further task must not be called {MAIN!r}, which is that of [data] and "
                "[model]. Give it another name."
            )

    def further(self) -> dict[str, TaskRecipe]:
        """Return what each task learns beside its labels: the recipe's own first, then others."""
        model = self.model
        own = TaskRecipe(
            corpus=self.data.corpus,
            task=model.task,
            group=model.group or self.compare.group,
            head=model.head,
            consistency=self.consistency,
            teacher=self.teacher,
        )
        return {MAIN: own, **self.tasks}

    @classmethod
    def load(cls, path: str | Path) -> Recipe:
        """Read a recipe; relative paths become paths from its folder.

        A language model is such a path where a folder of its name lies beside the recipe.

        Raises:
            ConfigError: the file is not there or no TOML, a key or value is wrong, or a file that
                is named is not there.
        """
        found = load_config(cls, path)
        place = Path(path)
        data = replace(
            found.data,
            corpus=_placed(place, "data.corpus", found.data.corpus),
            graph=_placed(place, "data.graph", found.data.graph),
        )
        text = found.model.text
        if text is not None and (place.parent / text).is_dir():
            text = str(place.parent / text)
        return replace(
            found,
            data=data,
            nodes=_set(place, "nodes", found.nodes, "folder"),
            model=replace(found.model, text=text),
            pretrain=_set(place, "pretrain", found.pretrain, "texts"),
            beside=_set(place, "beside", found.beside, "texts"),
            consistency=_set(place, "consistency", found.consistency, "texts"),
            teacher=_set(place, "teacher", found.teacher, "folder"),
            tasks={name: _set_task(place, name, told) for name, told in found.tasks.items()},
            out=str(place.parent / found.out),
        )


def _set_task(recipe: Path, name: str, told: TaskRecipe) -> TaskRecipe:
    """Return a further task's table with paths from the recipe's folder."""
    where = f"tasks.{name}"
    return replace(
        _set(recipe, where, told, "corpus"),
        consistency=_set(recipe, f"{where}.consistency", told.consistency, "texts"),
        teacher=_set(recipe, f"{where}.teacher", told.teacher, "folder"),
    )


def _set(recipe: Path, where: str, table: T, key: str) -> T:
    """Return a table, or None, with the path under a key seen from the recipe's folder."""
    name = getattr(table, key, None)
    if table is None or name is None:
        return table
    placed: T = replace(table, **{key: _placed(recipe, f"{where}.{key}", name)})  # type: ignore[type-var]
    return placed


def _placed(recipe: Path, key: str, name: str) -> str:
    """Return a name that is a file or folder beside the recipe as a path; others as they are."""
    beside = recipe.parent / name
    if beside.exists():
        return str(beside)
    if name == "atlas" or "://" in name or Path(name).exists():
        return name
    raise ConfigError(
        f"{recipe}: {key} must name a file or a folder, seen from the recipe's folder; found "
        f"nothing at {beside}. Check the path."
    )
