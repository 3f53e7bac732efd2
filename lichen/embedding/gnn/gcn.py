"""GCN: neighbours averaged, hubs counting less."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from lichen.embedding.gnn.layer import GraphLayer, Messages, geometric


class GCN(GraphLayer):
    """Sum over neighbours and itself of W x / sqrt((degree + 1) (neighbour's degree + 1))."""

    PAPER: ClassVar[str] = "Kipf and Welling, 2017, arXiv:1609.02907"

    def __init__(self, dim: int, *, num_relations: int) -> None:
        super().__init__(dim, num_relations=num_relations)
        self.layer = geometric("GCNConv")(dim, dim, normalize=False, add_self_loops=False)

    def forward(self, states: Tensor, messages: Messages) -> Tensor:
        """Return new states; degrees are those of the whole graph, sampled or not."""
        scale = (messages.degree + 1).rsqrt()
        itself = torch.arange(len(states), device=states.device)
        edges = torch.cat([messages.edges, itself.expand(2, -1)], dim=1)
        weight = torch.cat([messages.share, torch.ones_like(scale)])
        new: Tensor = self.layer(states, edges, weight * scale[edges[0]] * scale[edges[1]])
        return new[: messages.num_targets]
