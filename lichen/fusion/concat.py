"""Concatenation: state and entity side by side, projected back to the state's width."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lichen.fusion.operator import Fusion, entity_writer


class ConcatFusion(Fusion):
    """Project the state and its entity, side by side, back to the state's width.

    With token state x and entity vector e, the result is W [x, e] + b. It starts as x + V e, with
    V orthonormal, so nothing of the text is lost before training.

    Use when links are clean and every mention matters: nothing can close. Prefer `GateFusion`
    where links are noisy.

    Shapes: tokens `(batch, tokens, dim)`, entities `(batch, tokens, entity_dim)`,
    linked `(batch, tokens)` bool -> `(batch, tokens, dim)`.
    Cost: one `(dim + entity_dim, dim)` product a linked token, dim * (dim + entity_dim + 1)
    parameters.
    """

    PAPER = "Zhang et al., 2019, arXiv:1905.07129 (the aggregator of ERNIE, one output)"

    def __init__(self, dim: int, entity_dim: int) -> None:
        super().__init__(dim, entity_dim)
        self.project = nn.Linear(dim + entity_dim, dim)
        start = torch.cat([torch.eye(dim), entity_writer(dim, entity_dim).weight.detach()], dim=1)
        with torch.no_grad():
            self.project.weight.copy_(start)
            self.project.bias.zero_()

    def read(self, tokens: Tensor, entities: Tensor, linked: Tensor) -> Tensor:
        """Return W [x, e] + b."""
        out: Tensor = self.project(torch.cat([tokens[linked], entities[linked]], dim=-1))
        return out
