"""Gate: every token decides how much of its entity to read."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lichen.fusion.operator import Fusion, entity_writer

OPEN = 2.0
"""Start of the gate's bias: 0.88 open."""


class GateFusion(Fusion):
    """Let every token decide how much of its entity to read.

    With token state x and entity vector e, the result is x + g * (V e), where
    g = sigmoid(w . [x, e] + b) is one number per token, nearly 1 at the start.

    Use when links are noisy: g can close where state and entity do not fit each other.

    Shapes: tokens `(batch, tokens, dim)`, entities `(batch, tokens, entity_dim)`,
    linked `(batch, tokens)` bool -> `(batch, tokens, dim)`.
    Cost: one `(entity_dim, dim)` product a linked token, dim * entity_dim + dim + entity_dim + 1
    parameters.
    Relatives: one number a token, where gated multimodal units have one a dimension.
    """

    PAPER = "Arevalo et al., 2017, arXiv:1702.01992"

    def __init__(self, dim: int, entity_dim: int) -> None:
        super().__init__(dim, entity_dim)
        self.write = entity_writer(dim, entity_dim)
        self.gate = nn.Linear(dim + entity_dim, 1)
        nn.init.zeros_(self.gate.weight)
        nn.init.constant_(self.gate.bias, OPEN)

    def read(self, tokens: Tensor, entities: Tensor, linked: Tensor) -> Tensor:
        """Return x + g * (V e)."""
        states, vectors = tokens[linked], entities[linked]
        gate = torch.sigmoid(self.gate(torch.cat([states, vectors], dim=-1)))
        out: Tensor = states + gate * self.write(vectors)
        return out
