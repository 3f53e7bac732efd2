"""What every objective offers, and how a name becomes one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from importlib import import_module
from typing import ClassVar, cast

import numpy as np
import torch
from torch import Tensor, nn

from lichen.base.choose import choose
from lichen.base.errors import DataError
from lichen.data.graph import Graph, Ids
from lichen.lm.attention import attention_of
from lichen.lm.text_encoder import TextEncoder
from lichen.training.objectives import OBJECTIVES
from lichen.training.objectives.windows import Windows
from lichen.training.part import Order

Batch = dict[str, Tensor]


class Objective(nn.Module, ABC):
    """One thing to learn from linked text and facts: batches of it, and their loss.

    The language model is shared by all objectives of a run, so it is not among an objective's
    own weights.

    Args:
        text: the language model.
        windows: the corpus, cut and linked.
        graph: the facts, entities and types to learn.

    Raises:
        DataError: there is nothing to learn from; the message says what is missing.
    """

    PAPER: ClassVar[str | None]
    NEEDS: ClassVar[str]
    """What there must be at least one of."""

    def __init__(self, text: TextEncoder, windows: Windows, graph: Graph) -> None:
        super().__init__()
        self.text, self.windows, self.graph = text, windows, graph
        self._order: Order | None = None

    @property
    @abstractmethod
    def num_items(self) -> int:
        """Count what there is to learn from; a pass over the data shows each once."""

    @abstractmethod
    def batch(self, items: Ids, rng: np.random.Generator) -> Batch:
        """Return the tensors of some items.

        Args:
            items: `(size,)` numbers below `num_items`.
            rng: for what is drawn, such as the words to mask.
        """

    @abstractmethod
    def loss(self, batch: Batch) -> Tensor:
        """Return the mean loss of a batch, a number with gradients."""

    def draw(self, step: int, *, size: int, seed: int) -> Batch:
        """Return the batch of a step: the same one whenever it is asked for.

        Items come in passes, each in an order of its own, so a run that was cut short goes on
        with what it had not yet seen.

        Args:
            step: from 0.
            size: items a batch.
            seed: of the order and of what is drawn.
        """
        if self._order is None or self._order.seed != seed:
            self._order = Order(self.num_items, seed=seed)
        items = np.array(self._order.batch(step, size=size), dtype=np.int64)
        return self.batch(items, np.random.default_rng([seed, step]))

    def refuse_empty(self) -> None:
        """Refuse data without an item; called once items are known.

        Raises:
            DataError: there is nothing to learn from.
        """
        if not self.num_items:
            kinds = {place.partition(":")[2]: name for name, place in OBJECTIVES.items()}
            kind = type(self).__name__
            raise DataError(
                f"objective {kinds.get(kind, kind)!r}: there must be at least one {self.NEEDS}; "
                "there is none. Give other data, or leave this objective out."
            )

    def states(self, batch: Batch) -> Tensor:
        """Return the model's output for a batch, `(texts, tokens, dim)` float32."""
        mask = batch["attention_mask"]
        with attention_of(mask.device, tokens=mask.shape[1]):
            out = self.text.model(input_ids=batch["input_ids"], attention_mask=mask)
        out = out.last_hidden_state
        return cast("Tensor", out).float()

    def means(self, batch: Batch) -> Tensor:
        """Return the mean state of each text of a batch, `(texts, dim)` float32."""
        keep = batch["attention_mask"].unsqueeze(-1).float()
        return (self.states(batch) * keep).sum(1) / keep.sum(1).clamp(min=1)


def make_objective(name: str, text: TextEncoder, windows: Windows, graph: Graph) -> Objective:
    """Return the objective of that name.

    Args:
        name: a key of `lichen.training.objectives.OBJECTIVES`.
        text: the language model.
        windows: the corpus, cut and linked.
        graph: the facts, entities and types.

    Returns:
        The objective, on the language model's device.

    Raises:
        ChoiceError: no such objective; the message suggests the nearest.
        DataError: it has nothing to learn from.
    """
    module, _, class_name = choose("objective", name, OBJECTIVES).partition(":")
    made = getattr(import_module(module), class_name)(text, windows, graph)
    return cast("Objective", made.to(text.device))


def soft_targets(sets: list[tuple[int, ...]], width: int) -> Tensor:
    """Return rows that share 1 among the members of each set, `(sets, width)`."""
    rows = torch.zeros(len(sets), width)
    for row, members in zip(rows, sets, strict=True):
        row[list(members)] = 1.0 / len(members)
    return rows
