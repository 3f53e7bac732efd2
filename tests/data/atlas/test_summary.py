from pathlib import Path

import pytest

from lichen.data.atlas import load_graph
from lichen.data.atlas.summary import attribute_counts, relation_counts, summary, type_counts
from lichen.data.graph import Graph

DOCS = Path(__file__).parents[3] / "docs" / "atlas.md"


def test_counts_add_up():
    graph = load_graph()
    assert sum(relation_counts(graph).values()) == graph.num_facts
    assert sum(attribute_counts(graph).values()) == len(graph.literals)
    assert type_counts(graph)["country"] > 190


def test_a_small_graph():
    graph = Graph.from_triples([("a", "r", "b"), ("a", "s", "b"), ("b", "s", "a")])
    assert relation_counts(graph) == {"s": 2, "r": 1}
    assert summary(graph).startswith("3 facts, 2 relations, 2 entities")


def test_the_page_shows_these_counts():
    if not DOCS.exists():
        pytest.skip("no docs beside this package")
    assert summary(load_graph()) in DOCS.read_text(encoding="utf-8")
