import json

import pytest

from lichen.base.errors import DataError
from lichen.data.read import read_graph
from lichen.data.read.codex import is_codex, read_negatives


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "train.txt").write_text("Q1\tP1\tQ2\n")
    (tmp_path / "valid.txt").write_text("Q2\tP1\tQ1\n")
    (tmp_path / "valid_negatives.txt").write_text("Q1\tP1\tQ1\n")
    (tmp_path / "entity2types.json").write_text(json.dumps({"Q1": ["Q9", "Q8"], "Q77": ["Q9"]}))
    (tmp_path / "types_en.json").write_text(json.dumps({"Q9": {"label": "country"}}))
    (tmp_path / "relations_en.json").write_text(json.dumps({"P1": {"label": "borders"}}))
    (tmp_path / "entity_labels_partial.tsv").write_text("Q1\tAustria\tin the Alps\tx\nQ77\tz\n")
    return tmp_path


def test_layout(folder):
    assert is_codex(folder)
    g = read_graph(folder)
    assert g.entities.labels == ("Q1", "Q2")
    assert g.name(0) == "Austria"
    assert g.descriptions[0] == "in the Alps"
    assert g.types_of(0) == ("country", "Q8")
    assert g.relation_text(0) == "borders"
    assert list(g.splits) == ["train", "valid"]


def test_negatives_are_no_facts(folder):
    g = read_graph(folder)
    assert g.num_facts == 2
    assert read_negatives(folder, g, split="valid").tolist() == [[0, 0, 0]]
    with pytest.raises(DataError, match=r"test_negatives.txt: must be a readable file"):
        read_negatives(folder, g, split="test")
    (folder / "valid_negatives.txt").write_text("Q1\tP1\tQ5\n")
    with pytest.raises(DataError, match="got 'Q5'"):
        read_negatives(folder, g, split="valid")


def test_broken_json_names_file_and_line(folder):
    (folder / "relations_en.json").write_text('{\n"P1": oops}')
    with pytest.raises(DataError, match=r"relations_en.json:2: expected a JSON object"):
        read_graph(folder)
