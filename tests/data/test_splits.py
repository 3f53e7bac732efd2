from lichen.data.graph import Graph
from lichen.data.splits import unseen


def test_unseen_entities_and_relations_of_each_split():
    graph = Graph.from_triples(
        [("a", "r", "b")],
        splits={
            "facts": [("a", "r", "known")],
            "valid": [("a", "r", "known"), ("b", "r", "a")],
            "test": [("a", "new", "b"), ("x", "r", "b"), ("x", "r", "y"), ("b", "r", "known")],
        },
    )
    (report,) = unseen(graph)
    assert report.split == "test"
    assert [graph.entities[e] for e in report.entities] == ["x", "y"]
    assert [graph.relations[r] for r in report.relations] == ["new"]
    assert (report.num_facts, report.share) == (3, 0.75)


def test_nothing_to_report():
    assert unseen(Graph.from_triples([("a", "r", "b")])) == ()
    graph = Graph.from_triples([("a", "r", "b")], splits={"test": [("b", "r", "a")], "valid": []})
    assert unseen(graph) == ()
