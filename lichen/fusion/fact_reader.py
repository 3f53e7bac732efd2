"""Facts as words, each read once by the language model, apart from any text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lichen.base.progress import track
from lichen.fusion.branches import LIMIT_MIB
from lichen.fusion.seen import require_positions
from lichen.fusion.selection import Fact, FactSelector
from lichen.fusion.told import told
from lichen.lm.text_encoder import TextEncoder
from lichen.lm.token_states import STATE_TYPE

if TYPE_CHECKING:
    from lichen.fusion.item import Item

PART = 64
"""Facts, or texts, of a forward pass."""


class FactReader:
    """Give facts as one state each, which a text's mentions read in the layers above.

    A fact is worded as a sentence; its state is the mean over that sentence's tokens at a hidden
    layer. It hangs on the fact alone, so it is kept, for all texts, twins and seeds.

    Args:
        text: the language model that reads the texts.
        reader: the one that reads the facts: the same as it was before it was trained.
        selector: chooses the facts, and words them.
        layer: the hidden layer, from 1.
        hide_words: put one meaningless word for each word of a fact, so that only the number of
            facts and words is told.

    Raises:
        ConfigError: the language model cannot be told positions.
    """

    def __init__(
        self,
        text: TextEncoder,
        reader: TextEncoder,
        selector: FactSelector,
        *,
        layer: int,
        hide_words: bool = False,
    ) -> None:
        require_positions(text)
        self.text = text
        self.reader = reader
        self.selector = selector
        self.layer = layer
        self.hide_words = hide_words

    def states(self, items: Sequence[Item], mentions: int) -> Tensor:
        """Return the states of facts, `(items, mentions, facts, dim)`, 0 where there is none.

        Args:
            items: each with the facts about its mentions.
            mentions: of an item, that are looked at.
        """
        worded = [self._worded(item) for item in items]
        kept = self._read([words for item in worded for about in item for words in about])
        out = torch.zeros((len(items), mentions, self.selector.limit, self.text.dim))
        for i, item in enumerate(worded):
            for j, about in enumerate(item):
                for k, words in enumerate(about):
                    out[i, j, k] = kept[words]
        return out

    def moved(
        self, items: Sequence[Item], collate: Callable[[Sequence[Item]], Mapping[str, object]]
    ) -> list[Tensor]:
        """Return how far a frozen model's mentions are moved, `(mentions, dim)` half an item.

        Args:
            items: each with the facts about its mentions.
            collate: items to a batch.
        """
        store = self.text.stores.setdefault(f"moved {self.layer}", {})
        assert isinstance(store, dict)
        keys = [self._key(item) for item in items]
        new = sorted({key: i for i, key in enumerate(keys) if key not in store}.values())
        new.sort(key=lambda i: len(items[i].tokens.ids))
        fresh: dict[object, Tensor] = {}
        for start in track(range(0, len(new), PART), what="reading texts with facts"):
            rows = new[start : start + PART]
            found = self._moved(collate([items[i] for i in rows]))
            fresh.update(zip((keys[i] for i in rows), found, strict=True))
        _keep(store, fresh)
        return [fresh[key] if key in fresh else store[key] for key in keys]

    @torch.no_grad()
    def _moved(self, batch: Mapping[str, object]) -> Tensor:
        inputs = {}
        for key in ("input_ids", "attention_mask"):
            tensor = batch[key]
            assert isinstance(tensor, Tensor)
            inputs[key] = tensor.to(self.text.device)
        states = self.text.read(inputs, self.layer)
        return told(self.text, states, batch, at=self.layer).moved.to("cpu", STATE_TYPE)

    def _key(self, item: Item) -> object:
        places = torch.cat([item.tokens.ids, item.mention_of])
        return places.numpy().tobytes(), self._worded(item)

    def _worded(self, item: Item) -> tuple[tuple[str, ...], ...]:
        pairs = zip(item.entities, item.facts, strict=True)
        return tuple(tuple(self._words(entity, fact) for fact in facts) for entity, facts in pairs)

    def _words(self, entity: int, fact: Fact) -> str:
        words = self.selector.wording(entity, fact)
        if not self.hide_words:
            return words
        tokenizer = self.reader.tokenizer
        empty = tokenizer.mask_token or tokenizer.unk_token or tokenizer.eos_token or "_"
        return " ".join([empty] * len(words.split()))

    def _read(self, worded: Sequence[str]) -> dict[str, Tensor]:
        store = self.reader.stores.setdefault(f"facts {self.layer}", {})
        assert isinstance(store, dict)
        new = sorted({words for words in worded if words not in store}, key=lambda w: (len(w), w))
        fresh: dict[object, Tensor] = {}
        for start in range(0, len(new), PART):
            part = new[start : start + PART]
            states, mask, offsets, _ids = self.reader.states(part, self.layer)
            said = mask & (offsets[..., 1] > offsets[..., 0]).to(
                mask.device
            )  # none opens or closes
            said = torch.where(said.any(1, keepdim=True), said, mask).unsqueeze(-1)
            means = (states * said).sum(1) / said.sum(1)
            fresh.update(zip(part, means.to("cpu", STATE_TYPE), strict=True))
        _keep(store, fresh)
        return {words: fresh[words] if words in fresh else store[words] for words in worded}


def _keep(store: dict[object, Tensor], fresh: dict[object, Tensor]) -> None:
    """Add states to those kept as long as there is memory for them."""
    size = sum(s.numel() * s.itemsize for s in (*store.values(), *fresh.values()))
    if size <= LIMIT_MIB * 2**20:
        store |= fresh
