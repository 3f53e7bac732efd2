"""The shape of what the verbs print."""

import json
from pathlib import Path

import pytest

from lichen.base.errors import ConfigError
from lichen.cli.output import place_of, show


def test_json_keeps_every_character(capsys):
    show({"name": "奥地利", "share": 0.25}, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"name": "奥地利", "share": 0.25}


def test_columns_show_names_without_underscores(capsys):
    show({"num_facts": 3}, as_json=False)
    assert "num facts" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", " "])
def test_a_path_is_not_empty(text):
    assert place_of("--out", "runs/a") == Path("runs/a")
    with pytest.raises(ConfigError, match=rf"^--out must be a path; got '{text}'\. Name one"):
        place_of("--out", text)
