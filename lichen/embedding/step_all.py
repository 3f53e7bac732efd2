"""A batch of queries to one step of the vectors, each query against every entity or a pool."""

from __future__ import annotations

from functools import cached_property, partial
from typing import NamedTuple

import torch
from torch import Tensor

from lichen.data.graph import Ids
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.loss import Answers, against_all, binary_loss, softmax_loss
from lichen.embedding.queries import Queries
from lichen.embedding.step import Step, UsedRelations
from lichen.embedding.team import Team

MOST_ANSWERS = 16
"""Answers with which a query comes at a time, so that one of thousands does not rule its batch."""


class Candidates(NamedTuple):
    """The entities that the queries of a batch meet, with room for their gradients."""

    ids: Tensor | None
    """`(n,)` entities, ascending; None is all of them."""
    vectors: Tensor
    """`(n, width)`"""
    into: Tensor
    """`(n, width)` gradients."""
    stands_for: Tensor | None
    """`(n,)` logarithm of how many entities each stands for; None is one each."""

    def place(self, entities: Tensor) -> Tensor:
        """Return the rows of entities that are among them."""
        return entities if self.ids is None else torch.searchsorted(self.ids, entities)


class AllStep(Step):
    """Compares each query with every entity, never holding more than a block of scores.

    Every fact is asked in both directions, so the penalty of its tail is that of the head of the
    reverse query, and is counted there.
    """

    def __init__(
        self, encoder: GraphEncoder, facts: Ids, config: EmbeddingConfig, team: Team
    ) -> None:
        super().__init__(encoder, config, team)
        whole = config.hide_known or config.count == "queries" or config.loss == "binary"
        self.queries = Queries.of(
            facts,
            num_relations=encoder.num_relations,
            most=None if whole else MOST_ANSWERS,
        ).to(self.device)
        self.num_items = len(self.queries)

    @cached_property
    def into(self) -> Tensor:
        """Hold the gradients of all entities, kept from step to step."""
        shape = (self.encoder.num_entities, self.encoder.entity_dim)
        return torch.zeros(shape, device=self.device)

    def __call__(self, batch: Tensor) -> tuple[float, float]:
        """Take one step on some queries."""
        batch = batch.to(self.device)
        counted = self.queries.answers_of(batch, by_query=self.config.count == "queries")
        whole = float(counted.weights.sum())
        mine, total = self.team.share(batch), 0.0
        candidates = self.read(batch)
        asked = self.queries.relation[mine]
        relations = self.read_relations(asked)
        for asks_heads, rows in self.directions(asked):
            total += self._direction(
                mine[rows], rows, candidates, relations, whole, asks_heads=asks_heads
            )
        self.push(candidates)
        self.move(relations)
        return self.team.add_number(total) * whole, whole

    def read(self, queries: Tensor) -> Candidates:
        """Return what the queries of a batch meet."""
        del queries
        return Candidates(None, self.entities.all(), self.into.zero_(), None)

    def push(self, candidates: Candidates) -> None:
        """Move the candidates by their gradients."""
        self.team.add(candidates.into)
        self.entities.push(candidates.into)

    def _direction(
        self,
        queries: Tensor,
        rows: Tensor,
        met: Candidates,
        relations: UsedRelations,
        whole: float,
        *,
        asks_heads: bool,
    ) -> float:
        config, scorer = self.config, self.encoder.scorer
        answers = self.queries.answers_of(queries, by_query=config.count == "queries")
        answers = answers._replace(columns=met.place(answers.columns))
        answers.weights.div_(whole)
        entity, place = met.place(self.queries.entity[queries]), relations.place[rows]
        known = met.vectors.index_select(0, entity).requires_grad_()
        asked = self.ask(known, relations.table, place, asks_heads=asks_heads)
        if config.loss == "binary":
            loss = partial(binary_loss, scale=1 / whole)
        else:
            loss = partial(softmax_loss, hide_known=config.hide_known, stands_for=met.stands_for)
        value, toward = against_all(
            self.comparison,
            asked.detach(),
            self.candidates(met.vectors, asks_heads=asks_heads),
            answers,
            loss=loss,
            into=self.candidates(met.into, asks_heads=asks_heads),
        )
        weights = answers.weights.new_zeros(len(queries))
        weights.index_add_(0, answers.rows, answers.weights)
        extra = self.penalty(known, 2 * weights, scorer.moduli)
        shared = weights.new_zeros(len(relations.table)).index_add_(0, place, weights)
        extra = extra + self.penalty(relations.table, shared, scorer.relation_moduli)
        if config.dura:
            extra = extra + self.duality(known, asked, weights)
        ((asked * toward).sum() + extra).backward()  # type: ignore[no-untyped-call]
        total = float(value) + float(extra.detach())
        if config.relation_weight or config.dura:
            way = place[answers.rows]
            for block in self.fact_blocks(len(way)):
                some = Answers(*(x[block] for x in answers))
                total += self._facts(some, way[block], known, met, relations, asks_heads=asks_heads)
        met.into.index_add_(0, entity, gradient_of(known))
        return total

    def _facts(
        self,
        answers: Answers,
        way: Tensor,
        known: Tensor,
        met: Candidates,
        relations: UsedRelations,
        *,
        asks_heads: bool,
    ) -> float:
        """Add what each fact by itself asks of its ends and its relation, and return it."""
        rows, columns, weights = answers
        ends = met.vectors.index_select(0, columns).requires_grad_()
        loss = ends.new_zeros(())
        if self.config.relation_weight:
            own = known.index_select(0, rows)
            h, t = (ends, own) if asks_heads else (own, ends)
            loss = loss + self.relation_loss(h, way, t, relations.table, weights)
        if self.config.dura:
            back = self.ask(ends, relations.table, way, asks_heads=not asks_heads)
            loss = loss + self.duality(ends, back, weights)
        loss.backward()  # type: ignore[no-untyped-call]
        met.into.index_add_(0, columns, gradient_of(ends))
        return float(loss.detach())


def gradient_of(leaf: Tensor) -> Tensor:
    """Return what autograd left on a tensor."""
    assert leaf.grad is not None
    return leaf.grad
