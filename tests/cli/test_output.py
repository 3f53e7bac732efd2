"""The shape of what the verbs print."""

import json

from lichen.cli.output import show


def test_json_keeps_every_character(capsys):
    show({"name": "奥地利", "share": 0.25}, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"name": "奥地利", "share": 0.25}


def test_columns_show_names_without_underscores(capsys):
    show({"num_facts": 3}, as_json=False)
    assert "num facts" in capsys.readouterr().out
