"""One sample, as it is asked of a model and as it is made ready for a batch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from torch import Tensor

from lichen.base import check
from lichen.base.errors import DataError
from lichen.data.corpus import Document, Sample
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
    moved: Tensor | None = None
    """`(mentions, dim)` half precision; how far facts read apart move a frozen model's mentions."""
    taught: Tensor | None = None
    """A teacher's logits for it: `(outputs,)`, or `(tokens, outputs)` where tokens are asked."""


def unlabelled(texts: Iterable[Sample | Document]) -> list[Sample]:
    """Return texts as samples that say nothing of what is asked of them.

    Args:
        texts: samples, or the documents of a corpus; samples made by hand are checked as documents
            are.

    Raises:
        ConfigError: they are no collection.
        DataError: one is neither sample nor document, or its mentions overlap or lie outside it.
    """
    fix = "Give a corpus, or samples in a list."
    check.kind("samples", texts, Iterable, fix=fix)
    found = []
    for place, one in enumerate(texts):
        if not isinstance(one, Sample | Document):
            raise DataError(
                f"samples[{place}]: must be a Sample or a Document; got {type(one).__name__}. {fix}"
            )
        if isinstance(one, Sample):
            Document(id=one.id, text=one.text, mentions=one.mentions)
        found.append(Sample(one.id, one.text, one.mentions, None, one.meta))
    return found
