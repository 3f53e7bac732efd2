"""A scored answer to the paths that speak most for it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from lichen.base import check
from lichen.embedding.path.messages import Links
from lichen.embedding.path.model import PathModel
from lichen.embedding.path.plan import Plan, Visit, plan_visits


class Step(NamedTuple):
    """One fact of a path, in the direction in which it was stated."""

    h: int
    r: int
    t: int


class StrongPath(NamedTuple):
    """A path from the question's entity to an answer."""

    steps: tuple[Step, ...]
    """The facts, in the order in which the path goes along them."""
    weight: float
    """How much the score would rise, to first order, were its messages stronger by their own
    size; below 0 it speaks against."""


def strongest_paths(
    model: PathModel, entity: int, relation: int, answer: int, *, limit: int = 3
) -> list[StrongPath]:
    """Return the paths that weigh most in the score of an answer to (entity, relation, ?).

    The score's derivative by each message along each edge, at each layer, is summed along
    paths, and the heaviest are found layer by layer.

    Args:
        model: the trained model, on the graph in question.
        entity: id of the question's entity.
        relation: directed relation id; r + num_relations asks for the heads of r.
        answer: id of the answer.
        limit: how many paths.

    Returns:
        At most that many, the heaviest first; empty when no path is short enough. Relations are
        numbered as in the model's graph.

    Raises:
        ConfigError: `limit` is below 1.

    References:
        Zhu et al., 2021, arXiv:2106.06935 (path interpretations). Differs: derivatives are by the
        messages that the question changed.
    """
    check.whole("limit", limit, 1, 1000)
    network, edges = model.network, model.edges
    plan = plan_visits(
        edges,
        np.array([entity]),
        np.array([[answer]]),
        num_layers=network.num_layers,
        num_relations=2 * len(model.known_relations),
    ).to(model.device)
    watched = [_Watched(visit.links) for visit in plan.visits]
    visits = [v._replace(links=w) for v, w in zip(plan.visits, watched, strict=True)]  # type: ignore[arg-type] # it answers `sums`, all that the network asks of it
    asked = torch.from_numpy(model.view.relation_of[[relation]]).to(model.device)
    met = torch.tensor([[answer]]).to(model.device)
    score = network(model.ground(edges), plan._replace(visits=visits), asked, met)
    weights = [x.weights(g) for x, g in zip(watched, _gradients(score, watched), strict=True)]
    row = int(plan.candidates[0, 0])
    if not len(plan.asked) or row == len(plan.visits[-1].nodes):
        return []
    found = _heaviest(entity, plan, weights, limit=limit)[row][:limit]
    back = {int(known): r for r, known in enumerate(model.view.relation_of.tolist())}
    count = len(model.known_relations)
    paths = []
    for steps, weight in found:
        facts = (
            Step(u, back[r], v) if r < count else Step(v, back[r - count], u) for u, r, v in steps
        )
        paths.append(StrongPath(tuple(facts), weight))
    return paths


class _Watched:
    """Links that remember what went along them."""

    def __init__(self, links: Links) -> None:
        self.links = links

    def sums(self, states: Tensor, relations: Tensor) -> Tensor:
        self.states, self.relations = states.detach(), relations.detach()
        self.received = self.links.sums(states, relations)
        return self.received

    def weights(self, gradient: Tensor) -> Tensor:
        """Return `(edges,)`: each message times the score's derivative by it."""
        run = self.links.by_target
        target = torch.from_numpy(np.repeat(np.arange(len(gradient)), np.diff(run.offsets)))
        message = self.states[run.left] * self.relations[run.right]
        return (message * gradient[target]).sum(1)


def _gradients(score: Tensor, watched: list[_Watched]) -> list[Tensor]:
    received = [x.received for x in watched]
    found = torch.autograd.grad(score.sum(), received, allow_unused=True)
    return [torch.zeros_like(r) if g is None else g for r, g in zip(received, found, strict=True)]


Way = tuple[tuple[int, int, int], ...]


def _heaviest(
    entity: int, plan: Plan, weights: list[Tensor], *, limit: int
) -> list[list[tuple[Way, float]]]:
    """Return, for each pair of the last visit, its heaviest ways of at least one edge or none."""
    before: list[list[tuple[Way, float]]] = [[((), 0.0)]]
    nodes = [entity]
    for visit, weight in zip(plan.visits, weights, strict=True):
        before = _onward(visit, weight, before, nodes, limit)
        nodes = visit.nodes.tolist()
    return [[way for way in ways if way[0]] for ways in before]


def _onward(
    visit: Visit,
    weight: Tensor,
    before: list[list[tuple[Way, float]]],
    nodes: list[int],
    limit: int,
) -> list[list[tuple[Way, float]]]:
    """Extend every way by one layer: along an edge, or by staying where it is."""
    run, here = visit.links.by_target, visit.nodes.tolist()
    now: list[dict[Way, float]] = [
        dict(before[row]) if row < len(before) else {} for row in visit.before.tolist()
    ]
    target = np.repeat(np.arange(len(here)), np.diff(run.offsets)).tolist()
    edges = zip(run.left.tolist(), run.right.tolist(), target, weight.tolist(), strict=True)
    for u, r, v, value in edges:
        for way, total in before[u]:
            longer = (*way, (nodes[u], r, here[v]))
            now[v][longer] = max(now[v].get(longer, -np.inf), total + value)
    return [sorted(ways.items(), key=lambda way: -way[1])[: limit + 1] for ways in now]
