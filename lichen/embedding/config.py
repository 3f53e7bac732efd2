"""How an embedding is trained; the `[embed]` table of a job file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lichen.base import check
from lichen.base.choose import choose


@dataclass(frozen=True, kw_only=True)
class EmbeddingConfig:
    """Settings of `train_embedding`; the defaults suit graphs of up to about 100,000 facts.

    Raises:
        ConfigError: a value is out of its bounds; the message starts with its key.
    """

    epochs: int = 40
    """Most passes over the training facts, each fact seen in both directions."""
    batch_size: int = 1024
    """Directed facts a step."""
    learning_rate: float = 0.1
    """Adagrad's step; a coordinate moves by about this much at its first update."""
    candidates: Literal["auto", "all", "sampled"] = "auto"
    """What a true tail competes with: all entities, or a sample shared by the batch. "auto"
    takes all entities up to 2,000 of them."""
    negatives: int = 512
    """Entities drawn for that sample."""
    degree_power: float = 0.5
    """An entity is drawn in proportion to (its facts + 1) to this power; 0 draws all alike."""
    hide_known: bool = True
    """Whether other known answers of a training question stay out of the competition. It sets
    stored facts apart from swaps of the same type (on Atlas 99 % instead of 91 %), and costs
    some MRR on ranking benchmarks, where False is better."""
    n3: float = 0.01
    """Weight of the cubed coordinate sizes (Lacroix et al., 2018); 0 turns it off. Less keeps
    stored facts better, more foretells absent ones better (0.05 on Atlas)."""
    valid_every: int = 5
    """Epochs between two looks at the validation split."""
    patience: int = 3
    """Looks without a better filtered MRR after which training stops."""
    valid_limit: int = 2000
    """Validation facts looked at, the same random ones each time."""
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse values that could only fail later, deep inside a run."""
        check.between("embed.epochs", self.epochs, 0, 100_000)
        check.between("embed.batch_size", self.batch_size, 1, 10_000_000)
        check.between("embed.learning_rate", self.learning_rate, 0.0, 100.0)
        choose("embed.candidates", self.candidates, dict.fromkeys(("auto", "all", "sampled")))
        check.between("embed.negatives", self.negatives, 1, 10_000_000)
        check.between("embed.degree_power", self.degree_power, 0.0, 4.0)
        check.between("embed.n3", self.n3, 0.0, 1e6)
        check.between("embed.valid_every", self.valid_every, 1, 100_000)
        check.between("embed.patience", self.patience, 1, 100_000)
        check.between("embed.valid_limit", self.valid_limit, 1, 10_000_000)
        check.between("embed.seed", self.seed, 0, 2**32 - 1)
