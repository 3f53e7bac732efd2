import random
import sqlite3
from collections import deque

import numpy as np
import pytest
import sqlalchemy

from lichen.base.errors import DataError
from lichen.data.builder import GraphBuilder, labelled, parts_of


def test_repeat_is_kept_once_with_its_first_source():
    b = GraphBuilder()
    assert b.add_fact("a", "r", "b")
    assert not b.add_fact("a", "r", "b", source=("p. 1", ""))
    assert not b.add_fact("a", "r", "b", source=("p. 2", ""))
    g = b.build()
    assert (g.num_facts, b.num_duplicates, b.num_shared) == (1, 2, 0)
    assert g.source(0) == ("p. 1", "")


def test_repeat_in_another_split_belongs_to_both():
    b = GraphBuilder()
    b.add_fact("a", "r", "b", split="train")
    b.add_fact("a", "r", "c", split="train")
    b.add_fact("x", "r", "y", split="test")
    b.add_fact("a", "r", "c", split="test")
    b.add_fact("a", "r", "c", split="test")
    g = b.build()
    assert {k: v.tolist() for k, v in g.splits.items()} == {"train": [0, 1], "test": [1, 2]}
    assert (b.num_duplicates, b.num_shared) == (2, 1)


def test_repeat_that_first_had_no_split_is_not_shared():
    b = GraphBuilder()
    b.add_fact("a", "r", "b")
    b.add_fact("a", "r", "b", split="test")
    assert (b.num_duplicates, b.num_shared) == (1, 0)
    assert b.build().splits["test"].tolist() == [0]


def test_several_splits_at_once_and_empty_ones():
    b = GraphBuilder()
    b.add_fact("a", "r", "b", split=("train", "test"))
    b.add_split("valid")
    assert b.num_shared == 1
    assert {k: v.tolist() for k, v in b.build().splits.items()} == {
        "train": [0],
        "test": [0],
        "valid": [],
    }


@pytest.mark.parametrize("label", ["", "  ", None, float("nan")])
def test_blank_labels_are_refused(label):
    with pytest.raises(DataError, match="entity labels must be texts that are not blank"):
        GraphBuilder().add_fact(label, "r", "b")
    with pytest.raises(DataError, match="relation labels must be texts"):
        GraphBuilder().add_relation(label)


def test_names_types_descriptions_and_literals():
    b = GraphBuilder()
    b.add_entity("Wien", types=("city",), description="first")
    b.add_entity("Wien", types=("capital", "city"), description="second")
    b.add_name("Wien", "Wien")
    b.add_name("Wien", "Vienna")
    b.add_name("Wien", "Vienna")
    b.add_name("Wien", "")
    b.add_name("Wien", "Wien", language="de")
    b.add_literal("Wien", "population", 2_000_000, unit="people", year=2024, source=("p", "t"))
    b.add_literal("Wien", "population", 2_000_000, unit="people", year=2024, source=("p", "t"))
    b.add_relation("r", text="relates to")
    b.add_relation("r", text="other words")
    g = b.build()
    assert g.types_of(0) == ("city", "capital")
    assert g.descriptions[0] == "first"
    assert [(n.text, n.language) for n in g.names] == [("Vienna", "en"), ("Wien", "de")]
    assert len(g.literals) == 1
    assert g.sources[g.literals[0].source] == ("p", "t")
    assert g.relation_text(0) == "relates to"
    assert b.has_entity("Wien")
    assert not b.has_entity("Graz")
    assert b.has_relation("r")
    assert not b.has_relation("Wien")


def test_scripts_stay_apart():
    b = GraphBuilder()
    b.add_fact("\u00e9", "r", "e\u0301")  # composed and decomposed: two labels, as they came
    assert b.build().num_entities == 2


def as_dicts(graph):
    e, r = graph.entities, graph.relations
    return {
        "entities": list(e),
        "relations": list(r),
        "facts": [(e[h], r[p], e[t]) for h, p, t in graph.triples.tolist()],
        "sources": [graph.source(row) for row in range(graph.num_facts)],
        "splits": {name: rows.tolist() for name, rows in graph.splits.items()},
    }


