import json

import pytest

from lichen.base.errors import DataError
from lichen.data.builder import GraphBuilder
from lichen.data.write import write_graph
from lichen.data.write.jsonl import graph_records


def graph(value=3):
    builder = GraphBuilder()
    builder.add_fact("Austria", "capital", "Vienna", source=("p. 1", "its capital"), split="train")
    builder.add_name("Austria", "奥地利", language="zh")
    builder.add_literal("Austria", "area", value, unit="km2", source=("p. 1", "its capital"))
    return builder.build()


def test_records():
    assert list(graph_records(graph())) == [
        {"lichen": "graph", "version": 1, "facts": 1, "splits": ["train"]},
        {"source_id": 0, "address": "p. 1", "text": "its capital"},
        {"relation": "capital"},
        {"entity": "Austria", "names": [["奥地利", "zh"]]},
        {"entity": "Vienna"},
        {
            "head": "Austria",
            "relation": "capital",
            "tail": "Vienna",
            "split": "train",
            "source": 0,
        },
        {"entity": "Austria", "attribute": "area", "value": 3, "unit": "km2", "source": 0},
    ]


def test_file_is_readable_by_eye(tmp_path):
    path = write_graph(graph(), tmp_path / "g.jsonl")
    lines = path.read_text(encoding="utf-8").splitlines()
    assert "奥地利" in lines[3]
    assert [json.loads(line) for line in lines] == list(graph_records(graph()))


def test_number_that_is_not_finite(tmp_path):
    with pytest.raises(DataError, match="numbers must be finite to be saved"):
        write_graph(graph(float("inf")), tmp_path / "g.jsonl")
    assert list(tmp_path.iterdir()) == []
