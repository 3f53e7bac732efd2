"""A batch of facts to one step of the vectors, all compared with one shared sample."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from lichen.data.graph import Ids
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.loss import Against, margin_loss, sampled_softmax, self_adversarial_loss
from lichen.embedding.negatives import Negatives
from lichen.embedding.queries import Queries
from lichen.embedding.rivals import KnownRivals
from lichen.embedding.step import Step, UsedRelations
from lichen.embedding.team import Team

HIDDEN = -1e30
"""Score of a candidate that must not compete; finite, so that no product with it is NaN."""


class _Batch(NamedTuple):
    """Directed facts, their sample, and the vectors in use with room for their gradients."""

    number: Tensor
    """`(b,)` of the directed fact."""
    entity: Tensor
    """`(b,)` row of `vectors`."""
    relation: Tensor
    """`(b,)` directed relation."""
    truth: Tensor
    """`(b,)` row of `vectors`."""
    sample: Tensor
    """`(n,)` rows of `vectors`, ascending."""
    ids: Tensor
    """`(used,)` the entity of each row of `vectors`, ascending."""
    vectors: Tensor
    """`(used, width)`"""
    into: Tensor
    """`(used, width)` gradients."""

    def only(self, rows: Tensor) -> _Batch:
        """Return some of the facts, with the same sample and vectors."""
        number, entity, relation, truth = (x[rows] for x in self[:4])
        return self._replace(number=number, entity=entity, relation=relation, truth=truth)


class SampledStep(Step):
    """Compares each fact with a sample that the batch shares; only used rows are touched."""

    def __init__(
        self, encoder: GraphEncoder, facts: Ids, config: EmbeddingConfig, team: Team
    ) -> None:
        super().__init__(encoder, config, team)
        self.facts = facts
        self.num_items = 2 * len(facts)
        self.rivals = None
        if config.hide_known:
            queries = Queries.of(facts, num_relations=encoder.num_relations).to(self.device)
            self.rivals = KnownRivals(queries, encoder.num_entities, many=config.negatives)
        self.negatives = Negatives(
            facts, encoder.num_entities, number=config.negatives, degree_power=config.degree_power
        )

    def __call__(self, batch: Tensor) -> tuple[float, float]:
        """Take one step on some directed facts."""
        sample = self.negatives.draw(self.draw).to(self.device)
        used = self._read(self.team.share(batch), sample)
        relations = self.read_relations(used.relation)
        total = 0.0
        for asks_heads, rows in self.directions(used.relation):
            part = used.only(rows)
            total += self._direction(part, rows, relations, len(batch), asks_heads=asks_heads)
        ids, gradient = self.team.join(used.ids, used.into)
        self.entities.push(gradient, ids)
        self.move(relations)
        return self.team.add_number(total) * len(batch), float(len(batch))

    def _read(self, numbers: Tensor, sample: Tensor) -> _Batch:
        chosen = self.facts[(numbers % len(self.facts)).numpy()]
        h, r, t = torch.from_numpy(chosen).to(self.device).unbind(1)
        numbers = numbers.to(self.device)
        is_reverse = numbers >= len(self.facts)
        entity, truth = torch.where(is_reverse, t, h), torch.where(is_reverse, h, t)
        ids, rows = torch.unique(torch.cat([entity, truth, sample]), return_inverse=True)
        vectors = self.entities.rows(ids)
        at = rows.split([len(numbers), len(numbers), len(sample)])
        relation = r + is_reverse * self.encoder.num_relations
        return _Batch(
            numbers, at[0], relation, at[1], at[2], ids, vectors, torch.zeros_like(vectors)
        )

    def _direction(
        self,
        batch: _Batch,
        items: Tensor,
        relations: UsedRelations,
        whole: int,
        *,
        asks_heads: bool,
    ) -> float:
        scorer, vectors = self.encoder.scorer, batch.vectors
        known, tail = (vectors[x].requires_grad_() for x in (batch.entity, batch.truth))
        place = relations.place[items]
        asked = self.ask(known, relations.table, place, asks_heads=asks_heads)
        true = self.comparison.pairs(asked, self.candidates(tail, asks_heads=asks_heads))
        rivals = self.candidates(vectors[batch.sample], asks_heads=asks_heads)
        scores = self.comparison.scores(asked.detach(), rivals)
        kept = scores if self.comparison.is_dot else scores.clone()
        scores.masked_fill_(self._hits(batch), HIDDEN)
        against = self._loss(true.detach(), scores, batch.ids[batch.sample])
        gradient = vectors.new_zeros((len(batch.sample), vectors.shape[1]))
        side = self.candidates(gradient, asks_heads=asks_heads)
        toward = self.comparison.pull(asked.detach(), rivals, kept, scores, side)
        batch.into.index_add_(0, batch.sample, gradient.div_(whole))
        ones = vectors.new_ones(len(place))
        shared = torch.bincount(place, minlength=len(relations.table)).float()
        extra = self.penalty(known, ones, scorer.moduli) + self.penalty(tail, ones, scorer.moduli)
        extra = extra + self.penalty(relations.table, shared, scorer.relation_moduli)
        if self.config.dura:
            back = self.ask(tail, relations.table, place, asks_heads=not asks_heads)
            extra = extra + self.duality(known, asked, ones) + self.duality(tail, back, ones)
        objective = (asked * toward).sum() + (true * against.true).sum() + extra
        (objective / whole).backward()  # type: ignore[no-untyped-call]
        total = float(against.loss + extra.detach())
        if self.config.relation_weight:
            h, t = (tail, known) if asks_heads else (known, tail)
            for block in self.fact_blocks(len(place)):
                told = self.relation_loss(
                    h[block], place[block], t[block], relations.table, ones[block]
                )
                (told / whole).backward()  # type: ignore[no-untyped-call]
                total += float(told.detach())
        for ids, leaf in ((batch.entity, known), (batch.truth, tail)):
            if leaf.grad is not None:
                batch.into.index_add_(0, ids, leaf.grad)
        return total / whole

    def _loss(self, true: Tensor, scores: Tensor, sample: Tensor) -> Against:
        config = self.config
        if config.loss == "margin":
            return margin_loss(true, scores, margin=config.margin)
        if config.loss == "self_adversarial":
            return self_adversarial_loss(
                true, scores, margin=config.margin, temperature=config.temperature
            )
        return sampled_softmax(
            true, scores.add_(self.negatives.log_weight[sample.cpu()].to(scores))
        )

    def _hits(self, batch: _Batch) -> Tensor:
        """Return `(b, n)`, True where the truth stands in the sample, or a known answer."""
        if self.rivals is None:
            return batch.truth[:, None] == batch.sample
        queries = self.rivals.queries.query_of[batch.number]
        return self.rivals(queries, batch.ids[batch.sample])
