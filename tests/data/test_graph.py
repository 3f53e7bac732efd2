import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lichen.base.errors import ConfigError, DataError, ShapeError
from lichen.data.builder import GraphBuilder
from lichen.data.graph import Graph, Literal, Name, Source
from lichen.data.vocabulary import Vocabulary

FACTS = [("a", "r", "b"), ("b", "r", "c"), ("a", "s", "c"), ("c", "s", "c"), ("d", "r", "a")]


@pytest.fixture
def graph():
    return Graph.from_triples(FACTS)


def small(**changes):
    fields = {
        "entities": Vocabulary(["a", "b"], what="entity"),
        "relations": Vocabulary(["r"], what="relation"),
        "triples": np.array([[0, 0, 1]]),
    }
    return Graph(**{**fields, **changes})


def test_ids_in_order_of_first_appearance(graph):
    assert graph.entities.labels == ("a", "b", "c", "d")
    assert graph.relations.labels == ("r", "s")
    assert graph.triples.tolist()[0] == [0, 0, 1]


def test_arrays_and_mappings_are_read_only(graph):
    with pytest.raises(ValueError, match="read-only"):
        graph.triples[0, 0] = 3
    with pytest.raises(TypeError):
        graph.descriptions[0] = "x"


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"triples": np.array([[0, 0]])}, ShapeError, r"shape \(facts, 3\); got \(1, 2\)"),
        ({"triples": np.array([[0, 0, 2]])}, DataError, r"triples\[:, 2\] must hold entity ids"),
        ({"triples": np.array([[0, 1, 1]])}, DataError, r"relation ids from 0 to 0; got 1 to 1"),
        ({"fact_sources": np.array([0, 0])}, ShapeError, r"fact_sources must have shape \(1,\)"),
        ({"fact_sources": np.array([0])}, DataError, "fact_sources must hold source indexes"),
        ({"splits": {"test": [1]}}, DataError, r"splits\['test'\] must hold rows of triples"),
        ({"names": (Name(2, "x"),)}, DataError, "the entities of names and literals"),
        ({"literals": (Literal(9, "x", 1),)}, DataError, "the entities of names and literals"),
        ({"types": {5: ("x",)}}, DataError, "types must hold ids from 0 to 1; got 5 to 5"),
        ({"descriptions": {-1: "x"}}, DataError, "descriptions must hold ids"),
        ({"relation_texts": {1: "x"}}, DataError, "relation_texts must hold ids from 0 to 0"),
    ],
)
def test_what_does_not_fit_is_refused(changes, error, message):
    with pytest.raises(error, match=message):
        small(**changes)


def test_empty_graph():
    empty = Graph.from_triples([])
    assert repr(empty) == "Graph(0 entities, 0 relations, 0 facts)"
    assert empty.split("train").shape == (0, 3)
    assert empty.degree().tolist() == []
    assert empty.subgraph([]).num_facts == 0
    assert (0, 0, 0) not in empty


def test_one_relation():
    g = Graph.from_triples([("a", "r", "b"), ("b", "r", "a")])
    assert (g.num_relations, g.tails(0, 0), g.heads(0, 0)) == (1, (1,), (1,))


def test_tails_heads_and_rows(graph):
    e, r = graph.entities.id, graph.relations.id
    assert graph.tails(e("a"), r("s")) == (e("c"),)
    assert graph.heads(r("r"), e("c")) == (e("b"),)
    assert graph.row(e("d"), r("r"), e("a")) == 4
    assert graph.row(e("d"), r("s"), e("a")) is None
    assert (e("c"), r("s"), e("c")) in graph
    assert "a" not in graph


@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 3), st.integers(0, 6)), unique=True, max_size=40
    )
)
@settings(deadline=None, max_examples=40)
def test_look_up_agrees_with_a_scan(triples):
    g = Graph(
        entities=Vocabulary("abcdefg", what="entity"),
        relations=Vocabulary("rstu", what="relation"),
        triples=np.array(triples, dtype=np.int64).reshape(-1, 3),
    )
    for a in range(7):
        for r in range(-1, 5):
            assert g.tails(a, r) == tuple(t for h, p, t in triples if (h, p) == (a, r))
            assert g.heads(r, a) == tuple(h for h, p, t in triples if (t, p) == (a, r))
        assert g.neighbours(a).tolist() == [i for i, (h, _, t) in enumerate(triples) if a in (h, t)]
    for i, triple in enumerate(triples):
        assert g.row(*triple) == i
    assert g.degree().tolist() == [
        sum((h == a) + (t == a) for h, _, t in triples) for a in range(7)
    ]


