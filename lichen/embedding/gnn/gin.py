"""GIN: the sum of the neighbours, which tells apart what means cannot."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from lichen.embedding.gnn.layer import GraphLayer, Messages, geometric


class GIN(GraphLayer):
    """Two dense layers, normed between, over (1 + a learned number) x plus its neighbours' sum."""

    PAPER: ClassVar[str] = "Xu et al., 2019, arXiv:1810.00826"

    def __init__(self, dim: int, *, num_relations: int) -> None:
        super().__init__(dim, num_relations=num_relations)
        within = (nn.LayerNorm(dim), nn.ReLU())  # a hub's sum is large
        dense = nn.Sequential(nn.Linear(dim, dim), *within, nn.Linear(dim, dim))
        self.layer = geometric("GINConv")(dense, train_eps=True)

    def forward(self, states: Tensor, messages: Messages) -> Tensor:
        """Return new states; a drawn edge stands for those of its target left out."""
        own, target = states[: messages.num_targets], messages.edges[1]
        heard = self.layer.propagate(messages.edges, x=(states, own))
        share = states.new_ones(len(own)).scatter(0, target, messages.share)
        new: Tensor = self.layer.nn(heard * share.unsqueeze(1) + (1 + self.layer.eps) * own)
        return new
