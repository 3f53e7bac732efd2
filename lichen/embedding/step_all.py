"""A batch of queries to one step of the vectors, each query against every entity."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from lichen.data.graph import Ids
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.loss import against_all, binary_loss, softmax_loss
from lichen.embedding.queries import Queries
from lichen.embedding.step import Step
from lichen.embedding.team import Team


class AllStep(Step):
    """Compares each query with every entity, never holding more than a block of scores.

    Every fact is asked in both directions, so the penalty of its tail is that of the head of the
    reverse query, and is counted there.
    """

    def __init__(
        self, encoder: GraphEncoder, facts: Ids, config: EmbeddingConfig, team: Team
    ) -> None:
        super().__init__(encoder, config, team)
        self.queries = Queries.of(facts, num_relations=encoder.num_relations).to(self.device)
        self.num_items = len(self.queries)
        self.into = torch.zeros((encoder.num_entities, encoder.entity_dim), device=self.device)

    def __call__(self, batch: Tensor) -> tuple[float, float]:
        """Take one step on some queries."""
        batch = batch.to(self.device)
        counted = self.queries.answers_of(batch, by_query=self.config.count == "queries")
        whole = float(counted.weights.sum())
        table, relations = self.entities.all(), self.relation_table.detach().requires_grad_()
        self.into.zero_()
        mine, total = self.team.share(batch), 0.0
        for asks_heads, rows in self.directions(self.queries.relation[mine]):
            total += self._direction(mine[rows], table, relations, whole, asks_heads=asks_heads)
        self.team.add(self.into)
        self.entities.push(self.into)
        self.move(relations)
        return self.team.add_number(total) * whole, whole

    def _direction(
        self,
        queries: Tensor,
        table: Tensor,
        relations: Tensor,
        whole: float,
        *,
        asks_heads: bool,
    ) -> float:
        config, scorer = self.config, self.encoder.scorer
        answers = self.queries.answers_of(queries, by_query=config.count == "queries")
        answers.weights.div_(whole)
        entity = self.queries.entity[queries]
        rows, place = self.used_relations(self.queries.relation[queries])
        known = table.index_select(0, entity).requires_grad_()
        used = relations.index_select(0, rows)
        asked = self.ask(known, used, place, asks_heads=asks_heads)
        if config.loss == "binary":
            loss = partial(binary_loss, scale=1 / whole)
        else:
            loss = partial(softmax_loss, hide_known=config.hide_known)
        value, toward = against_all(
            self.comparison,
            asked.detach(),
            self.candidates(table, asks_heads=asks_heads),
            answers,
            loss=loss,
            into=self.candidates(self.into, asks_heads=asks_heads),
        )
        weights = answers.weights.new_zeros(len(queries))
        weights.index_add_(0, answers.rows, answers.weights)
        extra = self.penalty(known, 2 * weights, scorer.moduli)
        shared = weights.new_zeros(len(rows)).index_add_(0, place, weights)
        extra = extra + self.penalty(used, shared, scorer.relation_moduli)
        if config.relation_weight:
            tails = table.index_select(0, answers.columns).requires_grad_()
            h, t = known.index_select(0, answers.rows), tails
            h, t = (t, h) if asks_heads else (h, t)
            extra = extra + self.relation_loss(h, rows[place[answers.rows]], t, relations) / whole
        ((asked * toward).sum() + extra).backward()  # type: ignore[no-untyped-call]
        if known.grad is not None:
            self.into.index_add_(0, entity, known.grad)
        if config.relation_weight and tails.grad is not None:
            self.into.index_add_(0, answers.columns, tails.grad)
        return float(value) + float(extra.detach())
