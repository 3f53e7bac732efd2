"""How a path model is trained."""

from __future__ import annotations

from dataclasses import dataclass

from lichen.base import check


@dataclass(frozen=True, kw_only=True)
class PathConfig:
    """Settings of `train_paths`.

    Raises:
        ConfigError: a value is out of its bounds; the message starts with its key.
    """

    epochs: int = 10
    """Most passes over the training facts."""
    epoch_facts: int = 5_000
    """Facts drawn for a pass, each asked in one direction; fewer facts are taken whole."""
    batch_size: int = 32
    """Facts a step; they are taken out of the graph while they are asked."""
    learning_rate: float = 0.005
    """Adam's step."""
    last_rate: float = 1.0
    """Share of the learning rate that is left at the end; it falls evenly, step by step."""
    negatives: int = 32
    """Wrong answers drawn for each question."""
    temperature: float = 1.0
    """Of the weights by which wrong answers that score higher count more."""
    patience: int = 3
    """Passes without a better filtered MRR on the validation split after which training stops."""
    valid_limit: int = 200
    """Validation facts looked at, the same random ones each time."""
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse values that could only fail later, deep inside a run."""
        check.whole("path.epochs", self.epochs, 0, 100_000)
        check.whole("path.epoch_facts", self.epoch_facts, 1, 1_000_000_000)
        check.whole("path.batch_size", self.batch_size, 1, 1_000_000)
        check.between("path.learning_rate", self.learning_rate, 0.0, 100.0)
        check.between("path.last_rate", self.last_rate, 0.0, 1.0)
        check.whole("path.negatives", self.negatives, 1, 1_000_000)
        check.between("path.temperature", self.temperature, 1e-6, 1e6)
        check.whole("path.patience", self.patience, 1, 100_000)
        check.whole("path.valid_limit", self.valid_limit, 1, 10_000_000)
        check.whole("path.seed", self.seed, 0, 2**32 - 1)