def test_what_is_no_triple_is_told_with_its_split_and_place():
    with pytest.raises(DataError, match=r"^triples\[1\] must be \(head, relation, tail\)"):
        Graph.from_triples([("a", "r", "b"), ("a", "b")])
    with pytest.raises(DataError, match=r"^splits\['test'\]\[0\] must be .*; got \('a', 'b'\)\."):
        Graph.from_triples([("a", "r", "b")], splits={"test": [("a", "b")]})
    with pytest.raises(DataError, match=r"^triples must be a list of .*; got NoneType\."):
        Graph.from_triples(None)
    with pytest.raises(ConfigError, match="splits must be of type Mapping; got list"):
        Graph.from_triples([("a", "r", "b")], splits=[("a", "r", "c")])


def test_splits(graph):
    g = Graph.from_triples(FACTS[:3], splits={"test": FACTS[3:], "valid": []})
    assert g.split("test").tolist() == g.triples[3:].tolist()
    assert g.split("valid").shape == (0, 3)
    assert graph.split("train").tolist() == graph.triples.tolist()
    with pytest.raises(DataError, match=r"one of the graph's splits \(train, test, valid\); got"):
        g.split("dev")
    with pytest.raises(DataError, match="splits must not hold 'train'"):
        Graph.from_triples(FACTS, splits={"train": []})


def test_subgraph_keeps_ids_and_goes_by_distance(graph):
    e = graph.entities.id
    one = graph.subgraph([e("b")], hops=1)
    assert one.triples.tolist() == graph.triples[:2].tolist()
    assert one.entities is graph.entities
    two = graph.subgraph([e("b")], hops=2)
    assert two.num_facts == 5
    assert graph.subgraph([e("b")], hops=2, limit=3).triples.tolist()[:2] == one.triples.tolist()
    assert graph.subgraph([e("b")], hops=0).num_facts == 0
    assert graph.subgraph([e("b")], limit=0).num_facts == 0


def test_subgraph_takes_any_iterable_and_refuses_strangers(graph):
    assert graph.subgraph(iter([1]), hops=1).num_facts == 2
    assert graph.subgraph(np.array([1, 1]), hops=1).num_facts == 2
    with pytest.raises(DataError, match="entity ids must lie between 0 and 3; got 4"):
        graph.subgraph([4])
    with pytest.raises(DataError, match="got -1"):
        graph.neighbours(-1)


def test_a_hub_does_not_crowd_out_another_seed():
    hub = [("hub", "r", f"x{i}") for i in range(1000)]
    g = Graph.from_triples([*hub, ("small", "r", "y"), ("small", "r", "z")])
    kept = g.subgraph([g.entities.id("hub"), g.entities.id("small")], hops=2, limit=10)
    assert kept.num_facts == 10
    assert len(kept.neighbours(g.entities.id("small"))) == 2


def test_select_looks_up_anew_and_shares_the_rest(graph):
    assert graph.tails(0, 0) == (1,)
    chosen = graph.select([1, 2])
    assert chosen.num_facts == 2
    assert chosen.tails(0, 0) == ()
    assert chosen.degree().tolist() == [1, 1, 2, 0]
    assert chosen.names is graph.names
    mask = np.array([True, False, False, False, True])
    assert graph.select(mask).triples.tolist() == graph.triples[[0, 4]].tolist()
    assert graph.num_facts == 5
    with pytest.raises(ShapeError, match=r"a mask of rows must have shape \(5,\)"):
        graph.select([True, False])


def test_names_sources_and_texts():
    builder = GraphBuilder()
    builder.add_fact("Austria", "capital", "Vienna", source=("p. 1", "Vienna is its capital."))
    builder.add_fact("Austria", "_lies_in", "Europe")
    builder.add_name("Austria", "奥地利", language="zh")
    builder.add_name("Austria", "Republic of Austria")
    g = builder.build()
    assert g.names_of(0) == ("Austria", "奥地利", "Republic of Austria")
    assert g.names_of(0, language="zh") == ("奥地利",)
    assert (g.name(0), g.name(0, language="zh"), g.name(1)) == (
        "Republic of Austria",
        "奥地利",
        "Vienna",
    )
    assert g.source(0) == Source("p. 1", "Vienna is its capital.")
    assert g.source(1) is None
    assert g.relation_text(1) == "lies in"
    assert g.select([1]).source(0) is None


def test_a_graph_can_be_pickled_and_copied():
    graph = Graph.from_triples([("a", "r", "b")], splits={"test": [("b", "r", "a")]})
    for again in (pickle.loads(pickle.dumps(graph)), copy.deepcopy(graph)):
        assert again.entities == graph.entities
        assert again.triples.tolist() == graph.triples.tolist()
        assert {k: x.tolist() for k, x in again.splits.items()} == {"train": [0], "test": [1]}


def test_triples_are_not_taken_for_rows(graph):
    with pytest.raises(ShapeError, match=r"rows must have shape \(kept,\).*got \(5, 3\)"):
        graph.select(graph.triples)
