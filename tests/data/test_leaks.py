import numpy as np
import pytest

from lichen.data.builder import GraphBuilder
from lichen.data.corpus import Corpus, Document, Mention, Span
from lichen.data.graph import Graph
from lichen.data.leaks import answers_in_text, corpus_leaks, graph_leaks

TWICE = "test fact is a training fact"
TURNED = "test fact turned round is a training fact of a symmetric relation"
INVERSE = "test pair turned round is a training fact of an inverse relation"
SAME = "test pair is a training fact of a relation that is nearly the same"
NAME = "head and tail of a test fact share a name"


def found(graph, **options):
    return {f.what: f.count for f in graph_leaks(graph, **options)}


def test_clean_graph_has_no_findings():
    train = [(f"a{i}", "r", f"b{i}") for i in range(20)]
    graph = Graph.from_triples(train, splits={"test": [("a1", "r", "b2"), ("a3", "s", "b4")]})
    assert graph_leaks(graph) == ()
    assert graph_leaks(Graph.from_triples(train)) == ()


def test_fact_in_both_splits():
    graph = Graph.from_triples([("a", "r", "b")], splits={"test": [("a", "r", "b")]})
    (finding,) = graph_leaks(graph)
    assert (finding.what, finding.count, finding.total) == (TWICE, 1, 1)
    assert finding.examples == ("a | r | b",)
    assert str(finding) == "test fact is a training fact: 1 of 1; e.g. a | r | b"


def test_inverse_relation_across_splits():
    pairs = [(f"a{i}", f"b{i}") for i in range(10)]
    train = [(h, "parent", t) for h, t in pairs] + [(t, "child", h) for h, t in pairs[:9]]
    test = [(pairs[9][1], "child", pairs[9][0]), ("b1", "child", "a2")]
    assert found(Graph.from_triples(train, splits={"test": test})) == {INVERSE: 1}


def test_symmetric_relation_across_splits():
    pairs = [(f"a{i}", f"b{i}") for i in range(10)]
    train = [x for h, t in pairs for x in ((h, "near", t), (t, "near", h))]
    train += [("x", "near", "y")]
    graph = Graph.from_triples(train, splits={"test": [("y", "near", "x"), ("x", "near", "a1")]})
    assert found(graph) == {TURNED: 1}


def test_nearly_equal_relations_across_splits():
    pairs = [(f"a{i}", f"b{i}") for i in range(10)]
    train = [(h, "in", t) for h, t in pairs] + [(h, "located_in", t) for h, t in pairs[:8]]
    graph = Graph.from_triples(train, splits={"test": [("a9", "located_in", "b9")]})
    assert found(graph) == {SAME: 1}


def test_few_common_pairs_are_chance():
    train = [("a", "r", "b"), ("b", "s", "a"), ("c", "r", "d")]
    graph = Graph.from_triples(train, splits={"test": [("d", "s", "c")]})
    assert graph_leaks(graph) == ()


def test_shared_name():
    builder = GraphBuilder()
    builder.add_fact("Luxembourg", "capital", "Luxembourg (city)", split="test")
    builder.add_fact("x", "capital", "x", split="test")
    builder.add_fact("a", "capital", "b", split="train")
    builder.add_name("Luxembourg (city)", "luxembourg")
    assert found(builder.build()) == {NAME: 1}


def test_background_counts_as_shown_and_splits_can_be_named():
    builder = GraphBuilder()
    builder.add_fact("a", "r", "b", split=("facts", "valid"))
    graph = builder.build()
    assert graph_leaks(graph) == ()
    assert found(graph, test="valid") == {TWICE: 1}


def test_agrees_with_a_slow_count():
    rng = np.random.default_rng(0)
    builder = GraphBuilder()
    for _ in range(90):
        h, t = (f"e{x}" for x in rng.integers(0, 12, 2))
        kin = [(h, "r0", t), (t, "r1", h), (h, "r2", t), (h, "r3", t), (t, "r3", h)]
        for fact in kin:
            if rng.random() < 0.97:
                builder.add_fact(*fact, split="test" if rng.random() < 0.05 else "train")
    graph = builder.build()
    train = {tuple(x) for x in graph.split("train").tolist()}
    test = [tuple(x) for x in graph.split("test").tolist()]
    pairs = {r: {(h, t) for h, p, t in train if p == r} for r in range(4)}

    def near(r, s, *, is_turned):
        other = {(t, h) for h, t in pairs[s]} if is_turned else pairs[s]
        return len(pairs[r] & other) >= max(5, 0.8 * min(len(pairs[r]), len(other)))

    expected = {
        TWICE: sum(x in train for x in test),
        TURNED: sum((t, r, h) in train and near(r, r, is_turned=True) for h, r, t in test),
        INVERSE: sum(
            any(s != r and (t, s, h) in train and near(r, s, is_turned=True) for s in range(4))
            for h, r, t in test
        ),
        SAME: sum(
            any(s != r and (h, s, t) in train and near(r, s, is_turned=False) for s in range(4))
            for h, r, t in test
        ),
    }
    assert all(expected.values()), expected
    assert found(graph) == expected


def linked(id_, text, entities, split):
    mentions = tuple(Mention(Span(i, i + 1), e) for i, e in enumerate(entities))
    return Document(id=id_, text=text, split=split, mentions=mentions)


def test_text_and_pair_in_both_splits():
    corpus = Corpus(
        (
            linked("1", "Vienna is in Austria", (0, 1), "train"),
            linked("2", "vienna  IS in austria", (), "test"),
            linked("3", "In Wien, Österreich", (0, 1), "test"),
            linked("4", "Austria holds Vienna", (1, 0), "test"),
            linked("5", "Nothing", (None, 1), "test"),
        )
    )
    findings = {f.what: (f.count, f.total) for f in corpus_leaks(corpus)}
    assert findings == {
        "test text is a training text": (1, 4),
        "test document names a pair of entities, in order, as a training document does": (1, 4),
    }


def test_pair_that_the_graph_links():
    graph = Graph.from_triples([("Austria", "capital", "Vienna")], splits={"test": []})
    corpus = Corpus((linked("1", "Vienna ... Austria", (1, 0), "test"),))
    (finding,) = corpus_leaks(corpus, graph=graph)
    assert (finding.what, finding.count) == (
        "test document names a pair of entities that the graph links",
        1,
    )
    only_tested = Graph.from_triples([], splits={"test": [("Austria", "capital", "Vienna")]})
    assert corpus_leaks(corpus, graph=only_tested) == ()


@pytest.mark.parametrize(
    ("text", "names", "is_found"),
    [
        ("Is it vienna?", ["Wien", "Vienna"], True),
        ("the normalisation of", ["Mali"], False),
        ("奥地利的首都是维也纳吗", ["维也纳"], True),
        ("C++ or Java", ["C++"], True),
        ("nothing", ["", " "], False),
    ],
)
def test_answer_in_text(text, names, is_found):
    assert bool(answers_in_text([text], [names])) is is_found


def test_answers_must_match_texts():
    with pytest.raises(ValueError, match="shorter"):
        answers_in_text(["a", "b"], [["a"]])
