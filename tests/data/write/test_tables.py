import pytest

from lichen.base.errors import DataError
from lichen.data.builder import GraphBuilder
from lichen.data.graph import Graph
from lichen.data.read import read_graph
from lichen.data.write import write_graph


@pytest.mark.parametrize("label", ["a\tb", "a\nb", "a\r"])
def test_labels_that_tsv_cannot_hold(tmp_path, label):
    graph = Graph.from_triples([(label, "r", "b")])
    with pytest.raises(DataError, match=r"no tab or line break .* Save as \.csv or \.jsonl"):
        write_graph(graph, tmp_path / "g.tsv")
    assert list(tmp_path.iterdir()) == []
    found = read_graph(write_graph(graph, tmp_path / "g.csv"))
    assert found.entities.labels == graph.entities.labels


def test_first_fact_that_looks_like_a_header(tmp_path):
    graph = Graph.from_triples([("head", "relation", "tail"), ("a", "r", "b")])
    assert read_graph(write_graph(graph, tmp_path / "g.tsv")).num_facts == 2
    assert read_graph(write_graph(graph, tmp_path / "g.csv")).num_facts == 2


def test_what_a_table_loses_is_said(tmp_path, caplog):
    builder = GraphBuilder()
    builder.add_fact("a", "r", "b", split="train", source=("p", ""))
    builder.add_name("a", "A")
    builder.add_literal("a", "age", 3)
    graph = builder.build()
    write_graph(graph, tmp_path / "g.tsv")
    assert (
        "does not keep the graph's names, literals, splits, sources. Save as .jsonl" in caplog.text
    )
    caplog.clear()
    write_graph(graph, tmp_path / "g.csv")
    assert "does not keep the graph's names, literals. Save" in caplog.text
    caplog.clear()
    write_graph(graph, tmp_path / "g.jsonl")
    assert not caplog.text


def test_fact_in_two_splits_is_refused_by_csv(tmp_path):
    graph = Graph.from_triples([("a", "r", "b")], splits={"test": [("a", "r", "b")]})
    with pytest.raises(DataError, match=r"stands in train, test\. Save as \.jsonl"):
        write_graph(graph, tmp_path / "g.csv")
    found = read_graph(write_graph(graph, tmp_path / "folder"))
    assert len(found.split("test")) == len(found.split("train")) == 1


def test_folder_refuses_what_it_would_lose(tmp_path):
    builder = GraphBuilder()
    builder.add_fact("a", "r", "b", split="train")
    builder.add_fact("a", "r", "c")
    with pytest.raises(DataError, match=r"every fact must be in a split .* 1 are in none"):
        write_graph(builder.build(), tmp_path / "x")
    odd = Graph.from_triples([("a", "r", "b")], splits={"odd": [("a", "r", "c")]})
    with pytest.raises(DataError, match=r"must be facts, train, valid or test .* got 'odd'"):
        write_graph(odd, tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_graph_without_splits_becomes_train(tmp_path):
    folder = write_graph(Graph.from_triples([("a", "r", "b")]), tmp_path / "x")
    assert [path.name for path in folder.iterdir()] == ["train.tsv"]
