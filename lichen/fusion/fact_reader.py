"""Facts as words, each read once by the language model, apart from any text."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lichen.fusion.kept import computed_once
from lichen.fusion.seen import require_positions
from lichen.fusion.selection import Fact, FactSelector
from lichen.fusion.told import told
from lichen.lm.text_encoder import TextEncoder
from lichen.lm.token_states import STATE_TYPE

if TYPE_CHECKING:
    from lichen.fusion.item import Item


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
        out = torch.zeros((len(items), mentions, self.selector.limit, self.text.dim))
        places: list[tuple[int, int, int]] = []
        worded: list[str] = []
        for i, item in enumerate(items):
            for j, about in enumerate(self._worded(item)):
                places += [(i, j, k) for k in range(len(about))]
                worded += about
        if places:
            out[tuple(torch.tensor(places).T)] = torch.stack(self._read(worded)).float()
        return out

    def moved(
        self, items: Sequence[Item], collate: Callable[[Sequence[Item]], Mapping[str, object]]
    ) -> list[Tensor]:
        """Return how far a frozen model's mentions are moved, `(mentions, dim)` half an item.

        Args:
            items: each with the facts about its mentions.
            collate: items to a batch.
        """
        return computed_once(
            self.text,
            f"moved {self.layer}",
            [self._key(item) for item in items],
            lambda rows: self._moved(collate([items[i] for i in rows])),
            lengths=[len(item.tokens.ids) for item in items],
            what="reading texts with facts",
        )

    @torch.no_grad()
    def _moved(self, batch: Mapping[str, object]) -> Tensor:
        inputs = {}
        for key in ("input_ids", "attention_mask"):
            tensor = batch[key]
            assert isinstance(tensor, Tensor)
            inputs[key] = tensor.to(self.text.device)
        states = self.text.read(inputs, self.layer)
        return told(self.text, states, batch, at=self.layer).moved.to("cpu", STATE_TYPE)

    def _key(self, item: Item) -> Hashable:
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

    def _read(self, worded: Sequence[str]) -> list[Tensor]:
        def read(rows: list[int]) -> Tensor:
            said = self.reader.states([worded[i] for i in rows], self.layer)
            own = said.offsets[..., 1] > said.offsets[..., 0]  # none that opens or closes
            own = own.to(said.mask.device) & said.mask
            own = torch.where(own.any(1, keepdim=True), own, said.mask).unsqueeze(-1)
            return ((said.states * own).sum(1) / own.sum(1)).to("cpu", STATE_TYPE)

        return computed_once(
            self.reader,
            f"facts {self.layer}",
            worded,
            read,
            lengths=[len(words) for words in worded],
            what="reading facts",
        )
