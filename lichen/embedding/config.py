"""How an embedding is trained; the `[embed]` table of a job file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lichen.base import check
from lichen.base.choose import choose
from lichen.base.errors import ConfigError

ALL_LOSSES = ("softmax", "binary")
"""Losses that compare a query with all entities."""
SAMPLED_LOSSES = ("softmax", "margin", "self_adversarial")
"""Losses that compare a fact with a sample."""


@dataclass(frozen=True, kw_only=True)
class EmbeddingConfig:
    """Settings of `train_embedding`; the defaults suit graphs of up to about 100,000 facts.

    Raises:
        ConfigError: a value is out of its bounds, or two do not go together; the message starts
            with the key.
    """

    epochs: int = 40
    """Most passes over the training facts, each fact seen in both directions."""
    batch_size: int = 1024
    """Directed facts a step; distinct (entity, relation) queries when compared with all or a
    pool."""
    optimiser: Literal["adagrad", "rowwise_adagrad", "adam"] = "adagrad"
    """"rowwise_adagrad" keeps one number a row as its state, for tables that fill the memory."""
    learning_rate: float = 0.1
    """Adagrad's step; a coordinate moves by about this much at its first update."""
    decay: float = 1.0
    """Factor on the learning rate after each look at the validation split without a better MRR."""
    last_rate: float = 1.0
    """Share of the learning rate that is left in the last epoch; it falls evenly until there.
    Below 1, few epochs come nearer to what many give."""
    loss: Literal["softmax", "binary", "margin", "self_adversarial"] = "softmax"
    """"binary" needs all candidates, "margin" and "self_adversarial" sampled ones."""
    margin: float = 9.0
    """Of the margin and self-adversarial losses."""
    temperature: float = 1.0
    """Of the self-adversarial loss: how much more hard negatives weigh."""
    candidates: Literal["auto", "all", "pool", "sampled"] = "auto"
    """What a true tail competes with: all entities; the answers of the batch and a sample, weighed
    so that they stand for all ("pool", softmax only); or a sample alone. The batch shares the
    sample. "auto" takes all entities up to 2,000 of them, unless the loss needs a sample."""
    count: Literal["facts", "queries"] = "facts"
    """What weighs alike when compared with all: every fact (1-vs-all), or every query however
    many answers it has (k-vs-all)."""
    negatives: int = 512
    """Entities drawn for the sample."""
    degree_power: float = 0.5
    """An entity is drawn in proportion to (its facts + 1) to this power; 0 draws all alike."""
    hide_known: bool = True
    """Whether other known answers of a training question stay out of the competition. It sets
    stored facts apart from swaps of the same type (on Atlas 99 % instead of 91 %), and costs
    some MRR on ranking benchmarks, where False is better."""
    n3: float = 0.01
    """Weight of the cubed coordinate sizes (Lacroix et al., 2018); 0 turns it off. Less keeps
    stored facts better, more foretells absent ones better (0.05 on Atlas)."""
    l2: float = 0.0
    """Weight of the squared coordinates."""
    dura: float = 0.0
    """Weight of the squared coordinates of entities and of what they ask for by the fact's
    relation (Zhang et al., 2020, arXiv:2011.05816); for scorers that are a product. In place of
    `n3` where ranks of absent facts matter most."""
    max_norm: float = 0.0
    """Longest that a learned entity vector may be; one that a step makes longer is cut back; 0 is
    no limit. For squared distances; the learning rate should be about a tenth of it."""
    dropout: float = 0.0
    """Share of the coordinates of heads and relations dropped in training."""
    relation_weight: float = 0.0
    """Weight of telling the relation of each fact from its entities, as auxiliary objective
    (Chen et al., 2021, arXiv:2110.02834)."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Of the products with candidates; vectors and optimiser stay float32."""
    valid_every: int = 5
    """Epochs between two looks at the validation split, and between two checkpoints."""
    patience: int = 3
    """Looks without a better filtered MRR after which training stops."""
    valid_limit: int = 2000
    """Validation facts looked at, the same random ones each time."""
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse values that could only fail later, deep inside a run."""
        check.whole("embed.epochs", self.epochs, 0, 100_000)
        check.whole("embed.batch_size", self.batch_size, 1, 10_000_000)
        choose("embed.optimiser", self.optimiser, _named("adagrad", "rowwise_adagrad", "adam"))
        check.between("embed.learning_rate", self.learning_rate, 0.0, 100.0)
        check.between("embed.decay", self.decay, 0.0, 1.0)
        check.between("embed.last_rate", self.last_rate, 0.0, 1.0)
        choose("embed.loss", self.loss, _named(*ALL_LOSSES, *SAMPLED_LOSSES))
        check.between("embed.margin", self.margin, 0.0, 1e6)
        check.between("embed.temperature", self.temperature, 0.0, 1e6)
        choose("embed.candidates", self.candidates, _named("auto", "all", "pool", "sampled"))
        choose("embed.count", self.count, _named("facts", "queries"))
        check.whole("embed.negatives", self.negatives, 1, 10_000_000)
        check.between("embed.degree_power", self.degree_power, 0.0, 4.0)
        check.truth("embed.hide_known", self.hide_known)
        check.between("embed.n3", self.n3, 0.0, 1e6)
        check.between("embed.l2", self.l2, 0.0, 1e6)
        check.between("embed.dura", self.dura, 0.0, 1e6)
        check.between("embed.max_norm", self.max_norm, 0.0, 1e6)
        check.between("embed.dropout", self.dropout, 0.0, 0.99)
        check.between("embed.relation_weight", self.relation_weight, 0.0, 1e6)
        choose("embed.precision", self.precision, _named("float32", "bfloat16"))
        check.whole("embed.valid_every", self.valid_every, 1, 100_000)
        check.whole("embed.patience", self.patience, 1, 100_000)
        check.whole("embed.valid_limit", self.valid_limit, 1, 10_000_000)
        check.whole("embed.seed", self.seed, 0, 2**32 - 1)
        self._refuse_mismatch()

    def _refuse_mismatch(self) -> None:
        if self.candidates == "all" and self.loss not in ALL_LOSSES:
            raise ConfigError(
                f"embed.candidates must be sampled for the loss {self.loss}; got all."
            )
        if self.candidates == "pool" and self.loss != "softmax":
            raise ConfigError(
                f"embed.loss must be softmax for the candidates pool; got {self.loss}."
            )
        if self.candidates == "sampled" and self.loss not in SAMPLED_LOSSES:
            raise ConfigError(
                f"embed.candidates must be all for the loss {self.loss}; got sampled."
            )


def _named(*names: str) -> dict[str, None]:
    return dict.fromkeys(names)
