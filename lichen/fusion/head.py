"""Fused token states to class logits, by way of what the graph says of the mentions."""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lichen.alignment.linear import LinearAligner
from lichen.alignment.relations import RelationReader
from lichen.embedding.encoder import GraphEncoder

SAMPLE = 1024
"""Random pairs from which the size of scores is told."""
FEATURES = 3
"""What the graph says of a pair: forward, by the reverse relation, and under any relation."""
MENTION_DROP = 0.5
"""How often training hides both mentions' states from the relation reader."""
TEXT_DROP = 0.3
"""Share of the text's own features dropped in training."""


class HeadInput(NamedTuple):
    """What the head looks at."""

    states: Tensor
    """`(batch, tokens, dim)`; fused."""
    mask: Tensor
    """`(batch, tokens)` bool; True where there is a token."""
    mention_of: Tensor
    """`(batch, tokens)` int; which mention a token belongs to, or -1."""
    linked: Tensor
    """`(batch, mentions)` bool; True where a mention has an entity."""


def pool(seen: HeadInput, num_mentions: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return mean states outside mentions and of each, and which mentions have tokens.

    Shapes: `(batch, dim)`, `(batch, mentions, dim)`, `(batch, mentions)` bool.
    """
    states = seen.states
    numbers = torch.arange(num_mentions, device=states.device)
    owner = (seen.mention_of.unsqueeze(-1) == numbers).to(states.dtype)
    free = (seen.mask & (seen.mention_of < 0)).to(states.dtype).unsqueeze(-1)
    weights = torch.cat([free, owner], -1)
    sums = weights.transpose(1, 2) @ states
    counts = weights.sum(1)
    means = sums / counts.clamp(min=1).unsqueeze(-1)
    return means[:, 0], means[:, 1:], counts[:, 1:] > 0


def normed(told: Tensor, norm: nn.BatchNorm1d) -> Tensor:
    """Return features `(rows, features)` normalised; one row, which has no spread, by the past."""
    if len(told) > 1:
        out: Tensor = norm(told)
        return out
    return nn.functional.batch_norm(told, norm.running_mean, norm.running_var, eps=norm.eps)


class PairsHead(nn.Module):
    """Classify a text from its pooled states and from its mentions taken two by two.

    A pooled classifier adds vectors up, but a fact is a product: whether (h, r, t) holds depends
    on h and t together. So the head reads an entity vector back from the state of each mention,
    lets the graph encoder's own scorer judge each pair of mentions under every relation, and
    weighs the judgements by the relation that the text asserts of that pair. What relation a text
    asserts is learned from the task, and from the judgements themselves: over many texts, the
    words between two mentions tell which relation holds of them. It is the same for every fusion
    method; without fusion, what it reads back is text alone.

    Cost: `pairs * directions * (3 * dim + relation_dim)` products a text.

    Args:
        dim: width of a state.
        num_classes: how many classes there are.
        nodes: gives the scorer and its sizes; it is passed at each call. None: text only.
        mentions: how many mentions a text has at most.
        hidden: width of the hidden layer.
        drop: share of the relation reader's inputs dropped in training.
    """

    pairs: Tensor
    centre: Tensor
    spread: Tensor

    def __init__(
        self,
        dim: int,
        num_classes: int,
        *,
        nodes: GraphEncoder | None,
        mentions: int,
        hidden: int,
        drop: float,
    ) -> None:
        super().__init__()
        self.num_mentions = mentions
        pairs = list(combinations(range(mentions), 2)) if nodes is not None else []
        self.num_pairs = len(pairs)
        self.text_norm = nn.LayerNorm(dim)
        self.mention_norm = nn.LayerNorm(dim)
        self.text_drop = nn.Dropout(TEXT_DROP)
        num_features = FEATURES * len(pairs)
        if nodes is not None and pairs:
            self.register_buffer("pairs", torch.tensor(pairs), persistent=False)
            self.read_back = LinearAligner(dim, nodes.entity_dim)
            self.read_back.requires_grad_(requires_grad=False)
            self.reader = RelationReader(dim, 2 * nodes.num_relations, drop=drop)
            self.slope = nn.Parameter(torch.ones(2 * nodes.num_relations))
            self.offset = nn.Parameter(torch.zeros(2 * nodes.num_relations))
            self.feature_norm = nn.BatchNorm1d(FEATURES, affine=False)
            self.direct = nn.Linear(num_features, num_classes, bias=False)
            nn.init.zeros_(self.direct.weight)
            self.register_buffer("centre", torch.zeros(()))
            self.register_buffer("spread", torch.ones(()))
        self.inner = nn.Linear(2 * dim + num_features, hidden)
        self.outer = nn.Linear(hidden, num_classes)

    def forward(self, seen: HeadInput, nodes: GraphEncoder | None) -> tuple[Tensor, Tensor]:
        """Return class logits `(batch, classes)`, and the loss of the relation reader.

        That loss is the cross-entropy between the relation that the reader finds in the text and
        the one that the graph prefers for the two entities; 0 when there is no pair.
        """
        outside, at, present = pool(seen, self.num_mentions)
        share = present.unsqueeze(-1).to(at.dtype)
        mean = (at * share).sum(1) / share.sum(1).clamp(min=1)
        parts = [self.text_norm(outside), self.mention_norm(mean)]
        loss = outside.new_zeros(())
        if nodes is not None and self.num_pairs:
            features, loss = self.judge(outside, at, seen.linked & present, nodes)
            parts.append(features)
        parts[:2] = [self.text_drop(part) for part in parts[:2]]
        logits: Tensor = self.outer(torch.relu(self.inner(torch.cat(parts, -1))))
        if len(parts) > 2:
            logits = logits + self.direct(parts[-1])
        return logits, loss

    def judge(
        self, outside: Tensor, at: Tensor, linked: Tensor, nodes: GraphEncoder
    ) -> tuple[Tensor, Tensor]:
        """Return what the graph says of each pair `(batch, pairs * 3)`, and the reader's loss."""
        first, second = self.pairs[:, 0], self.pairs[:, 1]
        row, pair = (linked[:, first] & linked[:, second]).nonzero(as_tuple=True)
        features = at.new_zeros((len(at), self.num_pairs, FEATURES))
        if not len(row):
            return features.flatten(1), at.new_zeros(())
        one, two = at[row, first[pair]], at[row, second[pair]]
        shares = self.reader(outside[row], one, two, hide=self._hidden(row))
        there, back = self._scores(self.read_back(one), self.read_back(two), nodes)
        loss = -((there + back).detach().mul(0.25).softmax(-1) * shares).sum(-1).mean()
        there, back = ((s - self.centre) / self.spread for s in (there, back))
        told = [(shares.exp() * (self.slope * s + self.offset)).sum(-1) for s in (there, back)]
        told.append((self.slope * (there + back) / 2 + self.offset).logsumexp(-1))
        features[row, pair] = normed(torch.stack(told, -1), self.feature_norm)
        return features.flatten(1), loss

    def _hidden(self, row: Tensor) -> Tensor | None:
        """Draw the pairs whose mention states the reader does not see in this step."""
        if not self.training:
            return None
        return torch.rand((len(row), 1), device=row.device) < MENTION_DROP

    def _scores(self, one: Tensor, two: Tensor, nodes: GraphEncoder) -> tuple[Tensor, Tensor]:
        """Return the scores of each directed relation from one to two, and by its reverse."""
        relations = nodes.relation_table.detach()
        found = []
        for head, tail in ((one, two), (two, one)):
            if nodes.scorer.is_bilinear:
                found.append(nodes.interaction(head, tail) @ relations.T)
            else:
                shape = (head.unsqueeze(-2), relations, tail.unsqueeze(-2))
                found.append(nodes.scorer.score(*shape))
        return found[0], found[1].roll(nodes.num_relations, -1)

    @torch.no_grad()
    def calibrate(self, nodes: GraphEncoder) -> None:
        """Tell the size of scores from random pairs of entities."""
        if not self.num_pairs:
            return
        draw = torch.Generator().manual_seed(0)
        ids = torch.randint(nodes.num_entities, (2, SAMPLE), generator=draw)
        there, _back = self._scores(nodes.vectors(ids[0]), nodes.vectors(ids[1]), nodes)
        self.centre.copy_(there.mean())
        self.spread.copy_(there.std().clamp(min=1e-6))
