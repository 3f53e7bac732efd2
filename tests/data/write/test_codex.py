import json

import pytest

from lichen.base.errors import DataError
from lichen.data.builder import GraphBuilder
from lichen.data.read.codex import is_codex
from lichen.data.write import write_codex


def test_files(tmp_path, caplog):
    builder = GraphBuilder()
    builder.add_fact("Q1", "P1", "Q2", split="train", source=("p", ""))
    builder.add_name("Q1", "奥地利", language="zh")
    builder.add_name("Q1", "二", language="zh")
    builder.add_entity("Q2", description="a city", types=("city",))
    folder = write_codex(builder.build(), tmp_path / "out")
    assert is_codex(folder)
    assert (folder / "train.txt").read_text() == "Q1\tP1\tQ2\n"
    names = json.loads((folder / "entities_zh.json").read_text())
    assert names == {"Q1": {"label": "奥地利"}}
    about = json.loads((folder / "entities_en.json").read_text())
    assert about == {"Q2": {"label": "Q2", "description": "a city"}}
    assert json.loads((folder / "entity2types.json").read_text()) == {"Q2": ["city"]}
    assert json.loads((folder / "relations_en.json").read_text()) == {"P1": {"label": "P1"}}
    assert "does not keep the graph's sources" in caplog.text


def test_used_folder_is_refused(tmp_path):
    builder = GraphBuilder()
    builder.add_fact("Q1", "P1", "Q2")
    (tmp_path / "x").write_text("x")
    with pytest.raises(DataError, match="found one in use"):
        write_codex(builder.build(), tmp_path)
