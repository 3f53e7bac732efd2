"""One sample made ready for a batch: its tokens and what they are linked to."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from lichen.fusion.branches import Grown
from lichen.fusion.selection import Fact
from lichen.lm.token_states import Tokens


class Item(NamedTuple):
    """One sample made ready."""

    tokens: Tokens
    mention_of: Tensor
    """`(tokens,)` int."""
    entities: list[int]
    target: Tensor | None
    """What the task wants of it, or None when that is not known."""
    group: str | None = None
    """The question that it is a choice of, where the task groups samples."""
    facts: tuple[tuple[Fact, ...], ...] = ()
    """What is shown about each mention's entity."""
    grown: Grown | None = None
    """The text with those facts as words, where the language model has yet to read it."""
    told_states: Tensor | None = None
    """`(tokens, dim)` half precision; what it made of that, where it is frozen."""
