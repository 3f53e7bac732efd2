"""What the graph says of a batch's texts: entity vectors and facts, by mention and by token."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from lichen.embedding.encoder import GraphEncoder

NONE = -1
"""In integer tensors: no mention, no entity, no relation."""


class Known(NamedTuple):
    """The knowledge that a fusion method may read."""

    mask: Tensor
    """`(batch, tokens)` bool; True where there is a token."""
    mention_of: Tensor
    """`(batch, tokens)` int; which mention a token belongs to, or -1."""
    at_mentions: Tensor
    """`(batch, mentions, entity_dim)`; vectors of the linked entities, 0 where there is none."""
    is_linked: Tensor
    """`(batch, mentions)` bool; True where a mention has an entity."""
    facts: Tensor
    """`(batch, mentions, facts, fact_dim)`; of each fact about a mention's entity, the vector of
    the other entity, that of the relation, and 1 where the mention is its head, -1 where it is
    its tail, side by side; 0 where there is no fact."""
    is_fact: Tensor
    """`(batch, mentions, facts)` bool; True where there is a fact."""

    @property
    def linked(self) -> Tensor:
        """Return `(batch, tokens)` bool; True where a token belongs to a linked mention."""
        if not self.is_linked.shape[1]:
            return torch.zeros_like(self.mask)
        found: Tensor = self.is_linked.gather(1, self.mention_of.clamp(min=0))
        return found & (self.mention_of >= 0)

    @property
    def entities(self) -> Tensor:
        """Return `(batch, tokens, entity_dim)`; each token's entity vector, 0 without one."""
        return self.on_tokens(self.at_mentions)

    def on_tokens(self, at_mentions: Tensor) -> Tensor:
        """Return what each mention has, at its tokens: `(batch, tokens, width)`, 0 elsewhere."""
        width = at_mentions.shape[-1]
        if not at_mentions.shape[1]:
            return at_mentions.new_zeros((*self.mention_of.shape, width))
        owner = self.mention_of.clamp(min=0).unsqueeze(-1).expand(-1, -1, width)
        return at_mentions.gather(1, owner) * self.linked.unsqueeze(-1)

    @property
    def owners(self) -> Tensor:
        """Return `(batch, tokens, mentions)` bool; True where a token belongs to a mention."""
        numbers = torch.arange(self.is_linked.shape[1], device=self.mention_of.device)
        return self.mention_of.unsqueeze(-1) == numbers

    def mention_means(self, states: Tensor) -> Tensor:
        """Return the mean state of each mention's tokens: `(batch, mentions, dim)`."""
        owner = self.owners.to(states.dtype)
        sums = owner.transpose(1, 2) @ states
        return sums / owner.sum(1).clamp(min=1).unsqueeze(-1)


def fact_dim(nodes: GraphEncoder | None) -> int:
    """Return the width of what is told of a fact."""
    return 1 if nodes is None else nodes.entity_dim + nodes.relation_dim + 1


def look_up(
    nodes: GraphEncoder | None,
    *,
    mention_of: Tensor,
    mask: Tensor,
    entities: Tensor,
    facts: Tensor | None = None,
    scales: tuple[Tensor, Tensor] | None = None,
) -> Known:
    """Look up the vectors of a batch's entities and facts.

    Args:
        nodes: the graph encoder; None gives vectors of one zero.
        mention_of: `(batch, tokens)` int.
        mask: `(batch, tokens)` bool.
        entities: `(batch, mentions)` int; -1 is no entity.
        facts: `(batch, mentions, facts, 2)` int; directed relation and other entity, -1 is no
            fact. A relation r read from its tail is r + num_relations. None is no facts at all.
        scales: factors on entity and on relation vectors; None is 1.
    """
    is_linked = entities >= 0
    if facts is None:
        facts = entities.new_full((*entities.shape, 0, 2), NONE)
    is_fact = facts[..., 0] >= 0
    if nodes is None:
        nothing = torch.zeros((*entities.shape, 1), device=entities.device)
        untold = nothing.new_zeros((*facts.shape[:3], 1))
        return Known(mask, mention_of, nothing, is_linked, untold, is_fact)
    size, relation_size = scales or (1.0, 1.0)
    at_mentions = nodes.vectors(entities.clamp(min=0)) * is_linked.unsqueeze(-1) * size
    directed, others = facts[..., 0].clamp(min=0), facts[..., 1].clamp(min=0)
    sign = torch.where(directed < nodes.num_relations, 1.0, -1.0).unsqueeze(-1)
    rows = directed if nodes.reciprocal else directed % nodes.num_relations
    told = [nodes.vectors(others) * size, nodes.relation_table[rows] * relation_size, sign]
    seen = torch.cat(told, -1) * is_fact.unsqueeze(-1)
    return Known(mask, mention_of, at_mentions, is_linked, seen, is_fact)
