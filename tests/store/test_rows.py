"""Lines into rows."""

from __future__ import annotations

from datetime import date

from lichen.data.read.lines import BadLines
from lichen.store.rows import Row, record_graph, record_rows, table_rows


def test_a_table_without_header(tmp_path):
    path = tmp_path / "kg.csv"
    path.write_text('a,r,"b, c"\n')
    assert list(table_rows(path, BadLines())) == [Row(1, "a", "r", "b, c")]


def test_a_table_separated_by_spaces(tmp_path):
    path = tmp_path / "kg.txt"
    path.write_text("a r b\nc r d\n")
    assert [row[:4] for row in table_rows(path, BadLines())] == [
        (1, "a", "r", "b"),
        (2, "c", "r", "d"),
    ]


def test_a_first_fact_of_single_letters_is_kept(tmp_path):
    path = tmp_path / "kg.tsv"
    path.write_text("h\tr\tt\na\tr\tb\n")
    assert [row[:4] for row in table_rows(path, BadLines())] == [
        (1, "h", "r", "t"),
        (2, "a", "r", "b"),
    ]


def test_an_empty_table(tmp_path):
    path = tmp_path / "kg.tsv"
    path.write_text("")
    assert list(table_rows(path, BadLines())) == []


def test_a_header_may_name_more(tmp_path):
    path = tmp_path / "kg.tsv"
    path.write_text(
        "subject\tpredicate\tobject\taddress\tconfidence\tvalid_to\tnote\n"
        "a\tr\tb\tbook\t0.5\t2020-02-29\tx\n"
    )
    (row,) = table_rows(path, BadLines())
    assert row == Row(2, "a", "r", "b", address="book", confidence=0.5, valid_to=date(2020, 2, 29))


def test_records_are_split_into_facts_and_the_rest(tmp_path):
    path = tmp_path / "kg.jsonl"
    path.write_text(
        '{"entity": "a", "types": ["x"]}\n'
        '{"source_id": 0, "address": "book", "text": "..."}\n'
        '{"head": "a", "relation": "r", "tail": "b", "source": 0, "action": "replace"}\n'
    )
    graph = record_graph(path, BadLines())
    assert (graph.num_entities, graph.num_facts) == (1, 0)
    (row,) = record_rows(path, BadLines())
    assert row == Row(3, "a", "r", "b", action="replace", address="book", text="...")
