"""Attention: every mention chooses among the entities of its text, and nothing."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lichen.fusion.known import Known
from lichen.fusion.operator import TokenFusion, entity_writer
from lichen.fusion.passage import Passage
from lichen.fusion.shares import Shares

OWN = 4.0
"""Start of the preference for a token's own entity over those of other mentions."""


class AttentionFusion(TokenFusion):
    """Let every linked token attend over the entities linked in its text, and a slot of nothing.

    With token states x and entity vectors e, token i has the query Q x_i, entity j the key K e_j,
    and the result is x_i + sum_j a_ij V e_j, with a the softmax over all linked tokens j and the
    empty slot. A learned preference favours the token's own entity.

    Use when what a mention needs may be said by another: coreferent, doubtful or wrong links.
    Prefer `GateFusion` when each mention needs its own entity only.

    Shapes: states `(batch, tokens, dim)`, entities `(batch, mentions, entity_dim)` ->
    `(batch, tokens, dim)`.
    Cost: three products a token and one `(tokens, tokens)` score matrix a text,
    dim * entity_dim + (dim + entity_dim) * width + width + 2 parameters.
    """

    PAPER = "Peters et al., 2019, arXiv:1909.04164 (KnowBert's knowledge attention, one head)"

    def build(self) -> None:
        """Make query, key and value maps and the two preferences."""
        width = min(64, self.dim)
        self.query = nn.Linear(self.dim, width)
        self.key = nn.Linear(self.entity_dim, width, bias=False)
        self.write = entity_writer(self.dim, self.entity_dim)
        self.own = nn.Parameter(torch.tensor(OWN))
        self.nothing = nn.Parameter(torch.tensor(0.0))
        nn.init.zeros_(self.query.bias)
        nn.init.normal_(self.query.weight, std=0.02)

    def read(self, tokens: Tensor, known: Known, linked: Tensor) -> Tensor:
        """Return x + sum over entities of a V e."""
        weights = self._weights(tokens, known, linked)[..., :-1]
        out: Tensor = (tokens + weights @ self.write(known.entities))[linked]
        return out

    def weigh(self, passage: Passage, known: Known) -> Shares:
        """Return a, averaged over each mention's tokens and summed over those of each it reads."""
        weights = self._weights(passage.before(), known, known.linked)
        by_entity = weights[..., :-1] @ known.owners.to(weights.dtype)
        mean = known.mention_means(torch.cat([by_entity, weights[..., -1:]], -1))
        own = mean[..., :-1].diagonal(dim1=1, dim2=2)
        return Shares(mean[..., :0], own, mean[..., :-1] - torch.diag_embed(own), mean[..., -1])

    def _weights(self, tokens: Tensor, known: Known, linked: Tensor) -> Tensor:
        """Return a: for each token, the weight of each token's entity, and of nothing."""
        scores = self.query(tokens) @ self.key(known.entities).transpose(1, 2)
        scores = scores / self.key.out_features**0.5
        size = tokens.shape[1]
        eye = torch.eye(size, dtype=torch.bool, device=tokens.device)
        scores = scores + self.own * eye
        scores = scores.masked_fill(~linked.unsqueeze(1), float("-inf"))
        empty = self.nothing.to(scores.dtype).expand(*scores.shape[:2], 1)
        return torch.softmax(torch.cat([scores, empty], dim=-1), dim=-1)
