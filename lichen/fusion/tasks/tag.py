"""Tag: which stretches of a text are of which kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lichen.base.errors import DataError
from lichen.data.corpus import Corpus, LabelledSpan, Sample, Span
from lichen.data.vocabulary import Vocabulary
from lichen.evaluation.answers import set_f1
from lichen.fusion.item import Item
from lichen.fusion.tasks.task import UNKNOWN, Answers, Task
from lichen.lm.token_states import Tokens


class Tag(Task):
    """Give each token a tag: begins a span of some kind (B), goes on in it (I), or neither (O).

    With kinds numbered from 0, tag 0 is O, 1 + 2k is B and 2 + 2k is I of kind k. A token belongs
    to the span that it shares a character with. The tags predicted are the likeliest row in which
    every I follows a B or I of its kind.
    """

    HEADS: ClassVar[tuple[str, ...]] = ("token",)
    FEWEST: ClassVar[int] = 1
    METRIC: ClassVar[str] = "document_f1"
    READS_LABEL: ClassVar[bool] = False

    @property
    def num_outputs(self) -> int:
        """Return the number of tags."""
        assert self.labels is not None
        return 1 + 2 * len(self.labels)

    def found(self, data: Corpus) -> Vocabulary:
        """Return the kinds of spans that occur, in sorted order."""
        return Vocabulary(sorted({label for doc in data for _, label in doc.spans or ()}))

    def classes(self, data: Corpus, *, need_all: bool = True) -> Vocabulary:
        """Return the kinds of spans, checked for training.

        Args:
            data: documents with spans.
            need_all: whether there must be a span.

        Raises:
            DataError: the data is empty, a document's spans are not known, a kind is unknown, or
                there is no span at all.
        """
        if not len(data):
            raise DataError("train: the data must hold at least one document; it is empty.")
        for doc in data:
            if doc.spans is None:
                raise DataError(
                    f"document {doc.id!r}: must have spans to train on, () where there is none; "
                    "got None. Label it, or leave it out."
                )
            for span, label in doc.spans:
                if self.labels is not None and label not in self.labels:
                    raise DataError(
                        f"document {doc.id!r}: the label of span {tuple(span)} must be one of "
                        f"{', '.join(self.labels)}; got {label!r}."
                    )
        kinds = self.found(data)
        if need_all and not len(kinds):
            raise DataError(
                f"train: the data must hold at least one labelled span; all {len(data)} documents "
                "have none."
            )
        return self.labels or kinds

    def target(self, sample: Sample, tokens: Tokens) -> Tensor | None:
        """Return the tag of each token, `(tokens,)`."""
        if sample.spans is None or self.labels is None:
            return None
        starts, ends = tokens.offsets.numpy().T
        tags = np.where(ends > starts, 0, UNKNOWN)
        for span, label in sample.spans:
            inside = np.flatnonzero((starts < span.end) & (ends > span.start) & (tags == 0))
            tags[inside] = 2 + 2 * self.labels.id(label)
            tags[inside[:1]] -= 1
        return torch.from_numpy(tags)

    def targets(self, items: Sequence[Item], mask: Tensor) -> dict[str, Tensor]:
        """Return which tokens are words of the text ("asked") and the tags that are known.

        Both are `(batch, tokens)`.
        """
        asked = torch.zeros(mask.shape, dtype=torch.bool)
        offsets = torch.cat([item.tokens.offsets for item in items])
        asked[mask] = offsets[:, 1] > offsets[:, 0]
        if all(item.target is None for item in items):
            return {"asked": asked}
        labels = torch.full(mask.shape, UNKNOWN)
        for row, item in zip(labels, items, strict=True):
            if item.target is not None:
                row[: len(item.target)] = item.target
        return {"asked": asked, "labels": labels}

    def answers(self, logits: Tensor, batch: Mapping[str, Tensor]) -> Answers:
        """Return one question a word's token; `logits` are `(batch, tokens, tags)`."""
        asked = batch["asked"]
        known = batch.get("labels", torch.full_like(asked, UNKNOWN, dtype=torch.long))
        return Answers(logits[asked].log_softmax(-1), known[asked])

    def decode(
        self, logits: Sequence[Tensor], items: Sequence[Item]
    ) -> list[tuple[LabelledSpan, ...]]:
        """Return the spans of each sample."""
        assert self.labels is not None
        out = []
        for row, item in zip(logits, items, strict=True):
            offsets = item.tokens.offsets.numpy()
            real = np.flatnonzero(offsets[:, 1] > offsets[:, 0])
            tags = best_tags(row.double().log_softmax(-1).numpy()[real])
            out.append(spans_of(tags, offsets[real], self.labels))
        return out

    def judge(
        self, predicted: Sequence[tuple[LabelledSpan, ...]], samples: Sequence[Sample]
    ) -> NDArray[np.float64]:
        """Return the F1 of each document's spans; 1 where there is none and none is found."""
        pairs = zip(predicted, samples, strict=True)
        return np.array([set_f1(found, sample.spans or ()) for found, sample in pairs])


def best_tags(scores: NDArray[np.float64]) -> list[int]:
    """Return the tags with the greatest sum of scores in which every I follows its B or I.

    Args:
        scores: `(tokens, 1 + 2 * kinds)`; logarithms of probabilities.

    Returns:
        A tag for each token.

    References:
        Viterbi, 1967.

    >>> best_tags(np.log([[0.5, 0.1, 0.4], [0.2, 0.1, 0.7]]))
    [0, 0]
    """
    if not len(scores):
        return []
    num_tags = scores.shape[1]
    allowed = np.zeros((num_tags, num_tags))
    inner = np.arange(2, num_tags, 2)
    allowed[:, inner] = -np.inf
    allowed[inner, inner] = allowed[inner - 1, inner] = 0.0
    total = scores[0] + allowed[0]
    came: list[NDArray[np.int64]] = []
    for row in scores[1:]:
        through = total[:, None] + allowed
        came.append(through.argmax(0))
        total = through.max(0) + row
    tags = [int(total.argmax())]
    for before in reversed(came):
        tags.append(int(before[tags[-1]]))
    return tags[::-1]


def spans_of(
    tags: Sequence[int], offsets: NDArray[np.int64], labels: Vocabulary
) -> tuple[LabelledSpan, ...]:
    """Return the spans that tags say.

    Args:
        tags: one a token.
        offsets: `(tokens, 2)` characters of each token.
        labels: the kinds.
    """
    out: list[LabelledSpan] = []
    for tag, (start, end) in zip(tags, offsets.tolist(), strict=True):
        if tag and tag % 2:
            out.append(LabelledSpan(Span(start, end), labels[(tag - 1) // 2]))
        elif tag:
            last = out[-1]
            out[-1] = last._replace(span=Span(last.span.start, end))
    return tuple(out)
