"""What a question knows of each entity, carried along the edges layer by layer, to scores.

The question (entity, relation, ?) puts a vector of its relation on its entity. Each layer sends
every state along every edge, times a vector of the edge's relation, and each entity makes its
next state from the mean and the spread of what it receives. An entity that no path reaches from
the question's entity ends as it would without any question; those states, the ground, are
computed once for all questions, and a question only computes how it departs from them.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from lichen.embedding.path.messages import Links
from lichen.embedding.path.plan import Plan

_TINY = 1e-6  # keeps the gradient of a square root finite at 0
_LEAST_SCALE = 1e-2  # an entity without edges has no logarithm to divide by


class Ground(NamedTuple):
    """A graph without any question."""

    degree: Tensor
    """`(entities, 1)` edges that reach each, and one for the question."""
    scale: Tensor
    """`(entities, 1)` logarithm of that, over its mean."""
    states: list[Tensor]
    """`(entities, dim)` before each layer and after the last."""
    received: list[Tensor]
    """`(entities, 2 * dim)` sums of messages and of their squares, at each layer."""


class PathNetwork(nn.Module):
    """The weights, all of which belong to relations or to all entities alike.

    Args:
        num_relations: directed relations, both ways counted.
        dim: width of a state.
        num_layers: longest path.
        seed: of the random start.
    """

    def __init__(self, num_relations: int, *, dim: int, num_layers: int, seed: int) -> None:
        super().__init__()
        draw = torch.Generator().manual_seed(seed)

        def uniform(*shape: int, fan: int) -> nn.Parameter:
            return nn.Parameter((torch.rand(shape, generator=draw) * 2 - 1) * fan**-0.5)

        self.dim, self.num_layers = dim, num_layers
        self.questions = nn.Parameter(torch.randn((num_relations, dim), generator=draw))
        shape = (num_layers, num_relations, dim)
        self.relations = nn.Parameter(torch.randn(shape, generator=draw))
        self.keep = uniform(num_layers, dim, dim, fan=7 * dim)
        self.hear = uniform(num_layers, 2 * dim, 3 * dim, fan=7 * dim)
        self.bias = nn.Parameter(torch.zeros(num_layers, dim))
        self.norm = nn.Parameter(torch.ones(num_layers, dim))
        self.norm_bias = nn.Parameter(torch.zeros(num_layers, dim))
        self.judge = nn.Sequential(nn.Linear(2 * dim, 2 * dim), nn.ReLU(), nn.Linear(2 * dim, 1))
        with torch.no_grad():
            for weight in self.judge.parameters():
                weight.copy_(uniform(*weight.shape, fan=2 * dim))

    def ground(self, links: Links, degree: Tensor) -> Ground:
        """Return the states of a graph without any question.

        Args:
            links: all its edges.
            degree: `(entities,)` edges that reach each.
        """
        count = degree[:, None] + 1
        scale = count.log()
        scale = scale / scale.mean().clamp_min(_LEAST_SCALE)
        states, received = [degree.new_zeros(len(degree), self.dim)], []
        for t in range(self.num_layers):
            received.append(links.sums(_with_squares(states[t]), _with_squares(self.relations[t])))
            states.append(self._layer(t, states[t], received[t], count, scale))
        return Ground(count, scale, states, received)

    def forward(self, ground: Ground, plan: Plan, relation: Tensor, candidates: Tensor) -> Tensor:
        """Return scores, higher = more plausible.

        Args:
            ground: the graph's.
            plan: for the questions' entities and the candidates.
            relation: `(batch,)` directed relation of each question.
            candidates: `(batch, candidates)` entities to score.

        Returns:
            `(batch, candidates)`
        """
        questions = self.questions[relation]
        told = _with_squares(questions)
        departed = told.index_select(0, plan.asked)
        for t, visit in enumerate(plan.visits):
            nodes = visit.nodes
            plain = ground.states[t].index_select(0, nodes)
            changed = torch.cat([departed[:, : self.dim], departed.new_zeros(1, self.dim)])
            state = plain + changed.index_select(0, visit.before)
            received = ground.received[t].index_select(0, nodes)
            received = received + visit.links.sums(departed, _with_squares(self.relations[t]))
            received = received.index_add(0, visit.starts, told.index_select(0, visit.asked))
            degree, scale = ground.degree[nodes], ground.scale[nodes]
            new = self._layer(t, state, received, degree, scale)
            departed = _with_squares(new) - _with_squares(ground.states[t + 1][nodes])
        changed = torch.cat([departed[:, : self.dim], departed.new_zeros(1, self.dim)])
        final = ground.states[-1][candidates] + changed[plan.candidates]
        asked = questions[:, None].expand(-1, candidates.shape[1], -1)
        scores: Tensor = self.judge(torch.cat([final, asked], dim=-1)).squeeze(-1)
        return scores

    def _layer(
        self, t: int, states: Tensor, received: Tensor, degree: Tensor, scale: Tensor
    ) -> Tensor:
        mean, squares = (received / degree).chunk(2, dim=1)
        spread = torch.addcmul(squares, mean, mean, value=-1).clamp_min(_TINY).sqrt()
        heard = torch.addmm(mean @ self.hear[t, : self.dim], spread, self.hear[t, self.dim :])
        plain, more, less = heard.chunk(3, dim=1)
        new = torch.addmm(self.bias[t], states, self.keep[t]) + plain
        new = torch.addcmul(new, more, scale)
        new = torch.addcmul(new, less, 1 / scale.clamp_min(_LEAST_SCALE))
        normed = nn.functional.layer_norm(new, (self.dim,), self.norm[t], self.norm_bias[t])
        return states + normed.relu()


def _with_squares(states: Tensor) -> Tensor:
    return torch.cat([states, states * states], dim=1)
