"""What the splits of a graph hold that its training facts never showed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lichen.data.graph import Graph


@dataclass(frozen=True, kw_only=True)
class Unseen:
    """Entities and relations of one split that no training fact mentions."""

    split: str
    entities: tuple[int, ...]
    """Entity ids, ascending."""
    relations: tuple[int, ...]
    """Relation ids, ascending."""
    num_facts: int
    """Facts of the split with such an entity or relation."""
    share: float
    """The part of the split's facts that these are, 0 to 1."""


def unseen(graph: Graph) -> tuple[Unseen, ...]:
    """Report what each split other than training holds that training lacks.

    An embedding has nothing to say of an entity it never saw; such facts stay in the graph and
    are counted here, so that a poor score has its reason. Background facts (the split "facts")
    count as seen.

    Args:
        graph: a graph with splits; without, there is nothing to report.

    Returns:
        One entry for each split that has something unseen, in the graph's order.

    >>> from lichen.data.graph import Graph
    >>> g = Graph.from_triples([("a", "r", "b")], splits={"test": [("a", "r", "c")]})
    >>> [(u.split, [g.entities[e] for e in u.entities], u.num_facts) for u in unseen(g)]
    [('test', ['c'], 1)]
    """
    shown = [graph.triples[graph.splits[s]] for s in ("train", "facts") if s in graph.splits]
    if not shown:
        return ()
    seen = np.concatenate(shown)
    seen_entities, seen_relations = np.unique(seen[:, [0, 2]]), np.unique(seen[:, 1])
    found = []
    for split, rows in graph.splits.items():
        if split in ("train", "facts"):
            continue
        facts = graph.triples[rows]
        entities = np.setdiff1d(facts[:, [0, 2]], seen_entities)
        relations = np.setdiff1d(facts[:, 1], seen_relations)
        is_new = np.isin(facts[:, [0, 2]], entities).any(axis=1) | np.isin(facts[:, 1], relations)
        if is_new.any():
            found.append(
                Unseen(
                    split=split,
                    entities=tuple(entities.tolist()),
                    relations=tuple(relations.tolist()),
                    num_facts=int(is_new.sum()),
                    share=float(is_new.mean()),
                )
            )
    return tuple(found)
