"""The tables of a recipe, each checked as it is read."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from lichen.base import check
from lichen.base.choose import choose
from lichen.base.errors import ConfigError
from lichen.fusion import FUSIONS
from lichen.fusion.config import HEADS
from lichen.fusion.selection import SELECTIONS
from lichen.fusion.tasks import TASKS
from lichen.jobs.fusions import require_fusions
from lichen.jobs.guards import require_folds, require_seeds, require_twins
from lichen.training.consistency import ConsistencySettings
from lichen.training.joint import PretrainConfig
from lichen.training.objectives.weighed import require_objectives
from lichen.training.pretrain import BOTH
from lichen.training.teacher import TeacherSettings


@dataclass(frozen=True, kw_only=True)
class DataRecipe:
    """The `[data]` table: what is read. Paths are seen from the recipe's folder."""

    corpus: str
    """Labelled texts with a train split, linked or not."""
    graph: str
    """"atlas", a file, a folder, or a store's address."""
    on_bad_line: Literal["raise", "skip"] = "raise"


@dataclass(frozen=True, kw_only=True)
class NodesRecipe:
    """The `[nodes]` table: how entities have vectors."""

    scorer: str = "complex"
    dim: int = 64
    folder: str | None = None
    """What `lichen embed` wrote; None trains vectors by `[embed]`."""


@dataclass(frozen=True, kw_only=True)
class ModelRecipe:
    """The `[model]` table: what is trained; each key as in `FusedModel` and `FusedConfig`.

    Raises:
        ChoiceError: no such fusion, task, head or way of choosing facts.
        ConfigError: facts are to be completed with vectors that are not trained.
    """

    text: str | None = None
    """A language model; None is the packaged one."""
    fusion: str = "gate"
    task: str = "classify"
    group: str | None = None
    at: int | str | None = None
    head: str | None = None
    mentions: int = 4
    facts: int = 8
    hops: int = 1
    select: str = "specific"
    hidden: int = 128
    train_text: bool = False
    lora: int = 0
    train_nodes: bool = False
    triple: float = 0.0

    def __post_init__(self) -> None:
        """Refuse names that would else be met only after the embedding."""
        choose("model.fusion", self.fusion, FUSIONS)
        choose("model.task", self.task, TASKS)
        if self.head is not None:
            choose("model.head", self.head, dict.fromkeys(HEADS))
        choose("model.select", self.select, SELECTIONS)
        if self.triple and not self.train_nodes:
            raise ConfigError(
                "model.triple, the weight of completing facts, must be 0 where entity vectors stay "
                f"as they are; got {self.triple}. Set model.train_nodes = true, or leave it out."
            )

    def settings(self) -> dict[str, Any]:
        """Return the arguments of a `FusedModel`, fusion and language model left out."""
        given = asdict(self)
        return {key: x for key, x in given.items() if key not in ("text", "fusion")}


@dataclass(frozen=True, kw_only=True)
class PretrainRecipe(PretrainConfig):
    """The `[pretrain]` table: what the language model learns first; keys as in `PretrainConfig`.

    Raises:
        ChoiceError: no such objective.
        ConfigError: there is none, a weight is not above 0, or a setting is out of its bounds.
    """

    objectives: dict[str, float] = field(default_factory=lambda: dict(BOTH))
    """Weight by name; facts are those of the recipe's graph."""
    texts: str | None = None
    """Texts, labelled or not; None is the training texts."""

    def __post_init__(self) -> None:
        """Refuse what would else be met only after the graph and the texts are read."""
        super().__post_init__()
        require_objectives(self.objectives, None)

    def config(self) -> PretrainConfig:
        """Return the settings alone."""
        return PretrainConfig(**{x.name: getattr(self, x.name) for x in fields(PretrainConfig)})


@dataclass(frozen=True, kw_only=True)
class BesideRecipe:
    """The `[beside]` table: what the language model learns with the task; keys as in `Beside`.

    Raises:
        ChoiceError: no such objective.
        ConfigError: there is none, or a weight is not above 0.
    """

    objectives: dict[str, float]
    """Weight by name; facts are those of the recipe's graph."""
    texts: str | None = None
    """Texts, labelled or not; None is the training texts."""
    batch_size: int = 32
    max_tokens: int = 64

    def __post_init__(self) -> None:
        """Refuse names that would else be met only after the embedding."""
        require_objectives(self.objectives, None)


@dataclass(frozen=True, kw_only=True)
class ConsistencyRecipe(ConsistencySettings):
    """A `[consistency]` table: texts that a task's model agrees with itself about.

    Its other keys are as in `Consistency`.
    """

    texts: str | None = None
    """Texts, labelled or not; None is the task's training texts."""


@dataclass(frozen=True, kw_only=True)
class TeacherRecipe(TeacherSettings):
    """A `[teacher]` table: a model whose answers are learned; keys as in `Teacher`."""

    folder: str
    """A finished run's, or a saved model's."""


@dataclass(frozen=True, kw_only=True)
class TaskRecipe:
    """A `[tasks.NAME]` table: a further task, learned with the recipe's own, named "main".

    Raises:
        ChoiceError: no such task or head.
    """

    corpus: str
    """Labelled texts with a train split, linked or not."""
    task: str = "classify"
    group: str | None = None
    head: str | None = None
    weight: float = 1.0
    """Of its loss; the main task's is 1."""
    consistency: ConsistencyRecipe | None = None
    teacher: TeacherRecipe | None = None

    def __post_init__(self) -> None:
        """Refuse names that would else be met only after the embedding."""
        choose("task", self.task, TASKS)
        if self.head is not None:
            choose("head", self.head, dict.fromkeys(HEADS))
        check.weights("tasks", {"weight": self.weight}, what="a task")


@dataclass(frozen=True, kw_only=True)
class CompareRecipe:
    """The `[compare]` table: what `lichen uplift RECIPE` trains beside the run.

    Raises:
        ChoiceError: no such fusion.
        ConfigError: there is no fusion or no twin, one is named twice, or there are fewer than
            three seeds.
    """

    fusions: tuple[str, ...] | None = None
    """None takes all that the language model can be read for."""
    seeds: tuple[int, ...] = (0, 1, 2)
    twins: tuple[Literal["none", "shuffled", "count"], ...] = ("none", "shuffled", "count")
    group: str | None = None
    """Key of `meta` that the documents of one question share; None takes `model.group`."""
    folds: int | None = None
    """Into how many folds the training documents are divided, each answered by models trained on
    the others; None compares on the test documents."""
    together: str | None = None
    """Key of `meta` whose equal values stay in one fold; None takes `group`."""

    def __post_init__(self) -> None:
        """Refuse names that would else be met only after the embedding."""
        require_folds("compare.", self.folds, self.together)
        if self.fusions is not None:
            require_fusions("compare.fusions", self.fusions)
        require_seeds("compare.seeds", self.seeds)
        require_twins("compare.twins", self.twins)
