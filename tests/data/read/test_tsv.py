import gzip
import logging
import random

import pytest

from lichen.base.errors import ConfigError, DataError
from lichen.data.builder import GraphBuilder
from lichen.data.read import read_graph, scan_graph, tsv
from lichen.data.read.columns import given_columns
from lichen.data.read.lines import BadLines, text_lines


def facts(graph):
    e, r = graph.entities, graph.relations
    return [(e[h], r[p], e[t]) for h, p, t in graph.triples.tolist()]


@pytest.mark.parametrize(
    "header", ["", "head\trelation\ttail\n", "H\tR\tT\n", "subject\tpredicate\tobject\n"]
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_header_and_line_ends(tmp_path, header, end):
    path = tmp_path / "kg.tsv"
    body = header + "Vienna\tcapital of\tAustria\nGraz\tlies in\tAustria\n"
    path.write_bytes(body.replace("\n", end).encode())
    assert facts(read_graph(path)) == [
        ("Vienna", "capital of", "Austria"),
        ("Graz", "lies in", "Austria"),
    ]


@pytest.mark.parametrize("separator", ["\t", " "])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_first_fact_of_single_letters_is_kept(tmp_path, caplog, separator, end):
    path = tmp_path / "kg.txt"
    rows = [("h", "r", "t"), ("t", "q", "a"), ("a", "q", "b")]
    path.write_bytes("".join(separator.join(row) + end for row in rows).encode())
    assert facts(read_graph(path)) == rows
    assert "kg.txt: the first row, h, r, t, is taken for a fact" in caplog.text


def test_letters_are_a_fact_where_the_columns_are_given(tmp_path, caplog):
    path = tmp_path / "kg.tsv"
    path.write_text("h\tr\tt\nGraz\tlies in\tAustria\n")
    assert read_graph(path).num_facts == 1
    assert "the first row, h, r, t, is taken for a header" in caplog.text
    assert read_graph(path, columns=("head", "relation", "tail")).num_facts == 2


def test_header_gives_the_order_and_extra_columns(tmp_path):
    path = tmp_path / "kg.tsv"
    path.write_text("relation\ttail\thead\tsource\tnote\nr\tb\ta\tbook p. 3\tx\n")
    graph = read_graph(path)
    assert facts(graph) == [("a", "r", "b")]
    assert graph.source(0).address == "book p. 3"


def test_columns_given(tmp_path):
    path = tmp_path / "kg.txt"
    path.write_text("IsA\tyo-yo\ttoy\t1\n")
    graph = read_graph(path, columns=("relation", "head", "tail", "-"))
    assert facts(graph) == [("yo-yo", "IsA", "toy")]
    with pytest.raises(ConfigError, match="columns must name head, relation and tail"):
        read_graph(path, columns=("relation", "head"))


def test_white_space_between_fields(tmp_path):
    path = tmp_path / "kg.txt"
    path.write_text("a  r b\nc r d\n")
    assert facts(read_graph(path)) == [("a", "r", "b"), ("c", "r", "d")]


def test_bad_line_names_file_line_and_remedy(tmp_path):
    path = tmp_path / "kg.tsv"
    path.write_text("a\tr\tb\nc\td\ne\tr\tf\n")
    with pytest.raises(DataError) as error:
        read_graph(path)
    assert str(error.value) == (
        f"{path}:2: expected 3 tab-separated fields (head, relation, tail), found 2. "
        "Fix the line, or pass --on-bad-line skip (in a recipe, data.on_bad_line)."
    )


def test_skip_keeps_all_good_lines_and_reports(tmp_path, caplog):
    path = tmp_path / "kg.tsv"
    path.write_bytes(b"a\tr\tb\nbad\n\nc\t\td\n\xff\tr\tx\ne\tr\tf\tg\ny\tr\tz\n")
    with caplog.at_level(logging.WARNING):
        graph, report = scan_graph(path, on_bad_line="skip")
    assert facts(graph) == [("a", "r", "b"), ("y", "r", "z")]
    assert (report.num_lines, report.num_bad) == (6, 4)
    assert report.first_bad == (
        f"{path}:2: expected 3 tab-separated fields (head, relation, tail), found 1."
    )
    assert len(caplog.records) == 1
    assert "skipped 4 bad of 6 lines" in caplog.text


def test_blank_part_is_bad(tmp_path):
    path = tmp_path / "kg.tsv"
    path.write_text("a\t \tb\n")
    with pytest.raises(DataError, match=r"kg.tsv:1: expected a relation in column 2, found noth"):
        read_graph(path)


def test_scripts_and_rare_separators_stay_in_labels(tmp_path):
    labels = [
        "奥地利",
        "النمسا",
        "🏔️ Alps",
        "a\u2028b",
        "c\x0bd",
        "e\x85f",
        "\u200f\u05e2\u05d1\u05e8\u05d9\u05ea\u200f",
    ]
    path = tmp_path / "kg.tsv.gz"
    text = "\ufeff" + "".join(f"{label}\tist in\tEurope\n" for label in labels)
    path.write_bytes(gzip.compress(text.encode()))
    graph = read_graph(path)
    assert [h for h, _, _ in facts(graph)] == labels
    assert graph.num_relations == 1


def test_suspicious_order_is_said(tmp_path, caplog):
    path = tmp_path / "kg.tsv"
    path.write_text("".join(f"IsA\tthing {i}\tkind {i % 90}\n" for i in range(200)))
    graph = read_graph(path)
    assert graph.num_relations == 200
    assert "found 200 different relations but only 1 heads" in caplog.text
    assert "--columns" in caplog.text
    caplog.clear()
    read_graph(path, columns=("relation", "head", "tail"))
    assert not caplog.text


def test_duplicates_are_kept_once_and_said(tmp_path, caplog):
    path = tmp_path / "kg.tsv"
    path.write_text("a\tr\tb\na\tr\tb\na\tr\tc\n")
    graph, report = scan_graph(path)
    assert facts(graph) == [("a", "r", "b"), ("a", "r", "c")]
    assert report.num_duplicates == 1
    assert "1 facts came again and are kept once" in caplog.text


LINES = (
    b"a\tr\tb",
    b"b\tr\tc",
    b"a\tr\tb",
    b"c\tq\ta\r",
    "\u5965\u5730\u5229\tr\tb".encode(),
)
ODD = (
    b"",
    b"  ",
    b"a\tr",
    b"a\tr\tb\tc",
    b"a\t\tb",
    b"\tr\tb",
    "a\tr\t\u3000".encode(),
    b"\xff\tr\tb",
    b"a\tr\rs\tb",
    b"\xef\xbb\xbfa\tr\tb",
)


def one_by_one(path, bad):
    """Read as the format says, with nothing done at once."""
    builder = GraphBuilder()
    for number, line in text_lines(path, bad):
        fields = line.split("\t")
        problem = given_columns(None).problem(fields, separated="tab-separated")
        if problem:
            bad.found(path, number, problem)
        else:
            builder.add_fact(*fields)
    return builder.build()


@pytest.mark.parametrize("seed", range(25))
def test_blocks_read_as_lines_do(tmp_path, monkeypatch, seed):
    draw = random.Random(seed)
    monkeypatch.setattr(tsv, "BLOCK", draw.randrange(1, 6))
    odd = draw.choice([0.0, 0.05, 0.3])
    lines = [draw.choice(ODD if draw.random() < odd else LINES) for _ in range(30)]
    path = tmp_path / "kg.tsv"
    path.write_bytes(b"\n".join([b"a\tr\tb", *lines]) + draw.choice([b"", b"\n", b"\r\n"]))
    bad = BadLines("skip")
    expected = one_by_one(path, bad)
    graph, report = scan_graph(path)
    assert facts(graph) == facts(expected)
    assert graph.entities == expected.entities
    assert (report.num_lines, report.num_bad) == (bad.num_lines, bad.num_bad)
    assert report.first_bad == bad.first
    if bad.num_bad:
        with pytest.raises(DataError) as error:
            read_graph(path)
        assert str(error.value).startswith(bad.first)


def test_splits_and_repeats_over_several_files(tmp_path):
    (tmp_path / "train.tsv").write_text("a\tr\tb\nb\tr\tc\na\tr\tb\n")
    (tmp_path / "test.tsv").write_text("c\tr\ta\na\tr\tb\n")
    graph, report = scan_graph(tmp_path)
    assert {k: v.tolist() for k, v in graph.splits.items()} == {"train": [0, 1], "test": [0, 2]}
    assert (report.num_duplicates, report.num_shared) == (2, 1)
