"""What every scorer offers, and how a name becomes one."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol, cast

from torch import Tensor

from lichen.base.choose import choose
from lichen.embedding import SCORERS


class Scorer(Protocol):
    """A formula that says how plausible a fact is, without weights of its own.

    Vectors are `(..., width)`; leading shapes broadcast. All scores: higher = more plausible.
    """

    PAPER: str | None
    is_bilinear: bool
    """True when `score(h, r, t)` is the inner product of `interaction(h, t)` with r."""

    def entity_width(self, dim: int) -> int:
        """Return how many numbers an entity takes."""
        ...

    def relation_width(self, dim: int) -> int:
        """Return how many numbers a relation takes."""
        ...

    def score(self, h: Tensor, r: Tensor, t: Tensor) -> Tensor:
        """Score facts one by one: `(..., width)` each -> `(...)`."""
        ...

    def score_tails(self, h: Tensor, r: Tensor, entities: Tensor) -> Tensor:
        """Score every entity as tail: `(batch, width)` each -> `(batch, entities)`."""
        ...

    def score_heads(self, r: Tensor, t: Tensor, entities: Tensor) -> Tensor:
        """Score every entity as head: `(batch, width)` each -> `(batch, entities)`."""
        ...

    def interaction(self, h: Tensor, t: Tensor) -> Tensor:
        """Combine head and tail: `(..., entity width)` -> `(..., relation width)`."""
        ...

    def implied_head(self, r: Tensor, t: Tensor) -> Tensor:
        """Return the head that a fact asks for: `(..., width)` each -> `(..., entity width)`."""
        ...

    def moduli(self, vectors: Tensor) -> Tensor:
        """Return each coordinate's size, for N3: `(..., width)` -> `(..., parts)`."""
        ...


def make_scorer(name: str, **settings: Any) -> Scorer:
    """Return the scorer of that name.

    Args:
        name: a key of `lichen.embedding.SCORERS`.
        **settings: the method's own settings, such as `norm` of TransE.

    Returns:
        The scorer.

    Raises:
        ChoiceError: no such scorer; the message suggests the nearest.

    >>> make_scorer("transe", norm=2)
    TransE(norm=2)
    """
    module, _, class_name = choose("scorer", name, SCORERS).partition(":")
    return cast("Scorer", getattr(import_module(module), class_name)(**settings))
