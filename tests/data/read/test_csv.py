import pytest

from lichen.base.errors import DataError
from lichen.data.read import read_graph, scan_graph
from lichen.data.read.csv import csv_rows
from lichen.data.read.lines import BadLines


def rows(path, on_bad_line="raise"):
    bad = BadLines(on_bad_line)
    return list(csv_rows(path, bad)), bad


def test_quotes_line_breaks_and_numbers_of_lines(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b'a,"b, ""c""",d\r\n\r\n"two\r\nlines\n\n",x,y\r\nlast,"",z')
    found, _ = rows(path)
    assert found == [
        (1, ["a", 'b, "c"', "d"]),
        (3, ["two\r\nlines\n\n", "x", "y"]),
        (7, ["last", "", "z"]),
    ]


def test_quote_inside_an_unquoted_field_is_text(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('5" disk,r,x\n3" disk,r,y\n')
    assert [fields[0] for _, fields in rows(path)[0]] == ['5" disk', '3" disk']


def test_unclosed_quote_costs_its_line_only(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('a,r,b\nc,"r,d\ne,r,f\ng,"r",h\n')
    found, bad = rows(path, "skip")
    assert [fields for _, fields in found] == [["a", "r", "b"], ["e", "r", "f"], ["g", "r", "h"]]
    assert bad.num_bad == 1
    assert "t.csv:2: expected a row of CSV, found one with a quote that is never" in bad.first
    with pytest.raises(DataError, match=r"t.csv:2: .*never closed\. Fix the line"):
        rows(path)


def test_two_unclosed_quotes_cost_two_lines(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('a,"r,b\nc,r,d\ne,"r,f\ng,r,h\n')
    found, bad = rows(path, "skip")
    assert [fields for _, fields in found] == [["c", "r", "d"], ["g", "r", "h"]]
    assert bad.num_bad == 2


@pytest.mark.parametrize(("row", "count"), [("a,q,h", 2), ("a,q,b", 1)])
def test_single_letters_are_a_header_unless_one_comes_again(tmp_path, row, count):
    path = tmp_path / "t.csv"
    path.write_text(f"h,r,t\n{row}\n")
    assert read_graph(path).num_facts == count


def test_semicolons(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("head;relation;tail\na;r;b, c\n")
    graph = read_graph(path)
    assert graph.entities.labels == ("a", "b, c")


def test_field_of_a_million_characters(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("head,relation,tail,text\na,r,b," + "x" * 1_000_000 + "\n")
    assert len(read_graph(path).source(0).text) == 1_000_000


def test_split_source_and_text_columns(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("subject,predicate,object,split,source,text\na,r,b,test,p. 1,A is b.\n")
    graph = read_graph(path)
    assert graph.source(0) == ("p. 1", "A is b.")
    assert graph.splits["test"].tolist() == [0]


@pytest.mark.parametrize("text", ["", "\n\n", "head,relation,tail\n"])
def test_empty_file_or_header_alone(tmp_path, text):
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(DataError, match="must hold at least one fact or entity, found none"):
        read_graph(path)


def test_wrong_number_of_fields(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,r,b\na,r\nc,r,d\n")
    with pytest.raises(DataError, match=r"t.csv:2: expected 3 comma-separated fields .* found 2"):
        read_graph(path)
    graph, report = scan_graph(path)
    assert (graph.num_facts, report.num_bad) == (2, 1)
