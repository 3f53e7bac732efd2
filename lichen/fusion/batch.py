"""Samples to batches: mentions given by characters are laid onto tokens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypedDict, cast

import numpy as np
import torch
from torch import Tensor

from lichen.base.errors import DataError
from lichen.data.corpus import Document, Mention, Sample
from lichen.fusion.branches import Branches, pad_grown
from lichen.fusion.fact_reader import FactReader
from lichen.fusion.item import Item, unlabelled
from lichen.fusion.known import NONE
from lichen.fusion.lost import Lost
from lichen.fusion.tasks.classify import Classify
from lichen.fusion.tasks.task import Task
from lichen.fusion.worded import Shown
from lichen.lm.text_encoder import TextEncoder
from lichen.lm.token_states import Tokens, TokenStates


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
    facts: Tensor
    """`(batch, mentions, facts, 2)` int; directed relation and other entity, or -1; absent where
    no facts are read."""
    grown_ids: Tensor
    """`(batch, all tokens)` int; the text and its facts as words, where those are read so."""
    grown_positions: Tensor
    """`(batch, all tokens)` int."""
    visible: Tensor
    """`(batch, all tokens, all tokens)` bool."""
    again: Tensor
    """`(batch, tokens)` int; where each token of the text is read with facts, or itself."""
    states: Tensor
    """`(batch, tokens, dim)`; frozen states up to the fusion point, where they are kept."""
    told_states: Tensor
    """`(batch, tokens, dim)`; frozen output for the text with its facts as words, where kept."""
    fact_states: Tensor
    """`(batch, mentions, facts, dim)`; facts as words, read apart up to the fusion point."""
    moved: Tensor
    """`(batch, mentions, dim)`; how far those facts move each mention, where that is kept."""
    labels: Tensor
    """What the task wants, such as `(batch,)` class ids; absent where none of it is known."""
    asked: Tensor
    """`(batch, tokens)` bool; the tokens that may be an answer, where the task asks of tokens."""
    taught: Tensor
    """A teacher's logits, as the model's own would be; absent where there is none."""
    groups: Tensor
    """`(batch,)` int; which question of the batch a choice belongs to, where the task groups."""


class Batcher:
    """Turn samples into items, and items into batches.

    Args:
        text: the language model whose tokens are meant.
        layer: as in `TextEncoder.states`: whose frozen states to keep; None keeps none.
        mentions: mentions of a text, in order, that are looked at; later ones are left out.
        num_entities: how many entities there are, to refuse ids of another graph.
        room: states that are added to a text beside its tokens.
        shown: chooses the facts to show, writes them into the text or reads them apart from it;
            None shows none.
        deal: `(entities,)` which entity stands in for each; None leaves them as they are.
        task: what is wanted of the samples.
    """

    def __init__(
        self,
        text: TextEncoder,
        *,
        layer: int | None = None,
        mentions: int = 4,
        num_entities: int | None = None,
        room: int = 0,
        shown: Shown | None = None,
        deal: Tensor | None = None,
        task: Task | None = None,
    ) -> None:
        self.branches = shown if isinstance(shown, Branches) else None
        self.reader = shown if isinstance(shown, FactReader) else None
        self.task = task or Classify()
        self.keeps_states = layer is not None
        self.tokens = TokenStates.of(text, layer)
        self.limit = text.max_tokens - room
        self.mentions = mentions
        self.num_entities = num_entities
        self.selector = shown.selector if isinstance(shown, Branches | FactReader) else shown
        self.deal = deal
        self.pad = int(text.tokenizer.pad_token_id or 0)
        self.truncated = 0
        """Mentions lost so far because their text is longer than the model reads."""
        self.beyond = 0
        """Mentions lost so far because they come after the first `mentions` of their text."""

    def items(self, samples: Sequence[Sample]) -> list[Item]:
        """Tokenize samples and lay their mentions onto the tokens.

        Raises:
            DataError: a mention's entity is not in the graph.
        """
        tokens = self.tokens.get([s.text for s in samples])
        items = [self._item(s, t) for s, t in zip(samples, tokens, strict=True)]
        if self.reader is not None and self.keeps_states:
            moved = self.reader.moved(items, self.collate)
            return [item._replace(moved=m) for item, m in zip(items, moved, strict=True)]
        if self.branches is None or not self.keeps_states:
            return items
        grown = [item.grown for item in items if item.grown is not None]
        told = iter(self.branches.states([g for g in grown if g.has_facts]))
        return [
            item._replace(told_states=next(told) if g.has_facts else item.tokens.states, grown=None)
            for item, g in zip(items, grown, strict=True)
        ]

    def _item(self, sample: Sample, tokens: Tokens) -> Item:
        tokens, mentions, owner = self._lay(sample, tokens)
        self._check(sample, mentions)
        self.truncated += _num_cut(owner, mentions)
        self.beyond += len(sample.mentions) - len(mentions)
        entities = [NONE if m.entity is None else self._dealt(m.entity) for m in mentions]
        target, group = self.task.target(sample, tokens), self.task.group_of(sample)
        item = Item(tokens, owner, entities, target, group)
        if self.selector is None:
            return item
        asked = [None if e == NONE else e for e in entities]
        facts = tuple(self.selector.choose(sample.text, asked))
        item = item._replace(facts=facts)
        if self.branches is None:
            return item
        return item._replace(grown=self.branches.grow(tokens, owner, entities, facts))

    def lost(self, texts: Iterable[Sample | Document]) -> Lost:
        """Count the mentions of texts that are not looked at; `truncated` and `beyond` stay.

        Raises:
            DataError: one is neither sample nor document, or its mentions are not in order in it.
        """
        samples = unlabelled(texts)
        read = TokenStates.of(self.tokens.text, None).get([s.text for s in samples])
        laid = [self._lay(s, tokens) for s, tokens in zip(samples, read, strict=True)]
        return Lost(
            mentions=sum(len(sample.mentions) for sample in samples),
            cut=sum(_num_cut(owner, mentions) for _, mentions, owner in laid),
            beyond=sum(len(sample.mentions[self.mentions :]) for sample in samples),
            max_tokens=self.limit,
            most=self.mentions,
        )

    def _lay(self, sample: Sample, tokens: Tokens) -> tuple[Tokens, Sequence[Mention], Tensor]:
        """Return the tokens and mentions that are looked at, and which token is whose."""
        tokens, mentions = _cut(tokens, self.limit), sample.mentions[: self.mentions]
        return tokens, mentions, token_mentions(tokens.offsets, mentions)

    def _dealt(self, entity: int) -> int:
        return entity if self.deal is None else int(self.deal[entity])

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
        if self.selector is not None:
            batch["facts"] = self._facts(items, self.selector.limit)
        moved = [item.moved for item in items if item.moved is not None]
        if moved:
            batch["moved"] = torch.stack(moved).float()
        elif self.reader is not None:
            batch["fact_states"] = self.reader.states(items, self.mentions)
        states = [item.tokens.states for item in items if item.tokens.states is not None]
        if states:
            batch["states"] = _padded(states, mask, 0).float()
        told = [item.told_states for item in items if item.told_states is not None]
        if told:
            batch["told_states"] = _padded(told, mask, 0).float()
        grown = [item.grown for item in items if item.grown is not None]
        if grown:
            batch.update(cast("Batch", pad_grown(grown)))
        batch.update(cast("Batch", self.task.targets(items, mask)))
        taught = [item.taught for item in items if item.taught is not None]
        if taught:
            of_tokens = "token" in self.task.HEADS
            batch["taught"] = _padded(taught, mask, 0) if of_tokens else torch.stack(taught)
        return batch

    def _facts(self, items: Sequence[Item], limit: int) -> Tensor:
        out = np.full((len(items), self.mentions, limit, 2), NONE)
        for i, item in enumerate(items):
            for j, facts in enumerate(item.facts):
                if facts:
                    out[i, j, : len(facts)] = facts
        return torch.from_numpy(out)


def _cut(tokens: Tokens, limit: int) -> Tokens:
    """Return the tokens cut to a number, the last one kept, which closes the text."""
    if len(tokens.ids) <= limit:
        return tokens
    keep = torch.tensor([*range(limit - 1), len(tokens.ids) - 1])
    states = None if tokens.states is None else tokens.states[keep]
    return Tokens(tokens.ids[keep], tokens.offsets[keep], states)


def _num_cut(owner: Tensor, mentions: Sequence[Mention]) -> int:
    """Return how many mentions no token belongs to."""
    return len(mentions) - len(set(owner.tolist()) - {NONE})


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
