"""How a fused model is built; saved beside its weights as `config.json`."""

from __future__ import annotations

from typing import Any

from transformers import PretrainedConfig

from lichen.base import check
from lichen.base.choose import choose
from lichen.base.errors import ConfigError
from lichen.fusion import FUSIONS

TASKS = ("classify",)
SETTINGS = ("mentions", "hidden", "drop", "align", "train_text", "train_nodes", "seed")
"""Fields that a `FusedModel` takes as further arguments."""


class FusedConfig(PretrainedConfig):  # type: ignore[misc]
    """Settings of a `FusedModel`.

    Raises:
        ConfigError: a value is out of its bounds.
        ChoiceError: no such fusion method or task.
    """

    model_type = "lichen-fused"

    fusion: str = "gate"
    """A key of `lichen.fusion.FUSIONS`."""
    task: str = "classify"
    """What the head does."""
    at: int | str = "output"
    """Where entities are read in: "output", or a hidden layer from 1."""
    labels: list[str] | None = None
    """The classes in id order; None until training data says them."""
    mentions: int = 4
    """Mentions of a text, in order, that the head looks at."""
    hidden: int = 128
    """Width of the head's hidden layer."""
    drop: float = 0.1
    """Share of the head's inputs dropped in training."""
    align: float = 1.0
    """Weight of learning to read relations from what the graph says of the mentions."""
    train_text: bool = False
    """Train the language model too; otherwise its states are computed once and kept."""
    train_nodes: bool = False
    """Train the entity vectors too."""
    seed: int = 0
    """Of the random start of fusion and head."""
    dim: int = 0
    """Width of token states; set by the model."""
    text: str = ""
    """Fingerprint of the language model; set by the model."""
    entities: str = ""
    """Hash of the entity labels that ids refer to; set by the model."""

    def __post_init__(self, **kwargs: Any) -> None:
        """Refuse values that could only fail later."""
        super().__post_init__(**kwargs)
        choose("fusion", self.fusion, FUSIONS)
        choose("task", self.task, dict.fromkeys(TASKS))
        check.between("fusion.mentions", self.mentions, 0, 64)
        check.between("fusion.hidden", self.hidden, 1, 65_536)
        check.between("fusion.drop", self.drop, 0.0, 0.95)
        check.between("fusion.align", self.align, 0.0, 1e6)
        check.between("fusion.seed", self.seed, 0, 2**32 - 1)
        if isinstance(self.at, str) and self.at != "output":
            raise ConfigError(
                f"fusion.at must be 'output' or the number of a hidden layer; got {self.at!r}."
            )

    def settings(self) -> dict[str, Any]:
        """Return the further arguments of the `FusedModel` that this configures."""
        return {key: getattr(self, key) for key in SETTINGS}
