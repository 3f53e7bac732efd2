"""Fused token states to logits of every token."""

from __future__ import annotations

from torch import Tensor, nn

from lichen.embedding.encoder import GraphEncoder
from lichen.fusion.head import HeadInput

DROP = 0.2
"""Share of a state's features dropped in training."""


class TokenHead(nn.Module):
    """Judge each token by its own fused state.

    Cost: one `(dim, hidden)` product a token.

    Args:
        dim: width of a state.
        num_outputs: numbers a token.
        hidden: width of the hidden layer.
    """

    def __init__(self, dim: int, num_outputs: int, *, hidden: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.drop = nn.Dropout(DROP)
        self.inner = nn.Linear(dim, hidden)
        self.outer = nn.Linear(hidden, num_outputs)

    def forward(self, seen: HeadInput, nodes: GraphEncoder | None) -> tuple[Tensor, Tensor]:  # noqa: ARG002 - the heads have one form
        """Return logits `(batch, tokens, outputs)`, and no further loss."""
        hidden = self.inner(self.drop(self.norm(seen.states))).relu()
        logits: Tensor = self.outer(self.drop(hidden))
        return logits, logits.new_zeros(())
