"""GAT: neighbours weighed by attention."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from lichen.embedding.gnn.layer import GraphLayer, Messages, geometric


class GAT(GraphLayer):
    """Neighbours and itself, each head weighing them by a softmax of its own."""

    PAPER: ClassVar[str] = "Veličković et al., 2018, arXiv:1710.10903"

    def __init__(self, dim: int, *, num_relations: int) -> None:
        super().__init__(dim, num_relations=num_relations)
        heads = next(h for h in (4, 2, 1) if dim % h == 0)
        self.layer = geometric("GATConv")(dim, dim // heads, heads=heads)

    def forward(self, states: Tensor, messages: Messages) -> Tensor:
        """Return new states."""
        new: Tensor = self.layer(states, messages.edges)
        return new[: messages.num_targets]
