"""A graph to PyTorch Geometric's `Data` or `HeteroData`."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from lichen.base import check
from lichen.base.extras import need
from lichen.data.graph import Graph, Ids

UNTYPED = "entity"
"""Node type of an entity without one."""


def to_pyg(graph: Graph) -> Any:
    """Return a graph as PyG's `Data`, its ids kept.

    Args:
        graph: what to convert.

    Returns:
        A `torch_geometric.data.Data` with `edge_index` `(2, facts)` of head and tail ids,
        `edge_type` `(facts,)` of relation ids, `num_nodes`, and for each split a boolean
        `train_mask` and so on, `(facts,)`, True for its facts.

    Raises:
        ConfigError: it is no graph.
        MissingExtraError: torch_geometric is not installed.
    """
    check.kind("to_pyg: graph", graph, Graph, fix="Give the graph, not what was trained on it.")
    data = need("torch_geometric.data", extra="pyg", why="to_pyg")
    h, r, t = graph.triples.T
    masks = {f"{split}_mask": _mask(graph, rows) for split, rows in graph.splits.items()}
    return data.Data(
        edge_index=torch.from_numpy(np.stack([h, t])),
        edge_type=torch.from_numpy(r.copy()),
        num_nodes=graph.num_entities,
        **masks,
    )


def to_pyg_hetero(graph: Graph) -> Any:
    """Return a graph as PyG's `HeteroData`: entities by their first type, facts by relation.

    Args:
        graph: what to convert.

    Returns:
        A `torch_geometric.data.HeteroData`. Each node type, such as "city", has `num_nodes` and
        `entity` `(nodes,)`, the graph's ids; each ("city", "capital_of", "country") has
        `edge_index` `(2, facts)` of places among the nodes of its two types, and `row`
        `(facts,)`, the rows of `graph.triples`. An entity without a type is an "entity".

    Raises:
        ConfigError: it is no graph.
        MissingExtraError: torch_geometric is not installed.
    """
    check.kind(
        "to_pyg_hetero: graph", graph, Graph, fix="Give the graph, not what was trained on it."
    )
    data = need("torch_geometric.data", extra="pyg", why="to_pyg_hetero")
    found = data.HeteroData()
    kinds: dict[str, int] = {}
    kind_of = np.empty(graph.num_entities, dtype=np.int64)
    for entity in range(graph.num_entities):
        first = (*graph.types_of(entity), UNTYPED)[0]
        kind_of[entity] = kinds.setdefault(first, len(kinds))
    place = np.empty(graph.num_entities, dtype=np.int64)
    names = tuple(kinds)
    for kind, name in enumerate(names):
        entities = np.flatnonzero(kind_of == kind)
        place[entities] = np.arange(len(entities))
        found[name].num_nodes = len(entities)
        found[name].entity = torch.from_numpy(entities)
    h, r, t = graph.triples.T
    triads, which = np.unique(
        np.stack([kind_of[h], r, kind_of[t]], axis=1), axis=0, return_inverse=True
    )
    for triad, (head, relation, tail) in enumerate(triads.tolist()):
        rows = np.flatnonzero(which.ravel() == triad)
        edges = found[names[head], graph.relations[relation], names[tail]]
        edges.edge_index = torch.from_numpy(np.stack([place[h[rows]], place[t[rows]]]))
        edges.row = torch.from_numpy(rows)
    return found


def _mask(graph: Graph, rows: Ids) -> torch.Tensor:
    mask = torch.zeros(graph.num_facts, dtype=torch.bool)
    mask[torch.from_numpy(rows.copy())] = True
    return mask
