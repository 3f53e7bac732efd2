"""A graph to NetworkX's `MultiDiGraph`."""

from __future__ import annotations

from typing import Any

from lichen.base import check
from lichen.base.extras import need
from lichen.data.graph import Graph


def to_networkx(graph: Graph) -> Any:
    """Return a graph as a NetworkX `MultiDiGraph` of labels.

    Args:
        graph: what to convert.

    Returns:
        A `networkx.MultiDiGraph`. A node is an entity's label, with `id`, and `names`,
        `types` and `description` where there are some. An edge goes from head to tail under
        the relation's label as key, with `id` (the relation's), `row` (of `graph.triples`),
        and `splits` and `source` where there are some.

    Raises:
        ConfigError: it is no graph.
        MissingExtraError: networkx is not installed.

    >>> g = to_networkx(Graph.from_triples([("Vienna", "capital_of", "Austria")]))
    >>> list(g.edges(keys=True))
    [('Vienna', 'Austria', 'capital_of')]
    """
    check.kind(
        "to_networkx: graph", graph, Graph, fix="Give the graph, not what was trained on it."
    )
    found = need("networkx", extra="networkx", why="to_networkx").MultiDiGraph()
    for entity, label in enumerate(graph.entities):
        about = {
            "names": graph.names_of(entity)[1:],
            "types": graph.types_of(entity),
            "description": graph.descriptions.get(entity),
        }
        found.add_node(label, id=entity, **{k: v for k, v in about.items() if v})
    splits: dict[int, tuple[str, ...]] = {}
    for split, rows in graph.splits.items():
        for row in rows.tolist():
            splits[row] = (*splits.get(row, ()), split)
    for row, (h, r, t) in enumerate(graph.triples.tolist()):
        source = graph.source(row)
        about = {"splits": splits.get(row), "source": source and source.address}
        found.add_edge(
            graph.entities[h],
            graph.entities[t],
            key=graph.relations[r],
            id=r,
            row=row,
            **{k: v for k, v in about.items() if v},
        )
    return found
