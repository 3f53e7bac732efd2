import time

import pytest

from lichen.apps.answer import Answerer, ask, language_of
from lichen.base.errors import ArtifactError, DataError
from lichen.explanation.removal import remove_evidence
from lichen.store import Store


def test_an_answer_names_its_facts_and_sources(answerer):
    answer = answerer.ask("What is the capital of Austria?")
    assert answer.names == ("Vienna",)
    assert not answer.abstained
    assert 0.2 <= answer.confidence <= 1
    (evidence,) = answer.evidence
    assert evidence.path == (("Austria", "capital", "Vienna"),)
    assert evidence.sources[0].address == "book Austria"
    assert "Austria -capital-> Vienna [book Austria" in answer.explain()


def test_removing_the_evidence_of_an_answer_changes_it(answerer):
    answer = answerer.ask("Which countries border Austria?")
    assert set(answer.names) == {"Germany", "Italy", "Hungary"}
    assert remove_evidence(answerer.view, answer.query).is_changed


def test_numbers_are_answered_with_unit_and_year(answerer):
    answer = answerer.ask("What is the population of Malta?")
    assert answer.value == pytest.approx(0.5e6)
    assert answer.text == "500,000 people (2025)"


def test_what_the_graph_lacks_is_abstained_on_with_the_reason(answerer):
    answer = answerer.ask("Which rivers flow through Malta?")
    assert answer.abstained
    assert "Malta" in answer.reason
    assert "flows through" in answer.reason


def test_a_word_in_lower_case_is_not_given_for_an_unknown_name(answerer):
    answer = answerer.ask("Who won the football world cup in Austria?")
    assert answer.abstained
    assert "'world'" not in answer.reason
    assert "'Wakanda'" in answerer.ask("What is the capital of Wakanda?").reason


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("", "empty"),
        (" \n\t", "empty"),
        ("x" * 1_000_000, "1,000,000 characters"),
    ],
)
def test_what_is_no_question_is_abstained_on(answerer, question, reason):
    started = time.monotonic()
    answer = answerer.ask(question)
    assert answer.abstained
    assert reason in answer.reason
    assert not answer.text
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("question", ["🤷🤷🤷", "ما هي عاصمة؟", "???", "the the the", "\x00\u202e"])
def test_strange_text_gets_an_answer_or_a_reason(answerer, question):
    answer = answerer.ask(question)
    assert answer.abstained
    assert answer.reason


def test_something_other_than_text_is_refused(answerer):
    with pytest.raises(DataError, match="question must be text; got int"):
        answerer.ask(5)


def test_a_store_is_answered_from_as_it_is_now(answerer_folder, lands, packaged_text):
    with Store.open(":memory:") as store:
        store.add_graph(lands)
        live = Answerer.load(answerer_folder, store, text=packaged_text)
        question = "What is the capital of Malta?"
        assert live.ask(question).names == ("Valletta",)
        store.correct("Malta", "capital", "Valletta", "Mdina", source=("news 1", "moved to Mdina"))
        started = time.monotonic()
        answer = live.ask(question)
        assert time.monotonic() - started < 2
        assert answer.names == ("Mdina",)
        assert answer.evidence[0].sources[0].address == "news 1"
        store.retract("Malta", "capital", "Mdina")
        assert live.ask(question).abstained


def test_a_new_entity_is_named_and_answered_at_once(answerer_folder, lands, packaged_text):
    with Store.open(":memory:") as store:
        store.add_graph(lands)
        live = Answerer.load(answerer_folder, store, text=packaged_text)
        question = "What is the capital of Ruritania?"
        assert live.ask(question).abstained
        with store.transaction():
            store.add_entity("Ruritania", types=("country",))
            store.add_entity("Strelsau", types=("city",))
            store.insert("Ruritania", "capital", "Strelsau")
        assert live.ask(question).names == ("Strelsau",)


def test_names_come_in_the_language_of_the_question(answerer):
    assert language_of("奥地利的首都是哪里？") == "zh"
    answer = answerer.ask("奥地利的首都是哪里？")
    assert answer.abstained or answer.text == "维也纳"


def test_facts_for_a_prompt_start_with_those_that_answer(answerer):
    facts = answerer.facts_for("What is the capital of Austria?", limit=3)
    assert facts[0] == "Austria: capital Vienna."
    assert len(facts) == 3
    assert answerer.facts_for("", limit=3) == []


def test_a_missing_folder_is_refused(lands, packaged_text, tmp_path):
    with pytest.raises(ArtifactError, match="no such file"):
        Answerer.load(tmp_path, lands, text=packaged_text)


def test_the_function_answers_from_a_saved_folder(answerer_folder, lands):
    assert ask(lands, "What is the capital of France?", folder=answerer_folder).text == "Paris"
