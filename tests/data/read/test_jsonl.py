import json

import pytest

from lichen.base.errors import DataError
from lichen.data.graph import Graph
from lichen.data.read import read_graph, scan_graph
from lichen.data.read.jsonl import json_entries


def written(tmp_path, *records, name="kg.jsonl"):
    path = tmp_path / name
    lines = [r if isinstance(r, str) else json.dumps(r) for r in records]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


FACT = {"head": "Vienna", "relation": "capital_of", "tail": "Austria"}


def test_all_kinds_of_records(tmp_path):
    path = written(
        tmp_path,
        {**FACT, "split": "train", "source": "p. 3", "text": "Vienna is the capital."},
        {"subject": "Graz", "predicate": "lies_in", "object": "Austria"},
        {"entity": "Austria", "types": ["country"], "names": {"zh": ["奥地利"], "en": "AT"}},
        {"entity": "Graz", "names": ["Gratz", ["格拉茨", "zh"]], "description": "a city"},
        {"entity": "Austria", "attribute": "area", "value": 83871, "unit": "km2", "year": 2021},
        {"relation": "capital_of", "text": "is the capital of"},
    )
    g = read_graph(path)
    austria, graz = g.entities.id("Austria"), g.entities.id("Graz")
    assert g.num_facts == 2
    assert g.source(0) == ("p. 3", "Vienna is the capital.")
    assert g.split("train").tolist() == g.triples[:1].tolist()
    assert g.names_of(austria) == ("Austria", "奥地利", "AT")
    assert g.names_of(graz, language="zh") == ("格拉茨",)
    assert g.descriptions[graz] == "a city"
    assert g.types_of(austria) == ("country",)
    assert g.literals == ((austria, "area", 83871, "km2", 2021, -1),)
    assert g.relation_text(0) == "is the capital of"


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        ("{oops", "expected a JSON object, found '{oops'"),
        ("[1]", "expected a JSON object, found '[1]'"),
        ({"head": "a", "relation": "r"}, "expected a text in 'tail', found nothing"),
        ({"head": "a", "relation": 3, "tail": "b"}, "expected a text in 'relation', found 3"),
        ({"head": "a", "relation": "r", "tail": ""}, "expected a text in 'tail', found ''"),
        ('{"head": "\\ud800", "relation": "r", "tail": "b"}', "half a surrogate pair"),
        ({"x": 1}, "found the keys x"),
        ({**FACT, "split": 3}, "expected a split's name in 'split', found 3"),
        ({**FACT, "source": 5}, "expected the number of a source record above, found 5"),
        ({"entity": "a", "types": [1]}, "expected a list of texts in 'types'"),
        ({"entity": "a", "names": [[1, 2]]}, "expected names by language in 'names'"),
        ({"entity": "a", "attribute": "b", "value": None}, "a number or a text in 'value'"),
        ('{"entity": "a", "attribute": "b", "value": NaN}', "a finite number in 'value'"),
        ({"entity": "a", "attribute": "b", "value": 1, "year": "x"}, "whole number in 'year'"),
        ({"lichen": "graph", "version": "x"}, "expected a header with version"),
        ("[" * 100_000, "expected a JSON object"),
    ],
)
def test_bad_records(tmp_path, record, problem):
    path = written(tmp_path, FACT, record, {**FACT, "tail": "Europe"})
    with pytest.raises(DataError) as error:
        read_graph(path)
    assert str(error.value).startswith(f"{path}:2: ")
    assert problem in str(error.value)
    graph, report = scan_graph(path)
    assert (graph.num_facts, report.num_bad) == (2, 1)


def test_cut_off_file_is_noticed(tmp_path):
    graph = Graph.from_triples([("a", "r", "b"), ("c", "r", "d")])
    path = graph.save(tmp_path / "kg.jsonl")
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-1]))
    with pytest.raises(DataError, match="expected 2 facts in all, found 1"):
        read_graph(path)


def test_later_version_is_refused(tmp_path):
    path = written(tmp_path, {"lichen": "graph", "version": 9, "facts": 0, "splits": []})
    with pytest.raises(DataError, match=r"must be of format version 1 or lower, found 9"):
        read_graph(path)


def test_fact_in_two_splits_comes_back_in_both(tmp_path):
    graph = Graph.from_triples([("a", "r", "b")], splits={"test": [("a", "r", "b")]})
    found, report = scan_graph(graph.save(tmp_path / "kg.jsonl"))
    assert {k: v.tolist() for k, v in found.splits.items()} == {"train": [0], "test": [0]}
    assert report.num_shared == 1


def test_entries_of_a_whole_file(tmp_path):
    path = tmp_path / "x.json"
    path.write_text('{"a": 1, "b": [2]}')
    assert dict(json_entries(path)) == {"a": 1, "b": [2]}
    path.write_text('{"a": 1,\n oops')
    with pytest.raises(DataError, match=r"x.json:2: expected a JSON object"):
        json_entries(path)
    path.write_text("[]")
    with pytest.raises(DataError, match=r"x.json:1: expected a JSON object, found '\[\]'"):
        json_entries(path)
