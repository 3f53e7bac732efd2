"""`lichen explain`."""

import json

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
