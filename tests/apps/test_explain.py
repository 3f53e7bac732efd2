"""Explanations: how a question was read, and what is left without the evidence."""

from __future__ import annotations

import json

import pytest

from lichen.apps.explain import answer_json, explain, system_of
from lichen.data.atlas.questions import questions
from lichen.reasoning.evaluate import evaluate

CAPITAL = "What is the capital of Austria?"
UNKNOWN = "Which rivers flow through Malta?"


def test_an_answer_rests_on_its_evidence(answerer):
    found = explain(answerer, CAPITAL)
    assert found.answer.names == ("Vienna",)
    assert found.removal.is_changed
    assert found.without == ()
    shown = str(found)
    assert "Vienna" in shown
    assert f"read as: {found.answer.query}" in shown
    assert "without this evidence: no answer (the answer rests on it)" in shown


def test_what_is_left_without_the_evidence_is_named(answerer):
    found = explain(answerer, "Which country bordering Austria has the most people?")
    assert found.answer.names == ("Germany",)
    assert "Germany" not in found.without
    assert found.to_json()["without_evidence"] == list(found.without)


def test_an_abstention_has_nothing_to_remove(answerer):
    found = explain(answerer, UNKNOWN)
    assert found.answer.abstained
    assert found.removal is None
    assert found.to_json()["without_evidence"] is None
    assert "without this evidence" not in str(found)


def test_an_answer_as_json_names_facts_and_sources(answerer):
    answer = answerer.ask(CAPITAL)
    found = json.loads(json.dumps(answer_json(answer)))
    assert found["answer"] == "Vienna"
    assert found["confidence"] == pytest.approx(answer.confidence, abs=1e-4)
    (evidence,) = found["evidence"]
    assert evidence["path"] == [["Austria", "capital", "Vienna"]]
    assert evidence["sources"][0]["address"] == "book Austria"


def test_an_abstention_as_json_has_a_reason_and_no_answer(answerer):
    found = answer_json(answerer.ask(UNKNOWN))
    assert found["answer"] is None
    assert found["abstained"]
    assert "Malta" in found["reason"]
    assert found["evidence"] == []


def test_an_answerer_is_measured_as_a_system(answerer, lands):
    asked = questions(lands, scale=0.06).train.where(kind="one_hop", language="en")
    reply = system_of(answerer)
    first = reply(asked[0])
    assert first.entities == answerer.ask(asked[0].text).entities
    assert first.seconds > 0
    assert evaluate([reply], asked)["all"].hits_at_1.mean > 0.5
