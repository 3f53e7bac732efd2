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
    """Compares each query with the answers of its batch and with some drawn entities.

    A candidate weighs by one over its chance to be in the pool, and by one where it answers the
    query, so that the sum over the pool is, on average, the sum over all entities. Often used
    entities are nearly always there, and they are the hard ones. Only rows in the pool are read
    and moved.

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
        answered = torch.bincount(self.queries.answers, minlength=number) / self.num_items
        self.log_missed = torch.log1p(-answered.clamp(max=1 - 1e-6)).to(self.device)
        """`(entities,)` logarithm of the chance not to answer a query of an epoch."""

    def read(self, queries: Tensor) -> Candidates:
        """Return the pool of a batch; its own entities only get their vectors there."""
        drawn = self.negatives.draw(self.draw).to(self.device)
        competing = torch.cat([drawn, self.queries.answers_of(queries).columns])
        ids = torch.unique(torch.cat([competing, self.queries.entity[queries]]))
        missed = self.log_missed[ids] * len(queries)
        missed += self.negatives.log_missed[ids.cpu()].to(self.device)
        rows = torch.searchsorted(ids, competing)
        stands_for = torch.full_like(missed, -torch.inf)
        stands_for[rows] = -torch.log(-torch.expm1(missed[rows]))
        vectors = self.entities.rows(ids)
        return Candidates(ids, vectors, torch.zeros_like(vectors), stands_for)

    def push(self, candidates: Candidates) -> None:
        """Move the pool by its gradients."""
        assert candidates.ids is not None
        ids, gradient = self.team.join(candidates.ids, candidates.into)
        self.entities.push(gradient, ids)
