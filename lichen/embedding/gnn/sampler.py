"""Entities to the part of the graph that decides their vectors: whole, or sampled hop by hop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lichen.base import check
from lichen.data.graph import Ids
from lichen.embedding.edges import Edges


class Neighbourhood(NamedTuple):
    """Entities and edges around some seeds; numbers are places in `nodes`, nearest hop first."""

    nodes: Ids
    """`(nodes,)` entity ids: the seeds in the order given, then each hop's new ones."""
    source: Ids
    """`(edges,)` where each edge starts."""
    target: Ids
    """`(edges,)` where it ends; ascending."""
    relation: Ids
    """`(edges,)` directed relation by which the source reaches the target."""
    share: NDArray[np.float32]
    """`(edges,)` how many edges of its target each stands for; 1 when all are read."""
    of_mean: NDArray[np.float32]
    """`(edges,)` by what the mean over the edges of its target and relation is to be multiplied,
    so that it is on average the one over all of them; 1 when all are read."""
    num_nodes: tuple[int, ...]
    """Nodes within 0, 1, ... hops."""
    num_edges: tuple[int, ...]
    """Edges into the nodes within 0, 1, ... hops; one entry fewer."""


def neighbourhood(
    edges: Edges,
    seeds: Ids,
    *,
    num_relations: int,
    fan_out: Sequence[int | None],
    draw: np.random.Generator,
) -> Neighbourhood:
    """Return what that many layers read to compute the seeds' vectors.

    Args:
        edges: the whole graph.
        seeds: `(seeds,)` distinct entity ids.
        num_relations: relations, reverse directions not included.
        fan_out: for each hop, how many edges into a node are drawn, without replacement; None
            takes all of them.
        draw: the random stream; untouched where nothing is left out.

    Returns:
        The neighbourhood; with all `fan_out` None it holds every edge within the hops.

    Raises:
        ConfigError: a fan-out is below 1.
    """
    place = np.full(edges.num_entities, -1, dtype=np.int64)
    place[seeds] = np.arange(len(seeds))
    parts = [seeds]
    num_nodes, num_edges = [len(seeds)], []
    rows_of, found, shares, of_means, start = [], [], [], [], 0
    for most in fan_out:
        frontier = parts[-1]
        rows, edge = edges.leaving(frontier)
        share = of_mean = np.ones(len(rows), dtype=np.float32)
        if most is not None:
            check.whole("fan_out", most, 1, 1_000_000)
            kept, share = _drawn(rows, most, draw)
            kinds = rows * 2 * num_relations + edges.relation[edge]
            of_mean, rows, edge = share * _share_of_kind(kinds, kept), rows[kept], edge[kept]
        reached = np.unique(edges.target[edge])
        fresh = reached[place[reached] < 0]
        place[fresh] = num_nodes[-1] + np.arange(len(fresh))
        rows_of.append(rows + start)
        found.append(edge)
        shares.append(share)
        of_means.append(of_mean)
        start = num_nodes[-1]
        parts.append(fresh)
        num_nodes.append(start + len(fresh))
        num_edges.append(sum(map(len, found)))
    chosen = _joined(found)
    return Neighbourhood(
        nodes=np.concatenate(parts),
        source=place[edges.target[chosen]],
        target=_joined(rows_of),
        relation=(edges.relation[chosen] + num_relations) % (2 * num_relations),
        share=np.concatenate([*shares, np.empty(0, dtype=np.float32)]),
        of_mean=np.concatenate([*of_means, np.empty(0, dtype=np.float32)]),
        num_nodes=tuple(num_nodes),
        num_edges=tuple(num_edges),
    )


def _share_of_kind(kinds: Ids, kept: Ids) -> NDArray[np.float32]:
    """Return of each edge that is kept how large a share of its kind is kept."""
    _, place, counts = np.unique(kinds, return_inverse=True, return_counts=True)
    there = np.bincount(place[kept], minlength=len(counts))
    return (there / counts).astype(np.float32)[place[kept]]


def _drawn(rows: Ids, most: int, draw: np.random.Generator) -> tuple[Ids, NDArray[np.float32]]:
    """Return the places of at most `most` random edges of each row, and what each stands for."""
    counts = np.bincount(rows)
    kept = np.arange(len(rows))
    if len(rows) and counts.max() > most:
        order = np.lexsort((draw.random(len(rows)), rows))
        within = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        kept = np.sort(order[within < most])
    share = counts / np.maximum(1, np.minimum(counts, most))
    return kept, share.astype(np.float32)[rows[kept]]


def _joined(parts: list[Ids]) -> Ids:
    return np.concatenate([*parts, np.empty(0, dtype=np.int64)])
