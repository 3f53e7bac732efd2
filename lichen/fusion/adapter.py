"""Adapter: a small transformer beside the backbone reads states with their entities."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lichen.fusion.known import Known
from lichen.fusion.operator import TokenFusion, entity_writer
from lichen.fusion.padding import in_parts

WIDTH, HEADS = 128, 4


class AdapterFusion(TokenFusion):
    """Let a narrow transformer layer beside the backbone mix states and entities.

    Each token enters as D [x, V e] in a narrow width, with V e = 0 where it has no entity; one
    transformer layer runs over the text; what it gives is projected back and added to the linked
    tokens, as x + V e + U h. U starts at zero, so training starts at addition.

    Use when an entity's meaning for the task depends on the words and entities around it, and
    the backbone stays frozen. Prefer `GateFusion` with few examples.

    Shapes: states `(batch, tokens, dim)`, entities `(batch, mentions, entity_dim)` ->
    `(batch, tokens, dim)`.
    Cost: one transformer layer of width 128 a token, about 0.2 million parameters more than
    `AddFusion` at dim 384.
    """

    PAPER = "Wang et al., 2021, arXiv:2002.01808 (K-Adapter; differs: trained with the task)"

    def build(self) -> None:
        """Make V, the way down, the layer, and the way up."""
        self.write = entity_writer(self.dim, self.entity_dim)
        self.norm = nn.LayerNorm(2 * self.dim)
        self.down = nn.Linear(2 * self.dim, WIDTH)
        self.layer = nn.TransformerEncoderLayer(
            WIDTH, HEADS, dim_feedforward=2 * WIDTH, dropout=0.1, batch_first=True
        )
        self.up = nn.Linear(WIDTH, self.dim)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def read(self, tokens: Tensor, known: Known, linked: Tensor) -> Tensor:
        """Return x + V e + U h."""
        written = self.write(known.entities) * linked.unsqueeze(-1)
        narrow = self.down(self.norm(torch.cat([tokens, written], -1)))
        seen = in_parts(self._layer, narrow, known.mask)
        out: Tensor = (tokens + written)[linked] + self.up(seen[linked])
        return out

    def _layer(self, states: Tensor, mask: Tensor) -> Tensor:
        seen: Tensor = self.layer(states, src_key_padding_mask=~mask)
        return seen
