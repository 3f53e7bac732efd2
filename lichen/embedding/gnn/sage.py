"""GraphSAGE: the mean of the neighbours beside the node itself."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from lichen.embedding.gnn.layer import GraphLayer, Messages, geometric


class SAGE(GraphLayer):
    """W times the state plus V times the mean of its neighbours' states."""

    PAPER: ClassVar[str] = "Hamilton et al., 2017, arXiv:1706.02216"

    def __init__(self, dim: int, *, num_relations: int) -> None:
        super().__init__(dim, num_relations=num_relations)
        self.layer = geometric("SAGEConv")(dim, dim)

    def forward(self, states: Tensor, messages: Messages) -> Tensor:
        """Return new states."""
        new: Tensor = self.layer((states, states[: messages.num_targets]), messages.edges)
        return new