@pytest.mark.parametrize("seed", range(12))
def test_many_facts_at_once_are_the_same_as_one_by_one(seed):
    draw = random.Random(seed)
    plain, quick = GraphBuilder(), GraphBuilder()
    for _ in range(draw.randrange(1, 6)):
        split = draw.choice([None, "train", "test"])
        facts = [
            (draw.choice("abcdef"), draw.choice("pq"), draw.choice("abcdef"))
            for _ in range(draw.randrange(12))
        ]
        source = ("book", "p. 3") if draw.random() < 0.3 else None
        if split is not None:
            plain.add_split(split)
        for fact in facts:
            plain.add_fact(*fact, split=split, source=source)
        if source is None:
            quick.add_facts(*([fact[i] for fact in facts] for i in range(3)), split=split)
        else:
            for fact in facts:
                quick.add_fact(*fact, split=split, source=source)
    for _ in range(2):  # building twice changes nothing
        assert as_dicts(quick.build()) == as_dicts(plain.build())
        assert quick.num_duplicates == plain.num_duplicates
        assert quick.num_shared == plain.num_shared
    assert quick.add_fact("a", "p", "z") is plain.add_fact("a", "p", "z") is True
    assert as_dicts(quick.build()) == as_dicts(plain.build())
    assert (quick.num_duplicates, quick.num_shared) == (plain.num_duplicates, plain.num_shared)


@pytest.mark.parametrize("blank", ["", " \t", "\u3000"])
def test_a_blank_label_among_many_takes_all_back(blank):
    builder = GraphBuilder()
    builder.add_facts(["a"], ["r"], ["b"])
    with pytest.raises(DataError, match="entity labels must be texts that are not blank"):
        builder.add_facts(["c", "a"], ["q", "r"], ["d", blank])
    with pytest.raises(DataError, match="relation labels must be texts that are not blank"):
        builder.add_facts(["c"], [blank], ["d"])
    builder.add_facts(["b"], ["r"], ["a"])
    assert as_dicts(builder.build())["facts"] == [("a", "r", "b"), ("b", "r", "a")]
    assert list(builder.build().entities) == ["a", "b"]
    assert list(builder.build().relations) == ["r"]


def test_rows_of_ids_are_facts():
    builder = GraphBuilder()
    ends, relations = builder.entity_ids(["a", "b", "a"]), builder.relation_ids(["r", "r"])
    assert (ends.tolist(), relations.tolist()) == ([0, 1, 0], [0, 0])
    builder.add_rows(np.array([[0, 0, 1], [0, 0, 1]], dtype=np.int32), split="train")
    assert as_dicts(builder.build())["facts"] == [("a", "r", "b")]
    assert builder.num_duplicates == 1
    for number, what in ((builder.entity_ids, "entity"), (builder.relation_ids, "relation")):
        with pytest.raises(DataError, match=f"{what} labels must be texts that are not blank"):
            number(["new", " "])
    assert not builder.has_entity("new")
    assert not builder.has_relation("new")


def test_rows_of_three_texts_are_triples():
    rows = [("a", "r", "b"), ["b", "r", "c"], np.array(["c", "r", "a"])]
    assert list(labelled(rows, what="facts")) == [("a", "r", "b"), ("b", "r", "c"), ("c", "r", "a")]
    assert list(labelled(iter(()), what="facts")) == []


def test_rows_of_a_database_and_of_a_table_are_triples():
    query = "SELECT 'a' AS h, 'r' AS r, 'b' AS t"
    plain = sqlite3.connect(":memory:")
    plain.row_factory = sqlite3.Row
    with sqlalchemy.create_engine("sqlite://").connect() as connection:
        rows = [plain.execute(query).fetchone(), connection.execute(sqlalchemy.text(query)).one()]
    plain.close()
    rows += [deque("arb"), np.array(["a", "r", "b"], dtype=object)]
    assert list(labelled(rows, what="facts")) == [("a", "r", "b")] * 4


def test_a_series_is_a_triple():
    pandas = pytest.importorskip("pandas")
    series = pandas.Series({"head": "a", "relation": "r", "tail": "b"})
    assert list(labelled([series], what="facts")) == [("a", "r", "b")]


@pytest.mark.parametrize(
    "row", [{"a", "r", "b"}, dict.fromkeys("arb").keys(), b"arb", np.array("arb"), iter("arb")]
)
def test_what_has_no_order_or_no_length_is_no_row(row):
    assert parts_of(row) is None


@pytest.mark.parametrize(
    "fact",
    [
        ("a", "b"),
        ("a", "r", "b", "c"),
        "abc",
        1,
        None,
        {"head": "a", "relation": "r", "tail": "b"},
        ("a", 1, "b"),
        (["a"], "r", "b"),
        {"a", "r", "b"},
        np.array([0, 1, 2]),
    ],
)
def test_what_is_no_triple_of_texts_is_told_with_its_place(fact):
    with pytest.raises(DataError) as told:
        list(labelled([("a", "r", "b"), fact], what="facts"))
    assert str(told.value) == (
        f"facts[1] must be (head, relation, tail), three texts; got {fact!r}. Give three labels a "
        "fact."
    )


@pytest.mark.parametrize("facts", ["abc", None, 5])
def test_what_is_no_list_of_triples_is_told(facts):
    name = type(facts).__name__
    with pytest.raises(DataError, match=rf"facts must be a list of \(head, .*; got {name}\."):
        list(labelled(facts, what="facts"))
