"""R-GCN: neighbours averaged relation by relation."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from lichen.embedding.gnn.layer import GraphLayer, Messages, geometric

BASES = 8
"""Matrices of which every relation's is a sum; fewer where there are fewer relations."""


class RGCN(GraphLayer):
    """W times the state plus, for each directed relation, V_r times the mean over it."""

    PAPER: ClassVar[str] = "Schlichtkrull et al., 2018, arXiv:1703.06103"

    def __init__(self, dim: int, *, num_relations: int) -> None:
        super().__init__(dim, num_relations=num_relations)
        bases = min(BASES, num_relations)
        self.layer = geometric("RGCNConv")(dim, dim, num_relations, num_bases=bases)

    def forward(self, states: Tensor, messages: Messages) -> Tensor:
        """Return new states; a drawn edge stands for those of its target left out."""
        own, edges = states[: messages.num_targets], messages.edges
        if (messages.of_mean != 1).any():
            states = states.index_select(0, edges[0]) * messages.of_mean.unsqueeze(1)
            edges = torch.stack([torch.arange(len(states), device=edges.device), edges[1]])
        new: Tensor = self.layer((states, own), edges, messages.relation)
        return new
