"""Fused token states to class logits, by their means and by how alike these are."""

from __future__ import annotations

from itertools import combinations

import torch
from torch import Tensor, nn

from lichen.embedding.encoder import GraphEncoder
from lichen.fusion.head import HeadInput, normed
from lichen.fusion.pooled import PooledHead

SHARP = 10.0
"""Factor on the normalised likenesses, so that few steps suffice to learn their weights."""


class MatchedHead(PooledHead):
    """Classify a text as `PooledHead` does, and by the cosines between what that reads.

    How well two parts of a text fit is a product of theirs, which a pooled classifier has to learn
    from examples, and a pretrained encoder knows. So the cosines of the whole text, its mentions'
    mean, and the first two mentions, each with each, vote on the classes beside the pooled parts.

    Use where an answer stands beside its question, marked as the first mention, with task
    "choose"; with a few hundred questions, take a low `learning_rate`. Prefer `PooledHead` where
    nothing is compared.

    Cost: as `PooledHead`, and at most 6 cosines a text.
    """

    def __init__(self, dim: int, num_classes: int, *, mentions: int, hidden: int) -> None:
        super().__init__(dim, num_classes, mentions=mentions, hidden=hidden)
        self.twos = list(combinations(range(len(self.norms)), 2))
        self.likeness_norm = nn.BatchNorm1d(len(self.twos), affine=False)
        self.vote = nn.Linear(len(self.twos), num_classes, bias=False)
        nn.init.zeros_(self.vote.weight)

    def forward(self, seen: HeadInput, nodes: GraphEncoder | None) -> tuple[Tensor, Tensor]:  # noqa: ARG002 - the heads have one form
        """Return class logits `(batch, classes)`, and no further loss."""
        parts = self.parts(seen)
        alike = [torch.cosine_similarity(parts[i], parts[j], dim=-1) for i, j in self.twos]
        votes = self.vote(SHARP * normed(torch.stack(alike, -1), self.likeness_norm))
        return self.read(parts) + votes, votes.new_zeros(())
