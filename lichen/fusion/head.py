"""Fused token states to class logits, by way of what the graph says of the mentions."""

from __future__ import annotations

from itertools import combinations

import torch
from torch import Tensor, nn

from lichen.alignment.linear import LinearAligner
from lichen.alignment.relations import RelationReader
from lichen.embedding.encoder import GraphEncoder


SAMPLE = 1024
"""Random pairs from which the size of scores is told."""


class ClassifyHead(nn.Module):
    """Classify a text from its pooled states and from its mentions taken two by two.

    A pooled classifier adds vectors up, but a fact is a product: whether (h, r, t) holds depends
    on h and t together. So the head reads an entity vector back from the state of each mention,
    lets the graph encoder's own scorer judge each pair of mentions under every relation, and
    weighs the judgements by the relation that the text asserts of that pair. It has the same
    parameters for every fusion method; without fusion, what it reads back is text alone.

    Shapes: states `(batch, tokens, dim)`, mask `(batch, tokens)` bool, mention_of
    `(batch, tokens)`, linked `(batch, mentions)` bool -> `(batch, classes)`.
    Cost: mentions^2 * relations * entity_dim products a text.

    Args:
        dim: width of a state.
        num_classes: how many classes there are.
        nodes: gives the scorer and its sizes; its vectors are passed at each call.
        mentions: how many mentions a text has at most.
        hidden: width of the hidden layer.
        drop: share of inputs dropped in training.
    """

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
        self.pairs = list(combinations(range(mentions), 2)) if nodes is not None else []
        self.text_norm = nn.LayerNorm(dim)
        self.mention_norm = nn.LayerNorm(dim)
        self.drop = nn.Dropout(drop)
        num_features = 2 * len(self.pairs)
        if nodes is not None and self.pairs:
            directions = 2 * nodes.num_relations
            self.read_back = LinearAligner(dim, nodes.entity_dim)
            self.reader = RelationReader(3 * dim, directions, drop=drop)
            self.slope = nn.Parameter(torch.ones(directions))
            self.offset = nn.Parameter(torch.zeros(directions))
            self.register_buffer("centre", torch.zeros(()))
            self.register_buffer("spread", torch.ones(()))
        self.inner = nn.Linear(2 * dim + num_features, hidden)
        self.outer = nn.Linear(hidden, num_classes)
        self.direct = nn.Linear(num_features, num_classes, bias=False) if num_features else None

    def forward(
        self,
        states: Tensor,
        mask: Tensor,
        mention_of: Tensor,
        linked: Tensor,
        nodes: GraphEncoder | None,
    ) -> Tensor:
        """Return class logits."""
        outside, at = self.pool(states, mask, mention_of)
        numbers = torch.arange(self.num_mentions, device=states.device)
        present = (mention_of.unsqueeze(-1) == numbers).any(1)
        share = present.unsqueeze(-1).to(at.dtype)
        mean = (at * share).sum(1) / share.sum(1).clamp(min=1)
        parts = [self.text_norm(outside), self.mention_norm(mean)]
        if nodes is not None and self.pairs:
            features = self.judge(outside, at, linked & present, nodes)
            parts.append(features)
        logits = self.outer(torch.relu(self.inner(self.drop(torch.cat(parts, -1)))))
        if self.direct is not None:
            logits = logits + self.direct(parts[-1])
        return logits

    def pool(self, states: Tensor, mask: Tensor, mention_of: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean state outside mentions `(batch, dim)` and of each `(batch, mentions, dim)`."""
        numbers = torch.arange(self.num_mentions, device=states.device)
        owner = (mention_of.unsqueeze(-1) == numbers).to(states.dtype)
        at = owner.transpose(1, 2) @ states / owner.sum(1).clamp(min=1).unsqueeze(-1)
        free = (mask & (mention_of < 0)).to(states.dtype)
        outside = (free.unsqueeze(1) @ states).squeeze(1)
        return outside / free.sum(1, keepdim=True).clamp(min=1), at

    def judge(self, outside: Tensor, at: Tensor, linked: Tensor, nodes: GraphEncoder) -> Tensor:
        """Return what the graph says of each pair, in both directions: `(batch, 2 * pairs)`."""
        first = torch.tensor([i for i, _ in self.pairs], device=at.device)
        second = torch.tensor([j for _, j in self.pairs], device=at.device)
        around = outside.unsqueeze(1).expand(-1, len(self.pairs), -1)
        asserted = self.reader(torch.cat([around, at[:, first], at[:, second]], -1))
        entities = self.read_back(at)
        one, two = entities[:, first], entities[:, second]
        there = self._scores(one, two, nodes)
        back = self._scores(two, one, nodes).roll(nodes.num_relations, -1)
        told = [(asserted * (self.slope * s + self.offset)).sum(-1) for s in (there, back)]
        both = linked[:, first] & linked[:, second]
        return torch.cat([t * both for t in told], -1)

    @torch.no_grad()
    def calibrate(self, nodes: GraphEncoder, scale: float, written: Tensor | None) -> None:
        """Start by reading back what fusion writes, and by scores of spread 1.

        Args:
            nodes: the graph encoder.
            scale: what entity vectors are multiplied by before fusion.
            written: `(dim, entity_dim)` how fusion writes them; None leaves a random reader.
        """
        if not self.pairs:
            return
        if written is not None:
            self.read_back.undo(written * scale)
        else:
            self.read_back.map.weight /= scale
        draw = torch.Generator().manual_seed(0)
        ids = torch.randint(nodes.num_entities, (2, SAMPLE), generator=draw)
        scores = self._scores(nodes.vectors(ids[0]), nodes.vectors(ids[1]), nodes)
        self.centre.copy_(scores.mean())
        self.spread.copy_(scores.std().clamp(min=1e-6))

    def _scores(self, head: Tensor, tail: Tensor, nodes: GraphEncoder) -> Tensor:
        relations = nodes.relation_table
        if nodes.scorer.is_bilinear:
            raw = nodes.interaction(head, tail) @ relations.T
        else:
            raw = nodes.scorer.score(head.unsqueeze(-2), relations, tail.unsqueeze(-2))
        return (raw - self.centre) / self.spread
