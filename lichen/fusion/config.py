"""How a fused model is built; saved beside its weights as `config.json`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from transformers import PretrainedConfig

from lichen.base import check
from lichen.base.choose import choose
from lichen.base.errors import ConfigError
from lichen.fusion import FUSIONS
from lichen.fusion.selection import SELECTIONS
from lichen.fusion.tasks import TASKS

HEADS = ("pairs", "pooled", "matched", "token")
SETTINGS = (
    *("head", "mentions", "facts", "hops", "select", "hidden", "drop", "align"),
    *("train_text", "lora", "train_nodes", "seed"),
)
"""Fields that a `FusedModel` takes as further arguments."""
LATER = ("group", "triple")
"""More of them, added later: left out of a record where they are not used, as in older records."""


def require_settings(key: str, given: Iterable[str], *, more: Sequence[str] = ()) -> None:
    """Refuse names that are no settings, which a configuration would take and forget.

    Args:
        key: what the message calls them.
        given: the names.
        more: further names that are allowed here.

    Raises:
        ChoiceError: one is no setting.

    >>> require_settings("a setting", ["mentoins"])
    Traceback (most recent call last):
    ...
    lichen.base.errors.ChoiceError: a setting must be one of align, ...; got 'mentoins'. Did you \
mean 'mentions'?
    """
    for name in given:
        choose(key, name, dict.fromkeys((*SETTINGS, *LATER, *more)))


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
    """What is asked of a text: a key of `lichen.fusion.tasks.TASKS`."""
    group: str | None = None
    """Key of `meta` that the documents of one question share; None: each is one of its own."""
    at: int | str = "output"
    """Where entities are read in: "input" (what the first layer reads), a hidden layer from 1,
    or "output"."""
    labels: list[str] | None = None
    """The classes in id order; None until training data says them."""
    head: str = "pairs"
    """"pairs" lets the graph's scorer judge mentions two by two; "pooled" reads means of states,
    "matched" also how alike these are; "token" speaks of every token, for tasks that ask so."""
    mentions: int = 4
    """Mentions of a text, in order, that are looked at."""
    facts: int = 8
    """Facts about each mention's entity, for methods that read facts."""
    hops: int = 1
    """How many facts away from a mention's entity those may lead."""
    select: str = "specific"
    """How those are chosen: a key of `lichen.fusion.selection.SELECTIONS`."""
    hidden: int = 128
    """Width of the head's hidden layer."""
    drop: float = 0.1
    """Share of the head's inputs dropped in training."""
    align: float = 1.0
    """Weight of learning to read relations from what the graph says of the mentions."""
    triple: float = 0.0
    """Weight of the loss of completing the graph's facts beside the task's; needs `train_nodes`."""
    train_text: bool = False
    """Train the language model too; otherwise its states are computed once and kept."""
    lora: int = 0
    """Rank of low-rank adapters by which the language model is trained instead of whole; 0 puts
    none."""
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
        choose("task", self.task, TASKS)
        choose("fusion.head", self.head, dict.fromkeys(HEADS))
        choose("fusion.select", self.select, SELECTIONS)
        check.whole("fusion.facts", self.facts, 1, 1024)
        check.whole("fusion.hops", self.hops, 1, 3)
        check.whole("fusion.mentions", self.mentions, 1, 64)
        check.whole("fusion.hidden", self.hidden, 1, 65_536)
        check.between("fusion.drop", self.drop, 0.0, 0.95)
        check.between("fusion.triple", self.triple, 0.0, 1e6)
        check.between("fusion.align", self.align, 0.0, 1e6)
        check.whole("fusion.lora", self.lora, 0, 1024)
        check.truth("fusion.train_text", self.train_text)
        check.truth("fusion.train_nodes", self.train_nodes)
        if self.lora and self.train_text:
            raise ConfigError(
                f"fusion.lora must be 0 where train_text trains the language model whole; got "
                f"{self.lora}. Leave one of the two out."
            )
        check.whole("fusion.seed", self.seed, 0, 2**32 - 1)
        is_layer = isinstance(self.at, int) and not isinstance(self.at, bool)
        if not is_layer and self.at not in ("input", "output"):
            raise ConfigError(
                "fusion.at must be 'input', 'output' or the number of a hidden layer; got "
                f"{self.at!r}."
            )

    @property
    def point(self) -> int | None:
        """Return where entities are read in as a layer: 0 is the input, None the output."""
        if self.at == "output":
            return None
        return 0 if isinstance(self.at, str) else self.at

    @property
    def trains_text(self) -> bool:
        """Say whether the language model is trained, whole or by adapters."""
        return self.train_text or self.lora > 0

    @property
    def keeps_reader(self) -> bool:
        """Say whether facts want the language model as given, to read them or tell relevance."""
        return self.select == "relevance" or (self.fusion == "input" and self.at != "input")

    def settings(self) -> dict[str, Any]:
        """Return the further arguments of the `FusedModel` that this configures."""
        used = [key for key in LATER if getattr(self, key) != getattr(type(self), key)]
        return {key: getattr(self, key) for key in (*SETTINGS, *used)}
