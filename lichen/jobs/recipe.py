"""One TOML file that names everything a run depends on: data, entity vectors, fusion, training.

So the file is the run's record too. `lichen.jobs.ready` loads what it names, and
`lichen.jobs.recipe_run` does the run.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from lichen.base.config import load_config
from lichen.base.errors import ConfigError
from lichen.embedding.config import EmbeddingConfig
from lichen.jobs.tables import (
    BesideRecipe,
    CompareRecipe,
    DataRecipe,
    ModelRecipe,
    NodesRecipe,
    PretrainRecipe,
)
from lichen.training.config import TrainConfig


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One run, whole.

    Raises:
        ConfigError: a value is out of its bounds, or `[beside]` is for a frozen language model.
    """

    data: DataRecipe
    nodes: NodesRecipe = field(default_factory=NodesRecipe)
    embed: EmbeddingConfig = field(default_factory=EmbeddingConfig)
    model: ModelRecipe = field(default_factory=ModelRecipe)
    train: TrainConfig = field(default_factory=TrainConfig)
    pretrain: PretrainRecipe | None = None
    beside: BesideRecipe | None = None
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
        nodes, first, beside = found.nodes, found.pretrain, found.beside
        if nodes.folder is not None:
            nodes = replace(nodes, folder=_placed(place, "nodes.folder", nodes.folder))
        if first is not None and first.texts is not None:
            first = replace(first, texts=_placed(place, "pretrain.texts", first.texts))
        if beside is not None and beside.texts is not None:
            beside = replace(beside, texts=_placed(place, "beside.texts", beside.texts))
        return replace(
            found,
            data=data,
            nodes=nodes,
            model=replace(found.model, text=text),
            pretrain=first,
            beside=beside,
            out=str(place.parent / found.out),
        )


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
