"""Texts to their token ids, offsets and, kept in memory, their frozen token states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from lichen.base.progress import track
from lichen.lm.text_encoder import TextEncoder

STATE_TYPE = torch.float16
"""How states are kept: half the memory, at a relative error of 0.0005."""


class Tokens(NamedTuple):
    """One text's tokens, padding left out."""

    ids: Tensor
    """`(tokens,)` int."""
    offsets: Tensor
    """`(tokens, 2)` int; characters of each token; a special token has (0, 0)."""
    states: Tensor | None = None
    """`(tokens, dim)` half precision, when they are kept."""


class TokenStates:
    """Give every text's tokens, each computed once and remembered up to a limit.

    Args:
        text: the encoder.
        layer: whose states, as in `TextEncoder.states`; None keeps ids and offsets only.
        limit_mib: memory for states; texts beyond it are computed again each time.
    """

    def __init__(self, text: TextEncoder, layer: int | None, *, limit_mib: int = 2048) -> None:
        self.text = text
        self.layer = layer
        self.limit = limit_mib * 2**20
        self.size = 0
        self._known: dict[str, Tokens] = {}

    @classmethod
    def of(cls, text: TextEncoder, layer: int | None) -> TokenStates:
        """Return the one store of an encoder's layer, shared by all who ask for it."""
        stores = text.stores
        found = stores.get(layer)
        if not isinstance(found, cls):
            found = stores[layer] = cls(text, layer)
        return found

    def get(self, texts: Sequence[str], *, batch_size: int = 64) -> list[Tokens]:
        """Return the tokens of each text, in order.

        Args:
            texts: any texts, repeated ones too.
            batch_size: texts per forward pass.
        """
        new = sorted({t for t in texts if t not in self._known}, key=lambda t: (len(t), t))
        fresh: dict[str, Tokens] = {}
        starts = range(0, len(new), batch_size)
        for start in track(starts, what="reading texts"):
            chunk = new[start : start + batch_size]
            for text, tokens in zip(chunk, self._compute(chunk), strict=True):
                fresh[text] = tokens
                self._remember(text, tokens)
        return [self._known.get(t) or fresh[t] for t in texts]

    def _compute(self, texts: list[str]) -> list[Tokens]:
        if self.layer is None:
            batch, mask, offsets = self.text.tokens(texts)
            return [
                Tokens(ids[keep], at[keep])
                for ids, keep, at in zip(batch["input_ids"], mask, offsets, strict=True)
            ]
        found = self.text.states(texts, layer=self.layer)
        halves = found.states.to("cpu", STATE_TYPE)
        mask = found.mask.cpu()
        return [
            Tokens(ids[keep].cpu(), at[keep].cpu(), state[keep])
            for ids, keep, at, state in zip(found.ids, mask, found.offsets, halves, strict=True)
        ]

    def _remember(self, text: str, tokens: Tokens) -> None:
        size = 0 if tokens.states is None else tokens.states.numel() * tokens.states.itemsize
        if self.size + size <= self.limit:
            self.size += size
            self._known[text] = tokens
