"""Answers to questions: from ranked answers and gold sets to hits, F1 and abstention figures."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import asdict, dataclass

from lichen.base.errors import DataError


@dataclass(frozen=True, kw_only=True)
class AnswerScores:
    """How well a set of questions was answered; every share is between 0 and 1.

    A figure with nothing to measure it on, such as abstention recall without an unanswerable
    question, is None.
    """

    num_questions: int
    hits_at_1: float | None
    """Share of the answerable whose first answer is right; abstaining is a miss."""
    f1: float | None
    """Mean F1 of answer set against gold set over the answerable."""
    abstention_precision: float | None
    """Share of the abstentions that were on unanswerable questions."""
    abstention_recall: float | None
    """Share of the unanswerable that were abstained on."""
    given_up: float | None
    """Share of the answerable that were abstained on."""

    def to_json(self) -> dict[str, float | int | None]:
        """Return the figures as a JSON object."""
        return asdict(self)


def set_f1(found: Collection[Hashable], gold: Collection[Hashable]) -> float:
    """Return the F1 of a set of answers against the gold set; two empty sets agree fully.

    Args:
        found: what was answered; order and repeats do not count.
        gold: what is right.

    Returns:
        The F1, 0 to 1.

    >>> set_f1(["Rhine", "Danube"], ["Danube"]), set_f1([], [])
    (0.6666666666666666, 1.0)
    """
    first, second = set(found), set(gold)
    if not first and not second:
        return 1.0
    return 2 * len(first & second) / (len(first) + len(second))


def score_answers(
    found: Sequence[Sequence[Hashable]], gold: Sequence[Collection[Hashable]]
) -> AnswerScores:
    """Score ranked answers, abstention included.

    Args:
        found: per question its answers, best first; empty is an abstention.
        gold: per question the right answers; empty is a question that cannot be answered.

    Returns:
        The figures over all questions.

    Raises:
        DataError: the two are of different lengths or empty.

    >>> s = score_answers([["Vienna"], [], ["Graz"]], [{"Vienna"}, set(), {"Linz", "Wels"}])
    >>> s.hits_at_1, s.abstention_recall, s.given_up
    (0.5, 1.0, 0.0)
    """
    if len(found) != len(gold) or not found:
        raise DataError(
            f"found and gold must hold the same questions, at least one; got {len(found)} and "
            f"{len(gold)}."
        )
    answerable = [(list(f), set(g)) for f, g in zip(found, gold, strict=True) if g]
    unanswerable = [f for f, g in zip(found, gold, strict=True) if not g]
    right_silence = sum(not f for f in unanswerable)
    silence = right_silence + sum(not f for f, _ in answerable)
    return AnswerScores(
        num_questions=len(found),
        hits_at_1=_share(sum(bool(f) and f[0] in g for f, g in answerable), len(answerable)),
        f1=_share(sum(set_f1(f, g) for f, g in answerable), len(answerable)),
        abstention_precision=_share(right_silence, silence),
        abstention_recall=_share(right_silence, len(unanswerable)),
        given_up=_share(silence - right_silence, len(answerable)),
    )


def _share(part: float, whole: int) -> float | None:
    return part / whole if whole else None
