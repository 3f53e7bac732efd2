"""Reading a generator's words, and setting it beside `ask`."""

from __future__ import annotations

import pytest

from lichen.data.atlas.questions import Question, QuestionSet
from lichen.jobs.books import compare_books, read_reply


def asked(lands, text, *answers, value=None):
    ids = tuple(lands.entities.id(name) for name in answers)
    kind = "one_hop" if answers else "literal" if value is not None else "unanswerable"
    return Question(
        id=text, text=text, language="en", split="test", kind=kind, answers=ids, value=value
    )


@pytest.mark.parametrize(
    ("reply", "names"),
    [
        ("Germany.", ["Germany"]),
        ("It borders germany and Italy, among others.", ["Germany", "Italy"]),
        ("Germanys", []),
        ("France", []),
    ],
)
def test_right_names_are_found_as_whole_words(answerer, lands, reply, names):
    question = asked(lands, "Which countries border Austria?", "Germany", "Italy", "Hungary")
    found = read_reply(question, reply, answerer)
    assert [lands.entities[e] for e in found.entities] == names
    assert not found.abstained


def test_names_in_other_languages_count(answerer, lands):
    question = asked(lands, "What is the capital of Austria?", "Vienna")
    assert read_reply(question, "维也纳", answerer).entities == question.answers


@pytest.mark.parametrize(
    ("reply", "is_right"),
    [
        ("9,000,000 people", True),
        ("About 9.1 million.", True),
        ("9 thousand", False),
        ("0.009 billion", True),
        ("-9000000", False),
        ("9.5 million", False),
        ("many", False),
    ],
)
def test_numbers_are_read_with_their_scale(answerer, lands, reply, is_right):
    question = asked(lands, "What is the population of Austria?", value=9.0e6)
    found = read_reply(question, reply, answerer)
    assert found.value == (9.0e6 if is_right else None)
    assert not found.abstained


@pytest.mark.parametrize("reply", ["", "  \n", "I don't know.", "I don’t know", "That is unknown."])
def test_silence_is_an_abstention(answerer, lands, reply):
    question = asked(lands, "What is the capital of Austria?", "Vienna")
    assert read_reply(question, reply, answerer).abstained


class Copies:
    """Says what the first fact shown ends in, and that it does not know without facts."""

    def generate(self, prompts, *, max_tokens=48):
        assert max_tokens > 0
        return [self.reply(prompt) for prompt in prompts]

    def reply(self, prompt):
        first, second = prompt.splitlines()[:2]
        return second.split()[-1] if first == "Facts:" else "I don't know."


def test_the_generator_is_asked_with_and_without_facts(answerer, lands):
    capitals = {"Austria": "Vienna", "France": "Paris", "Hungary": "Budapest"}
    items = [asked(lands, f"What is the capital of {h}?", t) for h, t in capitals.items()]
    items.append(asked(lands, "Which rivers flow through Malta?"))
    found = compare_books(answerer, Copies(), QuestionSet(tuple(items)), num_facts=3)
    assert list(found) == ["ask", "generator alone", "generator with facts"]
    assert found["ask"]["one_hop"].hits_at_1.mean == 1
    assert found["generator alone"]["one_hop"].given_up == 1
    assert found["generator alone"]["unanswerable"].abstained == 1
    assert found["generator with facts"]["one_hop"].hits_at_1.mean == 1
    assert found["generator with facts"]["unanswerable"].abstained == 0
