"""The generator alone (closed book) and with retrieved facts (open book), beside `ask`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from lichen.apps.answer import Answerer
from lichen.apps.explain import system_of
from lichen.data.atlas.questions import Question, QuestionSet
from lichen.reasoning.evaluate import KindScores, Reply, System, evaluate

CLOSED = (
    "Answer the question with a name or a number only. If you do not know, say: I don't know.\n"
    "Question: {question}\nAnswer:"
)
OPEN = (
    "Facts:\n{facts}\n\nAnswer the question from these facts, with a name or a number only. "
    "If the facts do not say, say: I don't know.\nQuestion: {question}\nAnswer:"
)
SILENCE = re.compile(
    r"don['’]?t know|do not know|not say|unknown|cannot answer|not mentioned", re.IGNORECASE
)
NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
SCALES = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
NEAR = 0.02
"""A number in a reply counts as right within this share of the true one."""


class Generates(Protocol):
    """A `Generator` or an `EndpointGenerator`."""

    def generate(self, prompts: Sequence[str], *, max_tokens: int = 48) -> list[str]:
        """Continue each prompt."""
        ...


def compare_books(
    answerer: Answerer, generator: Generates, asked: QuestionSet, *, num_facts: int = 12
) -> dict[str, dict[str, KindScores]]:
    """Ask the same questions of `ask`, of the generator, and of the generator given facts.

    A reply is read generously: it is right when it names any right answer, or holds a number
    within 2 % of the right one; it abstains when it says that it does not know.

    Args:
        answerer: gives the facts, and is one of the three.
        generator: of text.
        asked: the questions.
        num_facts: how many facts the open book shows.

    Returns:
        System to kind of question to figures.
    """
    closed = [CLOSED.format(question=q.text) for q in asked]
    shown = [
        OPEN.format(question=q.text, facts="\n".join(answerer.facts_for(q.text, num_facts)))
        for q in asked
    ]
    found = {"ask": evaluate([system_of(answerer)], asked)}
    for name, prompts in (("generator alone", closed), ("generator with facts", shown)):
        replies = generator.generate(prompts, max_tokens=24)
        read = {
            question.id: read_reply(question, reply, answerer)
            for question, reply in zip(asked, replies, strict=True)
        }
        found[name] = evaluate([_said(read)], asked)
    return found


def read_reply(question: Question, reply: str, answerer: Answerer) -> Reply:
    """Turn a generator's words into what they answer.

    Args:
        question: what was asked, with its right answers.
        reply: the generator's words.
        answerer: knows the entities' names.
    """
    if not reply.strip() or SILENCE.search(reply):
        return Reply(abstained=True)
    if question.value is not None:
        near = [n for n in _numbers(reply) if abs(n - question.value) <= NEAR * abs(question.value)]
        return Reply(value=question.value if near else None)
    graph = answerer.view.graph
    low = f" {reply.casefold()} "
    named = tuple(
        entity
        for entity in question.answers
        if any(
            re.search(rf"(?<!\w){re.escape(name.casefold())}(?!\w)", low)
            for name in graph.names_of(entity)
        )
    )
    return Reply(entities=named)


def _said(replies: Mapping[str, Reply]) -> System:
    return lambda question: replies[question.id]


def _numbers(text: str) -> list[float]:
    found = []
    for match in NUMBER.finditer(text):
        value = float(match.group().replace(",", ""))
        after = text[match.end() :].split()[:1]
        found.append(value * SCALES.get(after[0].strip(".,").casefold() if after else "", 1.0))
    return found
