import logging
from pathlib import Path

import pytest

from lichen.base.errors import ConfigError
from lichen.data.builder import GraphBuilder
from lichen.data.read.columns import first_header, given_columns, header_columns, order_warning


def test_a_fact_is_no_header():
    assert header_columns(["head", "relation", "Austria"]) is None
    assert header_columns([]) is None


def test_header_in_any_case_and_order():
    found = header_columns([" Object", "PREDICATE", "s", "Split"])
    assert found.places == {"tail": 0, "relation": 1, "head": 2, "split": 3}


def said_of(first, soon, caplog, **known):
    with caplog.at_level(logging.INFO):
        found = first_header(Path("kg.tsv"), first, soon, **{"is_told": False, **known})
    return found is not None, [(r.levelname, r.getMessage()) for r in caplog.records]


def test_words_are_a_header_whatever_follows_and_reported(caplog):
    first = ["subject", "p", "o"]
    for is_told in (False, True):
        caplog.clear()
        assert said_of(first, [["a", "p", "o"]], caplog, is_told=is_told) == (
            True,
            [("INFO", "kg.tsv: the first row is a header: subject, p, o")],
        )


@pytest.mark.parametrize("first", [["h", "r", "t"], ["S", "P", "O"], ["t", "r", "h"]])
def test_letters_that_never_come_again_are_a_header_and_warned_of(first, caplog):
    is_header, said = said_of(first, [["Graz", "lies in", "Austria"]], caplog)
    assert is_header
    warning = (
        f"kg.tsv: the first row, {', '.join(first)}, is taken for a header, as none of it comes "
        "again. If it is a fact, pass --columns head,relation,tail."
    )
    assert said == [("WARNING", warning)]


@pytest.mark.parametrize("row", [["a", "r", "b"], ["t", "q", "b"], ["a", "q", "h"]])
def test_letters_that_come_again_are_a_fact_and_warned_of(row, caplog):
    is_header, said = said_of(["h", "r", "t"], [["a", "q", "b"], row], caplog)
    assert not is_header
    warning = (
        "kg.tsv: the first row, h, r, t, is taken for a fact, as some of it comes again. If it is "
        "a header, write head, relation, tail there."
    )
    assert said == [("WARNING", warning)]


@pytest.mark.parametrize(
    "soon",
    [
        [["p", "knows", "b"], ["a", "knows", "p"]],  # the relation's letter is an entity's
        [["a", "s", "b"], ["a", "o", "c"]],  # and an entity's a relation's
        [["s", "knows", "b"], ["b", "likes", "o"]],  # relations are words, so p is none
    ],
)
def test_letters_that_come_again_elsewhere_are_a_header(soon, caplog):
    assert said_of(["s", "p", "o"], soon, caplog)[0]


@pytest.mark.parametrize(
    "soon",
    [
        [["a", "q", "b"], ["b", "p", "c"]],
        [["Graz", "p", "Austria"]],
        [["o", "q", "b"]],
    ],
)
def test_a_fact_of_letters_stays_one(soon, caplog):
    assert not said_of(["s", "p", "o"], soon, caplog)[0]


def test_letters_with_which_another_file_begins_are_a_header(caplog):
    first, soon = ["h", "r", "t"], [["h", "r", "b"]]
    warning = (
        "kg.tsv: the first row, h, r, t, is taken for a header, as another file begins with it "
        "too. If it is a fact, pass --columns head,relation,tail."
    )
    assert said_of(first, soon, caplog, is_shared=True) == (True, [("WARNING", warning)])
    assert not said_of(first, soon, caplog, is_shared=True, is_told=True)[0]


def test_letters_are_a_fact_when_the_columns_are_told_and_warned_of(caplog):
    warning = (
        "kg.tsv: the first row, t, r, h, is taken for a fact, as the columns are given. If it is "
        "a header, write tail, relation, head there."
    )
    assert said_of(["t", "r", "h"], [["a", "q", "b"]], caplog, is_told=True) == (
        False,
        [("WARNING", warning)],
    )
    assert said_of(["h", "r", "t", "split"], [["a", "r", "b", "x"]], caplog)[0]


def test_row_split_goes_before_the_files():
    builder = GraphBuilder()
    columns = header_columns(["h", "r", "t", "split"])
    columns.add(["a", "r", "b", "test"], builder, split="train")
    columns.add(["a", "r", "c", ""], builder, split="train")
    graph = builder.build()
    assert {k: v.tolist() for k, v in graph.splits.items()} == {"test": [0], "train": [1]}


def test_problem_counts_and_names_fields():
    columns = given_columns(None)
    assert columns.problem(["a", "b", "c"], separated="tab-separated") is None
    assert "found 4" in columns.problem(["a"] * 4, separated="tab-separated")
    assert "expected a tail in column 3" in columns.problem(["a", "b", ""], separated="tab")


def test_missing_column_is_refused():
    with pytest.raises(ConfigError, match="got 'relation, tail'"):
        given_columns(["relation", "tail"])


def test_order_warning_is_silent_on_ordinary_graphs():
    ordinary = [(f"e{i}", f"r{i % 60}", f"e{i + 1}") for i in range(500)]
    assert order_warning(Path("kg.tsv"), ordinary) is None
    turned = [(r, h, t) for h, r, t in [(f"e{i}", f"r{i % 5}", f"f{i}") for i in range(500)]]
    assert "5 heads" in order_warning(Path("kg.tsv"), turned)
