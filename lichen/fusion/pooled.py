"""Fused token states to class logits, by their means over the text and over its mentions."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lichen.embedding.encoder import GraphEncoder
from lichen.fusion.head import TEXT_DROP, HeadInput, pool

SLOTS = 2
"""Mentions that are also read one by one: the arguments of a relation come first."""


class PooledHead(nn.Module):
    """Classify a text from the mean of its states, of its mentions, and of the first two alone.

    Use for what a text is about or how it speaks (topic, sentiment), and for the relation of two
    marked mentions. Where a class hangs on whether a fact holds of two entities, `PairsHead` asks
    the graph's own scorer.

    Cost: one `(4 * dim, hidden)` product a text.

    Args:
        dim: width of a state.
        num_classes: how many classes there are.
        mentions: how many mentions a text has at most.
        hidden: width of the hidden layer.
    """

    def __init__(self, dim: int, num_classes: int, *, mentions: int, hidden: int) -> None:
        super().__init__()
        self.num_mentions = mentions
        self.num_slots = min(SLOTS, mentions)
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in range(2 + self.num_slots))
        self.drop = nn.Dropout(TEXT_DROP)
        self.inner = nn.Linear((2 + self.num_slots) * dim, hidden)
        self.outer = nn.Linear(hidden, num_classes)

    def forward(self, seen: HeadInput, nodes: GraphEncoder | None) -> tuple[Tensor, Tensor]:  # noqa: ARG002 - the heads have one form
        """Return class logits `(batch, classes)`, and no further loss."""
        parts = self.parts(seen)
        return self.read(parts), parts[0].new_zeros(())

    def parts(self, seen: HeadInput) -> list[Tensor]:
        """Return the mean states `(batch, dim)` of the text, its mentions, and each slot."""
        _outside, at, present = pool(seen, self.num_mentions)
        mask = seen.mask.to(at.dtype).unsqueeze(-1)
        whole = (seen.states * mask).sum(1) / mask.sum(1).clamp(min=1)
        share = present.unsqueeze(-1).to(at.dtype)
        mean = (at * share).sum(1) / share.sum(1).clamp(min=1)
        return [whole, mean, *at[:, : self.num_slots].unbind(1)]

    def read(self, parts: list[Tensor]) -> Tensor:
        """Return class logits of the parts, `(batch, classes)`."""
        told = [norm(part) for norm, part in zip(self.norms, parts, strict=True)]
        hidden = torch.relu(self.inner(self.drop(torch.cat(told, -1))))
        logits: Tensor = self.outer(hidden)
        return logits
