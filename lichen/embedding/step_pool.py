"""A batch of queries to one step of the vectors, each query against a pool that all share."""

from __future__ import annotations

import torch
from torch import Tensor

from lichen.data.graph import Ids
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.negatives import Negatives
from lichen.embedding.step_all import AllStep, Candidates
from lichen.embedding.team import Team


class PoolStep(AllStep):
    """Compares each query with the entities and answers of its batch and with some drawn ones.

    A candidate weighs by one over its chance to be in the pool, and by one where it answers the
    query or is the entity that asks, so that the sum over the pool is, on average, the sum over
    all entities. Often used entities are nearly always there, and they are the hard ones, as is
    the entity that asks where the scorer is symmetric. Only rows in the pool are read and moved.

    References:
        Horvitz and Thompson, 1952, JASA 47(260) (weights of one over the chance).
    """

    def __init__(
        self, encoder: GraphEncoder, facts: Ids, config: EmbeddingConfig, team: Team
    ) -> None:
        super().__init__(encoder, facts, config, team)
        number = encoder.num_entities
        self.negatives = Negatives(
            facts, number, number=config.negatives, degree_power=config.degree_power
        )
        asking = self.queries.entity
        rows, answers, *_ = self.queries.answers_of(torch.arange(self.num_items).to(asking))
        others = answers[answers != asking[rows]]
        used = torch.bincount(torch.cat([asking, others]), minlength=number)
        share = (used / self.num_items).clamp(max=1 - 1e-6)
        self.log_missed = torch.log1p(-share).to(self.device)
        """`(entities,)` logarithm of the chance neither to ask nor to answer a query."""

    def read(self, queries: Tensor) -> Candidates:
        """Return the pool of some queries."""
        drawn = self.negatives.draw(self.draw).to(self.device)
        answers = self.queries.answers_of(queries).columns
        ids = torch.unique(torch.cat([drawn, answers, self.queries.entity[queries]]))
        missed = self.log_missed[ids] * len(queries)
        missed += self.negatives.log_missed[ids.cpu()].to(self.device)
        stands_for = -torch.log(-torch.expm1(missed))
        vectors = self.entities.rows(ids)
        return Candidates(ids, vectors, torch.zeros_like(vectors), stands_for)

    def push(self, candidates: Candidates) -> None:
        """Move the pool by its gradients."""
        assert candidates.ids is not None
        ids, gradient = self.team.join(candidates.ids, candidates.into)
        self.entities.push(gradient, ids)
