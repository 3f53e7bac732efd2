"""Span: which words of a context answer the question before it, or that none do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lichen.base.errors import DataError
from lichen.data.corpus import Corpus, Document, LabelledSpan, Sample, Span
from lichen.data.vocabulary import Vocabulary
from lichen.evaluation.answer_text import exact_match
from lichen.fusion.item import Item
from lichen.fusion.tasks.task import UNKNOWN, Answers, Task
from lichen.lm.token_states import Tokens

ANSWER = "answer"
"""The label of the span that answers."""
CONTEXT = "context"
"""Key of `meta` that says at which character the context starts."""
MAY, START, END = 1, 2, 4
"""What a token is, added up: it may be pointed at, the answer starts there, it ends there."""
LONGEST = 30
"""Tokens of an answer."""


class SpanAnswer(Task):
    """Point at the first and the last token of the answer, or at the text's first token for none.

    In a causal model it is the text's last token, since the first has read nothing.

    A document's text is the question, then the context; `asked` makes one.
    """

    HEADS: ClassVar[tuple[str, ...]] = ("token",)
    FEWEST: ClassVar[int] = 1
    METRIC: ClassVar[str] = "exact_match"
    READS_LABEL: ClassVar[bool] = False

    @property
    def num_outputs(self) -> int:
        """Return 2: how well the answer starts and ends at a token."""
        return 2

    def found(self, data: Corpus) -> Vocabulary:  # noqa: ARG002 - tasks have one form
        """Return the one kind of span there is."""
        return Vocabulary([ANSWER])

    def classes(self, data: Corpus, *, need_all: bool = True) -> Vocabulary:
        """Return the one kind of span there is, the data checked for training.

        Args:
            data: questions with contexts.
            need_all: whether there must be an answer.

        Raises:
            DataError: the data is empty, an answer is not known, is not one span or lies outside
                the context, or no question has any.
        """
        if not len(data):
            raise DataError("train: the data must hold at least one document; it is empty.")
        for doc in data:
            if doc.spans is None or len(doc.spans) > 1 or any(x.label != ANSWER for x in doc.spans):
                raise DataError(
                    f"document {doc.id!r}: spans must be one labelled {ANSWER!r}, or () where the "
                    f"context has no answer; got {doc.spans}."
                )
            context = context_of(doc)
            if doc.spans and doc.spans[0].span.start < context:
                raise DataError(
                    f"document {doc.id!r}: the answer must lie in the context, which starts at "
                    f"character {context}; got {tuple(doc.spans[0].span)}."
                )
        if need_all and not any(doc.spans for doc in data):
            raise DataError("train: at least one question must have an answer; none has.")
        return self.found(data)

    def target(self, sample: Sample, tokens: Tokens) -> Tensor:
        """Return what each token is, `(tokens,)`; an answer that was cut off counts as none."""
        starts, ends = tokens.offsets.numpy().T
        told = np.where((starts >= context_of(sample)) & (ends > starts), MAY, 0)
        none = -1 if self.is_causal else 0
        told[none] = MAY
        if sample.spans is not None:
            for span, _ in sample.spans:
                inside = np.flatnonzero((starts < span.end) & (ends > span.start) & (told == MAY))
                if len(inside) and ends[inside[-1]] >= span.end:
                    told[inside[0]] |= START
                    told[inside[-1]] |= END
            if not (told & START).any():
                told[none] |= START | END
        return torch.from_numpy(told)

    def targets(self, items: Sequence[Item], mask: Tensor) -> dict[str, Tensor]:
        """Return which tokens may be pointed at ("asked"), and what they are where that is known.

        Both are `(batch, tokens)`.
        """
        told = torch.zeros(mask.shape, dtype=torch.long)
        told[mask] = torch.cat([item.target for item in items if item.target is not None])
        out = {"asked": told & MAY > 0}
        return {**out, "labels": told} if bool((told & START).any()) else out

    def answers(self, logits: Tensor, batch: Mapping[str, Tensor]) -> Answers:
        """Return the starts of all texts, then the ends; `logits` are `(batch, tokens, 2)`."""
        asked = batch["asked"]
        logs = logits.masked_fill(~asked.unsqueeze(-1), float("-inf")).log_softmax(1)
        told = batch.get("labels", torch.zeros_like(asked, dtype=torch.long))
        ends = torch.cat([told & START, told & END]) > 0
        truth = torch.where(ends.any(1), ends.long().argmax(1), UNKNOWN)
        return Answers(torch.cat(logs.unbind(-1)), truth)

    def decode(
        self, logits: Sequence[Tensor], items: Sequence[Item]
    ) -> list[tuple[LabelledSpan, ...]]:
        """Return each question's answer as one span, or ()."""
        out = []
        for row, item in zip(logits, items, strict=True):
            assert item.target is not None
            may = (item.target & MAY).bool().numpy()
            none = len(may) - 1 if self.is_causal else 0
            best = best_span(row.double().numpy()[: len(may)], may, none=none)
            offsets = item.tokens.offsets
            found = (
                () if best is None else (Span(int(offsets[best[0], 0]), int(offsets[best[1], 1])),)
            )
            out.append(tuple(LabelledSpan(span, ANSWER) for span in found))
        return out

    def judge(
        self, predicted: Sequence[tuple[LabelledSpan, ...]], samples: Sequence[Sample]
    ) -> NDArray[np.float64]:
        """Return for each question whether the words found are those of the answer."""
        pairs = zip(predicted, samples, strict=True)
        return np.array(
            [exact_match(words(s, found), words(s, s.spans or ())) for found, s in pairs]
        )


