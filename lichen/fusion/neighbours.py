"""Attention over facts: every token of a mention chooses among what is known of its entity."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lichen.fusion.known import Known
from lichen.fusion.operator import TokenFusion, entity_writer
from lichen.fusion.passage import Passage
from lichen.fusion.shares import Shares


class NeighbourFusion(TokenFusion):
    """Let every token of a mention attend over its entity's facts, the entity, and nothing.

    With token state x, entity vector e and facts f_j = [other entity, relation, direction], the
    query is Q x, keys are K f_j and K' e, and the result is x + sum_j a_j V f_j + a_e V' e, with
    a the softmax over the facts, the entity and an empty slot.

    Use when the text decides which fact matters: the same entity, another question. Needs the
    graph, since it reads facts. Prefer `GateFusion` where entities have hardly any facts.

    Shapes: states `(batch, tokens, dim)`, facts `(batch, mentions, facts, fact_dim)` ->
    `(batch, tokens, dim)`.
    Cost: two `(fact_dim, width)` and `(fact_dim, dim)` products a fact, one `(dim, width)`
    product a linked token.
    """

    PAPER = "Su et al., 2021, arXiv:2009.13964 (CokeBERT's dynamic context, one hop)"
    READS_FACTS = True

    def build(self) -> None:
        """Make query, key and value maps."""
        width = min(64, self.dim)
        self.query = nn.Linear(self.dim, width)
        self.fact_key = nn.Linear(self.fact_dim, width, bias=False)
        self.entity_key = nn.Linear(self.entity_dim, width, bias=False)
        self.fact_value = nn.Linear(self.fact_dim, self.dim, bias=False)
        self.write = entity_writer(self.dim, self.entity_dim)
        self.nothing = nn.Parameter(torch.tensor(0.0))
        nn.init.zeros_(self.query.bias)
        nn.init.normal_(self.query.weight, std=0.02)
        nn.init.normal_(self.fact_value.weight, std=0.02)

    def read(self, tokens: Tensor, known: Known, linked: Tensor) -> Tensor:
        """Return x + sum over facts of a V f + a_e V' e."""
        row, at = linked.nonzero(as_tuple=True)
        mention = known.mention_of[row, at]
        facts, entity = known.facts[row, mention], known.at_mentions[row, mention]
        weights = self._weights(tokens, known, linked)
        told = (weights[:, : facts.shape[1]].unsqueeze(1) @ self.fact_value(facts)).squeeze(1)
        own = weights[:, facts.shape[1], None] * self.write(entity)
        out: Tensor = tokens[row, at] + told + own
        return out

    def weigh(self, passage: Passage, known: Known) -> Shares:
        """Return a, averaged over each mention's tokens."""
        return Shares.of_own(self._weights(passage.before(), known, known.linked), known)

    def _weights(self, tokens: Tensor, known: Known, linked: Tensor) -> Tensor:
        """Return a: for each linked token, the weight of each fact, the entity, and nothing."""
        row, at = linked.nonzero(as_tuple=True)
        mention = known.mention_of[row, at]
        facts, is_fact = known.facts[row, mention], known.is_fact[row, mention]
        entity = known.at_mentions[row, mention]
        query = self.query(tokens[row, at]).unsqueeze(-1)
        by_fact = (self.fact_key(facts) @ query).squeeze(-1).masked_fill(~is_fact, float("-inf"))
        by_entity = (self.entity_key(entity).unsqueeze(1) @ query).squeeze(-1)
        scale = self.entity_key.out_features**0.5
        empty = self.nothing.to(by_fact.dtype).expand(len(row), 1)
        return torch.softmax(torch.cat([by_fact / scale, by_entity / scale, empty], -1), -1)
