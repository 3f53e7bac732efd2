"""Text states to relations: which of the graph's relations a text asserts of two mentions."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class RelationReader(nn.Module):
    """Read from the states in and around two mentions which relation the text asserts of them.

    One softmax over every relation in both directions, from the mean state outside the mentions
    and the states of the two mentions, in their order. In training the mentions are hidden half
    of the time, so the words between them have to do.

    Shapes: outside, one, two `(pairs, dim)` -> `(pairs, directions)`, logarithms of shares that
    sum to 1.
    Cost: one `(3 * dim, directions)` product a pair.

    Args:
        dim: width of a state.
        directions: relations, each counted in both directions.
        drop: share of inputs dropped in training.
    """

    PAPER = "Baldini Soares et al., 2019, arXiv:1906.03158 (pooled mentions; the rest is ours)"

    def __init__(self, dim: int, directions: int, *, drop: float = 0.0) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in range(3))
        self.drop = nn.Dropout(drop)
        self.logits = nn.Linear(3 * dim, directions)
        nn.init.normal_(self.logits.weight, std=0.02)
        nn.init.zeros_(self.logits.bias)

    def forward(
        self, outside: Tensor, one: Tensor, two: Tensor, *, hide: Tensor | None = None
    ) -> Tensor:
        """Return the logarithm of each direction's share.

        Args:
            outside: `(pairs, dim)` mean state outside all mentions.
            one: `(pairs, dim)` mean state of the mention that comes first.
            two: `(pairs, dim)` mean state of the other.
            hide: `(pairs, 1)` bool; True hides both mentions.
        """
        around, *mentions = [n(x) for n, x in zip(self.norms, (outside, one, two), strict=True)]
        if hide is not None:
            mentions = [x.masked_fill(hide, 0.0) for x in mentions]
        shares: Tensor = self.logits(self.drop(torch.cat([around, *mentions], -1)))
        return shares.log_softmax(-1)
