"""Why an answer is what it is: how the question was read, the evidence, and the removal check."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from lichen.apps.answer import Answerer
from lichen.data.atlas.questions import Question
from lichen.explanation.answer import Answer
from lichen.explanation.removal import Removal, remove_evidence
from lichen.reasoning.evaluate import Reply, System


@dataclass(frozen=True)
class Explanation:
    """An answer, how its question was read, and what becomes of it without its evidence."""

    answer: Answer
    removal: Removal | None
    """None for an abstention: there is no evidence to remove."""
    without: tuple[str, ...] = ()
    """Names of the answers left when the evidence is removed."""

    def __str__(self) -> str:
        """Show answer, reading and check as lines."""
        lines = [self.answer.explain()]
        if self.answer.query is not None:
            lines.append(f"  read as: {self.answer.query}")
        if self.removal is not None:
            left = ", ".join(self.without) or "no answer"
            changed = "rests on it" if self.removal.is_changed else "does not rest on it alone"
            lines.append(f"  without this evidence: {left} (the answer {changed})")
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """Return everything as a JSON object."""
        return {
            **answer_json(self.answer),
            "read_as": None if self.answer.query is None else str(self.answer.query),
            "without_evidence": None if self.removal is None else list(self.without),
        }


def explain(answerer: Answerer, question: str) -> Explanation:
    """Answer a question, then remove the evidence and look again.

    Args:
        answerer: answers.
        question: any text.
    """
    answer = answerer.ask(question)
    if answer.abstained or answer.query is None:
        return Explanation(answer, None)
    removal = remove_evidence(answerer.view, answer.query)
    left = tuple(answerer.view.name(e) for e in removal.after.entities)
    if removal.after.value is not None:
        left = (str(removal.after.value),)
    return Explanation(answer, removal, left)


def answer_json(answer: Answer) -> dict[str, Any]:
    """Return an answer as a JSON object, for machines.

    Args:
        answer: what `ask` gave.
    """
    return {
        "question": answer.question,
        "answer": None if answer.abstained else answer.text,
        "names": list(answer.names),
        "value": answer.value,
        "unit": answer.unit,
        "confidence": round(answer.confidence, 4),
        "abstained": answer.abstained,
        "reason": answer.reason,
        "evidence": [
            {
                "path": [list(triple) for triple in one.path],
                "value": one.value,
                "sources": [source._asdict() for source in one.sources],
            }
            for one in answer.evidence
        ],
    }


def system_of(answerer: Answerer) -> System:
    """Return an answerer as a system to be measured.

    Args:
        answerer: what to measure.
    """

    def reply(question: Question) -> Reply:
        started = time.perf_counter()
        answer = answerer.ask(question.text)
        return Reply(
            entities=answer.entities,
            value=answer.value,
            abstained=answer.abstained,
            seconds=time.perf_counter() - started,
        )

    return reply
