"""`lichen explain`."""

import json

from typer.testing import CliRunner

from lichen.base.errors import DataError
from lichen.cli.main import app

CAPITAL = "What is the capital of Austria?"


def test_shows_the_reading_and_what_is_left(finished_answerer, lichen):
    shown = lichen("explain", CAPITAL, "--run", finished_answerer)
    assert "Vienna" in shown
    assert "read as:" in shown
    assert "without this evidence: no answer (the answer rests on it)" in shown


def test_explains_for_machines(finished_answerer, lichen):
    found = json.loads(lichen("explain", CAPITAL, "--run", finished_answerer, "--json"))
    assert found["answer"] == "Vienna"
    assert "capital" in found["read_as"]
    assert found["without_evidence"] == []


def test_a_run_without_a_store_is_told_and_none_is_made(tmp_path):
    found = CliRunner().invoke(app, ["explain", CAPITAL, "--run", str(tmp_path)])
    assert isinstance(found.exception, DataError)
    assert "facts.db: must be a store that exists, found none there." in str(found.exception)
    assert not list(tmp_path.iterdir())
