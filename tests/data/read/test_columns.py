from pathlib import Path

import pytest

from lichen.base.errors import ConfigError
from lichen.data.builder import GraphBuilder
from lichen.data.read.columns import given_columns, header_columns, order_warning


def test_a_fact_is_no_header():
    assert header_columns(["head", "relation", "Austria"]) is None
    assert header_columns([]) is None


def test_header_in_any_case_and_order():
    found = header_columns([" Object", "PREDICATE", "s", "Split"])
    assert found.places == {"tail": 0, "relation": 1, "head": 2, "split": 3}


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
