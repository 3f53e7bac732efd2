"""What is in a graph: counts by relation, type and attribute, as Markdown tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from lichen.data.graph import Graph

SHOWN = 10
"""An attribute of fewer entities than this is counted among the rest."""


def relation_counts(graph: Graph) -> dict[str, int]:
    """Return the facts of each relation, the most frequent first."""
    return _ordered(Counter(graph.relations[r] for r in graph.triples[:, 1].tolist()))


def type_counts(graph: Graph) -> dict[str, int]:
    """Return the entities of each type; an entity of two types counts for both."""
    return _ordered(Counter(type_ for types in graph.types.values() for type_ in types))


def attribute_counts(graph: Graph) -> dict[str, int]:
    """Return the entities that have each attribute.

    Attributes about a pair, such as "border_with Germany", are counted by their first word.
    """
    return _ordered(Counter(literal.attribute.split(" ")[0] for literal in graph.literals))


def _ordered(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _table(name: str, counts: Mapping[str, int]) -> str:
    rows = [f"| {key} | {count:,} |" for key, count in counts.items()]
    return "\n".join([f"| {name} | count |", "|---|---:|", *rows])


def summary(graph: Graph) -> str:
    """Return the sizes and the three tables of counts as Markdown."""
    attributes = attribute_counts(graph)
    shown = {key: count for key, count in attributes.items() if count >= SHOWN}
    sizes = (
        f"{graph.num_facts:,} facts, {graph.num_relations} relations, "
        f"{graph.num_entities:,} entities, {len(graph.names):,} further names, "
        f"{len(graph.literals):,} attribute values of {len(attributes)} attributes."
    )
    parts = [
        sizes,
        _table("relation", relation_counts(graph)),
        _table("type", type_counts(graph)),
        _table("attribute", shown),
    ]
    return "\n\n".join(parts)
