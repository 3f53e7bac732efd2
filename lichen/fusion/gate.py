"""Gate: every token decides how much of its entity to read."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from lichen.fusion.known import Known
from lichen.fusion.operator import TokenFusion, entity_writer
from lichen.fusion.passage import Passage
from lichen.fusion.shares import Shares

OPEN = 2.0
"""Start of the gate's bias: 0.88 open."""


class GateFusion(TokenFusion):
    """Let every token decide how much of its entity to read.

    With token state x and entity vector e, the result is x + g * (V e), where
    g = sigmoid(w . [x, e] + b) is one number per token, nearly 1 at the start.

    Use when links are noisy: g can close where state and entity do not fit each other.

    Shapes: states `(batch, tokens, dim)`, entities `(batch, mentions, entity_dim)` ->
    `(batch, tokens, dim)`.
    Cost: one `(entity_dim, dim)` product a linked token, dim * entity_dim + dim + entity_dim + 1
    parameters.
    Relatives: `DimGateFusion` has a number for each dimension.
    """

    PAPER = "Arevalo et al., 2017, arXiv:1702.01992"
    EACH_DIM: ClassVar[bool] = False
    """Whether each dimension has a gate of its own."""

    def build(self) -> None:
        """Make V and the gate."""
        self.write = entity_writer(self.dim, self.entity_dim)
        self.gate = nn.Linear(self.dim + self.entity_dim, self.dim if self.EACH_DIM else 1)
        nn.init.zeros_(self.gate.weight)
        nn.init.constant_(self.gate.bias, OPEN)

    def read(self, tokens: Tensor, known: Known, linked: Tensor) -> Tensor:
        """Return x + g * (V e)."""
        states, vectors = tokens[linked], known.entities[linked]
        out: Tensor = states + self.openness(states, vectors) * self.write(vectors)
        return out

    def weigh(self, passage: Passage, known: Known) -> Shares:
        """Return g as the weight of each mention's entity, and 1 - g as that of nothing."""
        states, vectors = passage.before()[known.linked], known.entities[known.linked]
        read = self.openness(states, vectors).mean(-1, keepdim=True)
        return Shares.of_own(torch.cat([read, 1 - read], -1), known)

    def openness(self, states: Tensor, vectors: Tensor) -> Tensor:
        """Return g: how much of each vector is read, 0 to 1."""
        return torch.sigmoid(self.gate(torch.cat([states, vectors], dim=-1)))
