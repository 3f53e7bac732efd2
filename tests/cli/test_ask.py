"""`lichen ask`."""

import json

from typer.testing import CliRunner

from lichen.base.errors import DataError
from lichen.cli.main import app

CAPITAL = "What is the capital of Austria?"


def test_answers_with_the_evidence(finished_answerer, lichen):
    shown = lichen("ask", CAPITAL, "--run", finished_answerer)
    assert shown.startswith("Vienna")
    assert "Austria -capital-> Vienna [book Austria" in shown


def test_answers_for_machines(finished_answerer, lichen):
    found = json.loads(lichen("ask", CAPITAL, "--run", finished_answerer, "--json"))
    assert (found["answer"], found["abstained"]) == ("Vienna", False)
    assert found["evidence"][0]["path"] == [["Austria", "capital", "Vienna"]]


def test_abstains_with_a_reason(finished_answerer, lichen):
    found = json.loads(lichen("ask", "???", "--run", finished_answerer, "--json"))
    assert found["abstained"]
    assert found["answer"] is None
    assert found["reason"]


def test_a_run_without_a_store_is_told_and_none_is_made(tmp_path):
    found = CliRunner().invoke(app, ["ask", CAPITAL, "--run", str(tmp_path)])
    assert isinstance(found.exception, DataError)
    assert "facts.db: must be a store that exists, found none there." in str(found.exception)
    assert not list(tmp_path.iterdir())
