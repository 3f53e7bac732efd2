"""Concatenation: state and entity side by side, projected back to the state's width."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lichen.fusion.known import Known
from lichen.fusion.operator import TokenFusion, entity_writer


class ConcatFusion(TokenFusion):
    """Project the state and its entity, side by side, back to the state's width.

    With token state x and entity vector e, the result is W [x, e] + b. It starts as x + V e, with
    V orthonormal, so nothing of the text is lost before training.

    Use when links are clean and every mention matters: nothing can close. Prefer `GateFusion`
    where links are noisy.

    Shapes: states `(batch, tokens, dim)`, entities `(batch, mentions, entity_dim)` ->
    `(batch, tokens, dim)`.
    Cost: one `(dim + entity_dim, dim)` product a linked token, dim * (dim + entity_dim + 1)
    parameters.
    """

    PAPER = "Zhang et al., 2019, arXiv:1905.07129 (the aggregator of ERNIE, one output)"

    def build(self) -> None:
        """Make W, started as the identity beside V."""
        self.project = nn.Linear(self.dim + self.entity_dim, self.dim)
        write = entity_writer(self.dim, self.entity_dim).weight.detach()
        with torch.no_grad():
            self.project.weight.copy_(torch.cat([torch.eye(self.dim), write], dim=1))
            self.project.bias.zero_()

    def read(self, tokens: Tensor, known: Known, linked: Tensor) -> Tensor:
        """Return W [x, e] + b."""
        out: Tensor = self.project(torch.cat([tokens[linked], known.entities[linked]], dim=-1))
        return out