def best_span(
    scores: NDArray[np.float64], may: NDArray[np.bool_], *, none: int = 0
) -> tuple[int, int] | None:
    """Return the first and last token of the best answer; None: having none is better.

    Args:
        scores: `(tokens, 2)` of starting and of ending there.
        may: `(tokens,)` which may be pointed at.
        none: the token that stands for no answer.
    """
    at = np.flatnonzero(may)
    at = at[at != none]
    if not len(at):
        return None
    sums = scores[at, 0][:, None] + scores[at, 1][None, :]
    length = at[None, :] - at[:, None]
    sums[(length < 0) | (length >= LONGEST)] = -np.inf
    row, column = np.unravel_index(int(sums.argmax()), sums.shape)
    if sums[row, column] <= scores[none].sum():
        return None
    return int(at[row]), int(at[column])


def words(sample: Sample, spans: Sequence[LabelledSpan]) -> str:
    """Return the words of the first span, or "" when there is none."""
    return sample.text[slice(*spans[0].span)] if spans else ""


def context_of(asked: Document | Sample) -> int:
    """Return the character at which the context starts.

    Raises:
        DataError: `meta` does not say, or says a place that is not behind the text's start.
    """
    said = asked.meta.get(CONTEXT, "")
    if not said.isdecimal() or not 0 < int(said) < len(asked.text):
        raise DataError(
            f"document {asked.id!r}: meta {CONTEXT!r} must be the character at which the context "
            f"starts, behind the question; got {said!r}. Make such documents by asked(...)."
        )
    return int(said)


def asked(
    id: str,  # noqa: A002 - as the field of a document
    question: str,
    context: str,
    *,
    answer: str | None = None,
    split: str | None = None,
) -> Document:
    """Return a question and its context as a document.

    Args:
        id: of the document.
        question: what is asked.
        context: the text that may hold the answer.
        answer: words of the context, whose first place is meant; None: it holds none.
        split: of the document.

    Raises:
        DataError: the question or the context is empty, or the answer is not in the context.

    >>> doc = asked("1", "Where is Graz?", "Graz is in Austria.", answer="Austria")
    >>> doc.text[slice(*doc.spans[0].span)]
    'Austria'
    """
    if not question.strip() or not context.strip():
        raise DataError(f"document {id!r}: question and context must not be empty.")
    place = context.find(answer) if answer else -1
    if answer is not None and place < 0:
        raise DataError(f"document {id!r}: the answer must stand in the context; got {answer!r}.")
    start = len(question) + 1
    span = Span(start + place, start + place + len(answer or ""))
    return Document(
        id=id,
        text=f"{question} {context}",
        split=split,
        spans=() if answer is None else (LabelledSpan(span, ANSWER),),
        meta={CONTEXT: str(start)},
    )
