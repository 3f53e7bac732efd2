"""Text states to relations: which of the graph's relations a text asserts of two mentions."""

from __future__ import annotations

from torch import Tensor, nn


class RelationReader(nn.Module):
    """Read from the states around two mentions a distribution over the graph's relations.

    One softmax over every relation in both directions, from the mean state outside the mentions
    and the states of the two mentions. It is trained through the task alone: no relation label
    is needed.

    Shapes: `(..., source_dim)` -> `(..., directions)`, each row sums to 1.
    Cost: one `(source_dim, directions)` product a pair.

    Args:
        source_dim: width of what a pair is described by.
        directions: relations, each counted in both directions.
        drop: share of inputs dropped in training.
    """

    PAPER = "Baldini Soares et al., 2019, arXiv:1906.03158 (mention pooling; the rest is ours)"

    def __init__(self, source_dim: int, directions: int, *, drop: float = 0.0) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(source_dim)
        self.drop = nn.Dropout(drop)
        self.logits = nn.Linear(source_dim, directions)
        nn.init.normal_(self.logits.weight, std=0.02)
        nn.init.zeros_(self.logits.bias)

    def forward(self, pairs: Tensor) -> Tensor:
        """Return the share of each relation and direction."""
        shares: Tensor = self.logits(self.drop(self.norm(pairs))).softmax(-1)
        return shares
