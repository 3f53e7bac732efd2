"""Samples to batches: mentions given by characters are laid onto tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypedDict, cast

import numpy as np
import torch
from torch import Tensor

from lichen.base.errors import DataError
from lichen.data.corpus import Mention, Sample
from lichen.lm.text_encoder import TextEncoder
from lichen.lm.token_states import Tokens, TokenStates

NONE = -1
"""In integer tensors: no mention, no entity, no label."""


class Batch(TypedDict, total=False):
    """What every fusion method is fed; one type for all tasks and methods."""

    input_ids: Tensor
    """`(batch, tokens)` int."""
    attention_mask: Tensor
    """`(batch, tokens)` int; 1 where there is a token."""
    mention_of: Tensor
    """`(batch, tokens)` int; which mention of its text a token belongs to, or -1."""
    entities: Tensor
    """`(batch, mentions)` int; the entity of each mention, or -1."""
    states: Tensor
    """`(batch, tokens, dim)`; frozen states up to the fusion point, where they are kept."""
    labels: Tensor
    """`(batch,)` int; absent when a sample has none."""


class Item(NamedTuple):
    """One sample made ready: its tokens and what they are linked to."""

    tokens: Tokens
    mention_of: Tensor
    """`(tokens,)` int."""
    entities: list[int]
    label: int | None


class Batcher:
    """Turn samples into items, and items into batches.

    Args:
        text: the language model whose tokens are meant.
        layer: as in `TextEncoder.states`: whose frozen states to keep; None keeps none.
        mentions: mentions of a text, in order, that are looked at; later ones are left out.
        num_entities: how many entities there are, to refuse ids of another graph.
        pad: token id for padding.
    """

    def __init__(
        self,
        text: TextEncoder,
        *,
        layer: int | None = None,
        mentions: int = 4,
        num_entities: int | None = None,
    ) -> None:
        self.tokens = TokenStates.of(text, layer)
        self.mentions = mentions
        self.num_entities = num_entities
        self.pad = int(text.tokenizer.pad_token_id or 0)
        self.truncated = 0
        """Mentions lost so far because their text is longer than the model reads."""

    def items(self, samples: Sequence[Sample]) -> list[Item]:
        """Tokenize samples and lay their mentions onto the tokens.

        Raises:
            DataError: a mention's entity is not in the graph.
        """
        tokens = self.tokens.get([s.text for s in samples])
        return [self._item(s, t) for s, t in zip(samples, tokens, strict=True)]

    def _item(self, sample: Sample, tokens: Tokens) -> Item:
        mentions = sample.mentions[: self.mentions]
        self._check(sample, mentions)
        owner = token_mentions(tokens.offsets, mentions)
        found = set(owner.tolist())
        self.truncated += sum(i not in found for i in range(len(mentions)))
        entities = [NONE if m.entity is None else m.entity for m in mentions]
        return Item(tokens, owner, entities, sample.label)

    def _check(self, sample: Sample, mentions: Sequence[Mention]) -> None:
        limit = self.num_entities
        for mention in mentions:
            if limit is not None and mention.entity is not None and mention.entity >= limit:
                raise DataError(
                    f"document {sample.id!r}: a mention's entity must be an id below {limit}, the "
                    f"number of entities that have vectors; got {mention.entity}. Link the text "
                    "against the graph that was embedded."
                )

    def collate(self, items: Sequence[Item]) -> Batch:
        """Pad items to one batch."""
        sizes = torch.tensor([len(item.tokens.ids) for item in items])
        mask = torch.arange(int(sizes.max())) < sizes.unsqueeze(1)
        pairs = [list(item.entities) + [NONE] * self.mentions for item in items]
        batch = Batch(
            input_ids=_padded([item.tokens.ids for item in items], mask, self.pad),
            attention_mask=mask.long(),
            mention_of=_padded([item.mention_of for item in items], mask, NONE),
            entities=torch.tensor([found[: self.mentions] for found in pairs]),
        )
        states = [item.tokens.states for item in items if item.tokens.states is not None]
        if states:
            batch["states"] = _padded(states, mask, 0).float()
        labels = [item.label for item in items if item.label is not None]
        if len(labels) == len(items):
            batch["labels"] = torch.tensor(labels)
        return batch


def to_device(batch: Batch, device: torch.device) -> Batch:
    """Return the batch with every tensor on a device."""
    moved = {key: value.to(device) for key, value in batch.items() if isinstance(value, Tensor)}
    return cast("Batch", moved)


def _padded(rows: list[Tensor], mask: Tensor, value: int) -> Tensor:
    """Return rows of differing length as one tensor, `value` where the mask is False."""
    flat = torch.cat(rows)
    out = flat.new_full((*mask.shape, *flat.shape[1:]), value)
    out[mask] = flat
    return out


def token_mentions(offsets: Tensor, mentions: Sequence[Mention]) -> Tensor:
    """Say which mention each token belongs to: the one that it shares a character with.

    Args:
        offsets: `(tokens, 2)` characters of each token; special tokens are empty.
        mentions: in order of position.

    Returns:
        `(tokens,)` index into `mentions`, or -1.

    >>> from lichen.data.corpus import Span
    >>> token_mentions(torch.tensor([[0, 0], [0, 4], [5, 9]]), [Mention(Span(5, 8), 7)]).tolist()
    [-1, -1, 0]
    """
    found = offsets.numpy()
    start, end = found[:, 0], found[:, 1]
    owner = np.full(len(found), NONE)
    for i, mention in enumerate(mentions):
        inside = (start < mention.span.end) & (end > mention.span.start) & (end > start)
        owner[inside & (owner == NONE)] = i
    return torch.from_numpy(owner)
