import numpy as np
import pytest

from lichen.base.errors import ConfigError, DataError
from lichen.data.corpus import Corpus, Document, LabelledSpan, Span
from lichen.data.graph import Graph
from lichen.data.splits import divide, odd_facts, unseen, unseen_labels


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


def test_odd_facts_are_counted_by_the_training_split_alone():
    graph = Graph.from_triples(
        [("a", "r", "b")],
        splits={
            "facts": [("a", "r", "known")],
            "test": [("a", "new", "b"), ("x", "new", "x"), ("b", "r", "known"), ("b", "r", "a")],
        },
    )
    found = odd_facts(graph, graph.split("test"))
    assert found == (2, 2, 1)
    assert str(found) == ", 2 with an unseen entity, 2 with an unseen relation, 1 self-loops,"
    assert odd_facts(graph, graph.split("train")) == (0, 0, 0)
    assert str(odd_facts(graph, graph.split("train"))) == ""
    unsplit = Graph.from_triples([("a", "r", "a")])
    assert odd_facts(unsplit, unsplit.triples) == (0, 0, 1)


def test_nothing_to_report():
    assert unseen(Graph.from_triples([("a", "r", "b")])) == ()
    graph = Graph.from_triples([("a", "r", "b")], splits={"test": [("b", "r", "a")], "valid": []})
    assert unseen(graph) == ()


def test_division_keeps_every_fact_once_and_shows_training_everything():
    draw = np.random.default_rng(0)
    facts = {(f"e{a}", f"r{r}", f"e{b}") for a, r, b in draw.integers(0, [60, 5, 60], (400, 3))}
    graph = Graph.from_triples(sorted(facts))
    split = divide(graph, valid=0.1, test=0.2, seed=1)
    rows = np.concatenate(list(split.splits.values()))
    assert sorted(rows.tolist()) == list(range(graph.num_facts))
    assert len(split.splits["valid"]) == round(0.1 * graph.num_facts)
    assert len(split.splits["test"]) == round(0.2 * graph.num_facts)
    assert unseen(split) == ()
    again, other = divide(graph, seed=1), divide(graph, seed=2)
    assert again.splits["test"].tolist() == divide(graph, seed=1).splits["test"].tolist()
    assert again.splits["test"].tolist() != other.splits["test"].tolist()


def test_a_tree_has_nothing_to_spare_and_splits_are_not_divided_again():
    tree = Graph.from_triples([("root", "has", f"leaf {i}") for i in range(9)])
    split = divide(tree, valid=0.2, test=0.2)
    assert {k: len(x) for k, x in split.splits.items()} == {"train": 9, "valid": 0, "test": 0}
    with pytest.raises(DataError, match="must have no splits to be divided; it has train, valid"):
        divide(split)
    with pytest.raises(ConfigError, match=r"valid \+ test"):
        divide(tree, valid=0.5, test=0.5)


def test_labels_that_training_lacks_are_counted_in_each_split():
    def doc(split, label, *spans):
        found = tuple(LabelledSpan(Span(i, i + 1), x) for i, x in enumerate(spans))
        return Document(id="d", text="some text", label=label, split=split, spans=found)

    corpus = Corpus(
        (
            *(doc("train", "a", "city"), doc("train", "b"), doc(None, "z", "z")),
            *(doc("valid", "c", "city"), doc("valid", None), doc("test", "a", "land", "land")),
            *(doc("test", "d"), doc("test", "d", "land"), doc("test", "c")),
        )
    )
    said = [(x.split, x.documents) for x in unseen_labels(corpus)]
    assert said == [("test", {"c": 1, "d": 2}), ("valid", {"c": 1})]
    assert [(x.split, x.documents) for x in unseen_labels(corpus, of_spans=True)] == [
        ("test", {"land": 2})
    ]
    assert unseen_labels(Corpus(tuple(d for d in corpus if d.split != "train"))) == ()
