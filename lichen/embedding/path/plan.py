"""Questions and candidate answers to the few (question, entity) pairs that a layer must visit.

A layer changes what a question knows of an entity only where a path from the question's entity
arrives, and the change matters only where a path goes on to a candidate. With `gone` the steps
from the question's entity and `to_go` those to the nearest candidate, layer t of T visits the
pairs with gone <= t and to_go <= T - t: on sparse graphs a few hundred of many thousand.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lichen.data.graph import Ids
from lichen.embedding.edges import Edges
from lichen.embedding.path.messages import Links

FAR = 100
"""Steps to a pair that is not reached."""

Steps = NDArray[np.int8]


class Visit(NamedTuple):
    """What one layer does: from the pairs of the layer before to its own."""

    links: Links
    """The messages, from rows of the layer before to rows of this one."""
    nodes: Tensor
    """`(pairs,)` entity of each pair."""
    before: Tensor
    """`(pairs,)` its row in the layer before, or the number of those rows when it is new."""
    asked: Tensor
    """`(starts,)` the questions whose own entity is among the pairs."""
    starts: Tensor
    """`(starts,)` row of that entity."""

    def to(self, device: torch.device) -> Visit:
        """Return the same on another device."""
        links, *places = self
        return Visit(links.to(device), *(x.to(device) for x in places))


class Plan(NamedTuple):
    """The visits of all layers, and where the candidates ended up."""

    asked: Tensor
    """`(starts,)` the questions that reach a candidate at all: the rows before the first layer."""
    visits: list[Visit]
    candidates: Tensor
    """`(batch, candidates)` row in the last visit, or the number of its pairs when unreached."""

    def to(self, device: torch.device) -> Plan:
        """Return the same on another device."""
        visits = [visit.to(device) for visit in self.visits]
        return Plan(self.asked.to(device), visits, self.candidates.to(device))


def plan_visits(
    edges: Edges, entity: Ids, candidates: Ids | None, *, num_layers: int, num_relations: int
) -> Plan:
    """Return what each layer must visit.

    Args:
        edges: the graph.
        entity: `(batch,)` where the paths start.
        candidates: `(batch, candidates)` entities to be scored; None is all of them.
        num_layers: longest path.
        num_relations: directed relations, both ways counted.

    Returns:
        The plan; it holds for any weights.
    """
    width = edges.num_entities
    own = np.arange(len(entity)) * width + entity
    ends = None
    if candidates is not None:
        ends = np.arange(len(entity))[:, None] * width + candidates
    gone, to_go = _distances(edges, own, ends, size=len(entity) * width, most=num_layers)
    ways = _ways(edges, gone, to_go, most=num_layers)
    is_before = ways.gone == 0
    asked = ways.pairs[is_before] // width
    visits = []
    for t in range(1, num_layers + 1):
        is_here = (ways.gone <= t) & (ways.to_go <= num_layers - t)
        before, now = _numbers(is_before), _numbers(is_here)
        chosen = np.flatnonzero((ways.since <= t) & (t <= ways.until))
        links = Links.of(
            before[ways.source[chosen]],
            now[ways.target[chosen]],
            edges.relation[ways.edge[chosen]],
            num_sources=int(is_before.sum()),
            num_targets=int(is_here.sum()),
            num_relations=num_relations,
        )
        here = ways.pairs[is_here]
        starts = np.flatnonzero(ways.gone[is_here] == 0)
        found = (here % width, before[is_here], here[starts] // width, starts)
        visits.append(Visit(links, *map(torch.from_numpy, found)))
        is_before = is_here
    last = np.append(_numbers(is_before), is_before.sum())  # place -1 reads the entry after all
    wanted = ways.place.reshape(len(entity), width) if ends is None else ways.place[ends]
    return Plan(torch.from_numpy(asked), visits, torch.from_numpy(last[wanted]))


class _Ways(NamedTuple):
    """The pairs on some way to a candidate, and the edges between them."""

    pairs: Ids
    """`(pairs,)` question * entities + entity, ascending."""
    place: Ids
    """`(questions * entities,)` number of each pair, or -1."""
    gone: Steps
    to_go: Steps
    source: Ids
    """`(ways,)` number of a pair, ascending."""
    target: Ids
    """`(ways,)` number of the pair that the edge leads to."""
    edge: Ids
    since: Steps
    """`(ways,)` first layer that uses the edge."""
    until: Steps
    """`(ways,)` last layer that uses it."""


def _ways(edges: Edges, gone: Steps, to_go: Steps, *, most: int) -> _Ways:
    width = edges.num_entities
    pairs = np.flatnonzero(gone.astype(np.int16) + to_go <= most)
    place = np.full(gone.size, -1, dtype=np.int64)
    place[pairs] = np.arange(len(pairs))
    gone, to_go = gone[pairs], to_go[pairs]
    source, edge = edges.leaving(pairs % width)
    target = place[(pairs - pairs % width)[source] + edges.target[edge]]
    since, until = gone[source] + 1, most - to_go[target]
    used = (target >= 0) & (since <= until)
    return _Ways(
        pairs,
        place,
        gone,
        to_go,
        source[used],
        target[used],
        edge[used],
        since[used],
        until[used],
    )


def _numbers(is_here: NDArray[np.bool_]) -> Ids:
    """Number the pairs that are here, and give all others the number after the last."""
    found = np.cumsum(is_here, dtype=np.int64)
    total = found[-1] if len(found) else 0
    return np.where(is_here, found - 1, total)


def _distances(
    edges: Edges, own: Ids, ends: Ids | None, *, size: int, most: int
) -> tuple[Steps, Steps]:
    """Count each pair's steps from the question's entity, and on to the nearest candidate.

    Both are right wherever their sum is at most `most`; elsewhere they may be `FAR`.
    """
    if ends is None:
        to_go = np.zeros(size, dtype=np.int8)
        return _steps(edges, own, size, most=most, others=to_go), to_go
    half = most // 2
    near = _steps(edges, ends.ravel(), size, most=half, others=None)
    near[near == FAR] = half + 1
    gone = _steps(edges, own, size, most=most, others=near)
    return gone, _steps(edges, ends.ravel(), size, most=most, others=gone)


def _steps(edges: Edges, start: Ids, size: int, *, most: int, others: Steps | None) -> Steps:
    """Count the steps from some pairs, as far as `most` and while steps + others <= most."""
    width = edges.num_entities
    found = np.full(size, FAR, dtype=np.int8)
    last = np.empty(size, dtype=np.int64)
    frontier = np.unique(start)
    if others is not None:
        frontier = frontier[others[frontier] <= most]
    found[frontier] = 0
    for step in range(1, most + 1):
        node = frontier % width
        rows, edge = edges.leaving(node)
        reached = (frontier - node)[rows] + edges.target[edge]
        is_new = found[reached] > step
        if others is not None:
            is_new &= others[reached] <= most - step
        reached = reached[is_new]
        found[reached] = step
        order = np.arange(len(reached))
        last[reached] = order
        frontier = reached[last[reached] == order]  # of equal pairs the one that wrote last
    return found
