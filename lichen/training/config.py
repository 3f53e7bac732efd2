"""How a fused model is trained; the `[train]` table of a job file."""

from __future__ import annotations

from dataclasses import dataclass

from lichen.base import check
from lichen.base.seeds import require_seed


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Settings of `train` for a `FusedModel`.

    Raises:
        ConfigError: a value is out of its bounds; the message starts with its key.
    """

    epochs: int = 6
    """Passes over the training samples."""
    batch_size: int = 128
    """Samples a forward pass."""
    accumulate: int = 1
    """Passes whose gradients are added up to one step, where a larger batch does not fit."""
    learning_rate: float = 2e-3
    """Of the head (AdamW), after warm-up, falling linearly to 0."""
    fusion_learning_rate: float = 2e-4
    """Of the fusion, and of the entity vectors when they are trained."""
    text_learning_rate: float = 5e-5
    """Of the language model, when it is trained whole."""
    lora_learning_rate: float = 5e-4
    """Of the language model's low-rank adapters, when it has some."""
    weight_decay: float = 0.01
    """AdamW's."""
    warmup: float = 0.1
    """Share of the steps in which the learning rate rises."""
    report_to: str = "none"
    """Where the Trainer also logs, such as "wandb", "trackio" or "tensorboard", whose events lie in
    `tensorboard/` of the run folder; installed apart, and refused where it is not."""

    def __post_init__(self) -> None:
        """Refuse values that could only fail later, deep inside a run."""
        check.whole("train.epochs", self.epochs, 1, 100_000)
        check.whole("train.batch_size", self.batch_size, 1, 1_000_000)
        check.whole("train.accumulate", self.accumulate, 1, 100_000)
        check.between("train.learning_rate", self.learning_rate, 0.0, 10.0)
        check.between("train.fusion_learning_rate", self.fusion_learning_rate, 0.0, 10.0)
        check.between("train.text_learning_rate", self.text_learning_rate, 0.0, 10.0)
        check.between("train.lora_learning_rate", self.lora_learning_rate, 0.0, 10.0)
        check.between("train.weight_decay", self.weight_decay, 0.0, 10.0)
        check.between("train.warmup", self.warmup, 0.0, 1.0)


def require_run(where: str, config: object, kind: type, seed: int) -> None:
    """Refuse settings of another type, and a seed that is none.

    Raises:
        ConfigError: one of them is not what a run takes.
    """
    fix = f"Pass {kind.__name__}(...), or leave config out."
    check.kind(f"{where}: config", config, kind, fix=fix)
    require_seed(f"{where}: seed", seed)
