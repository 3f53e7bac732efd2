import pytest

from lichen.base.errors import DataError
from lichen.data.builder import GraphBuilder


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
