"""Measure how questions are answered: by kind, with intervals over questions and seeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lichen.base.errors import DataError
from lichen.data.atlas.questions import Question, QuestionSet
from lichen.evaluation.paired import Interval, bootstrap


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a system said to one question."""

    entities: tuple[int, ...] = ()
    value: float | str | None = None
    abstained: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class KindScores:
    """Figures of one kind of question; shares are between 0 and 1."""

    num_questions: int
    hits_at_1: Interval | None
    """Answerable questions whose first answer is right; abstaining is a miss."""
    exact: Interval | None
    """Answerable questions whose whole answer set is right."""
    given_up: float | None
    """Answerable questions abstained on."""
    abstained: float | None
    """Unanswerable questions abstained on."""


System = Callable[[Question], Reply]


def is_hit(question: Question, reply: Reply) -> bool:
    """Say whether the first answer is right; for a question without an answer, the silence."""
    if not question.is_answerable:
        return reply.abstained
    if reply.abstained:
        return False
    if question.value is not None:
        return _is_near(reply.value, question.value)
    return bool(reply.entities) and reply.entities[0] in question.answers


def is_exact(question: Question, reply: Reply) -> bool:
    """Say whether all answers are right and none is missing."""
    if not question.is_answerable or question.value is not None:
        return is_hit(question, reply)
    return not reply.abstained and set(reply.entities) == set(question.answers)


def evaluate(systems: Sequence[System], questions: QuestionSet) -> dict[str, KindScores]:
    """Ask every question of every system and gather figures by kind.

    Args:
        systems: the same method under several seeds.
        questions: usually the test split.

    Returns:
        Figures for each kind, for "en" and "zh", for "held-out pair", and "all".

    Raises:
        DataError: there are no systems or no questions.
    """
    if not systems or not len(questions):
        raise DataError(
            f"evaluate: there must be systems and questions; got {len(systems)} and "
            f"{len(questions)}."
        )
    replies = [[system(question) for question in questions] for system in systems]
    return {
        name: scores_of([questions[i] for i in rows], [[run[i] for i in rows] for run in replies])
        for name, rows in groups_of(questions).items()
    }


def groups_of(questions: QuestionSet) -> Mapping[str, list[int]]:
    """Return rows by kind, with pairs of relations never composed in training apart, and all."""
    groups: dict[str, list[int]] = {"all": list(range(len(questions)))}
    for i, question in enumerate(questions):
        kind = "held-out pair" if question.is_held_out_pair else question.kind
        groups.setdefault(kind, []).append(i)
        groups.setdefault(question.language, []).append(i)
    return groups


def scores_of(questions: Sequence[Question], replies: Sequence[Sequence[Reply]]) -> KindScores:
    """Return the figures of some questions.

    Args:
        questions: at least one.
        replies: for each seed, one reply per question.
    """
    able = [i for i, q in enumerate(questions) if q.is_answerable]
    unable = [i for i, q in enumerate(questions) if not q.is_answerable]
    silent = np.array([[reply.abstained for reply in run] for run in replies])
    hits = np.array(
        [[is_hit(q, r) for q, r in zip(questions, run, strict=True)] for run in replies]
    )
    exact = np.array(
        [[is_exact(q, r) for q, r in zip(questions, run, strict=True)] for run in replies]
    )
    return KindScores(
        num_questions=len(questions),
        hits_at_1=_interval(hits[:, able]) if able else None,
        exact=_interval(exact[:, able]) if able else None,
        given_up=float(silent[:, able].mean()) if able else None,
        abstained=float(silent[:, unable].mean()) if unable else None,
    )


def _interval(hits: np.ndarray) -> Interval:
    return bootstrap(hits.astype(float), np.zeros(hits.shape))


def _is_near(found: float | str | None, gold: float) -> bool:
    if not isinstance(found, int | float):
        return False
    return abs(float(found) - gold) <= 1e-6 * max(1.0, abs(gold))
