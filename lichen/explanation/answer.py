"""An answer with what it rests on: paths of facts, values, their sources; or an abstention."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from lichen.data.graph import Literal, Source
from lichen.data.query import Query
from lichen.reasoning.program import Found, Path
from lichen.reasoning.view import FactView

MAX_SHOWN = 12
MAX_NAMES = 30
MAX_SOURCE_CHARACTERS = 160


class LabelledTriple(NamedTuple):
    """One fact in words."""

    head: str
    relation: str
    tail: str


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One chain of facts, or one value, with where it was read."""

    path: tuple[LabelledTriple, ...] = ()
    """From what the question names to an answer; empty for a value."""
    value: str = ""
    """Such as "Austria: population 9,174,390 people (2025)"; empty for a chain."""
    sources: tuple[Source, ...] = ()
    """One or more per fact, in the order of the path."""

    def __str__(self) -> str:
        """Show the chain with arrows along the facts' directions."""
        text = self.value or _chain(self.path)
        shown = [f"[{s.address}: {_short(s.text)!r}]" for s in self.sources]
        return " ".join([text, *dict.fromkeys(shown)])


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a question was answered with, and why; or why it was not."""

    question: str
    text: str
    """The answer in words of the question's language; empty when abstained."""
    entities: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    """The entities' names in the question's language."""
    value: float | str | None = None
    unit: str | None = None
    confidence: float = 0.0
    """Calibrated probability that the answer is right, 0 to 1."""
    evidence: tuple[Evidence, ...] = field(default=(), repr=False)
    query: Query | None = None
    """How the question was understood."""
    abstained: bool = False
    reason: str = ""
    """Why there is no answer; empty when there is one."""

    def explain(self) -> str:
        """Return the answer, its confidence and each piece of evidence as readable lines."""
        if self.abstained:
            return f"I don't know: {self.reason}."
        lines = [f"{self.text}  (confidence {self.confidence:.2f})"]
        lines += [f"  {one}" for one in self.evidence[:MAX_SHOWN]]
        left = len(self.evidence) - MAX_SHOWN
        return "\n".join([*lines, f"  and {left} more"] if left > 0 else lines)

    def __str__(self) -> str:
        """Return the answer, or the abstention, on one line."""
        return self.text or f"I don't know: {self.reason}."


def evidence_of(view: FactView, found: Found) -> tuple[Evidence, ...]:
    """Return the evidence for what a query found: values first, then each chain once."""
    values = [
        Evidence(value=_reading(view, literal), sources=view.literal_sources(literal))
        for literal in found.readings
    ]
    chains = [
        Evidence(path=labelled(view, path), sources=_sources(view, path))
        for path in dict.fromkeys(found.paths)
    ]
    return (*values, *chains)


def labelled(view: FactView, path: Path) -> tuple[LabelledTriple, ...]:
    """Return a path in words."""
    labels = view.labels
    return tuple(LabelledTriple(labels[f.h], f.relation, labels[f.t]) for f in path)


def number_text(value: float | str, unit: str | None = None, year: int | None = None) -> str:
    """Return a value as people write it.

    >>> number_text(9174390.0, "people", 2025), number_text(82.7, "years")
    ('9,174,390 people (2025)', '82.7 years')
    """
    shown = value if isinstance(value, str) else f"{value:,.6f}".rstrip("0").rstrip(".")
    if unit == "USD":
        shown = f"${shown}"
    elif unit and unit.startswith("%"):
        shown = f"{shown}{unit}"
    elif unit:
        shown = f"{shown} {unit}"
    return f"{shown} ({year})" if year else shown


def _reading(view: FactView, literal: Literal) -> str:
    name = literal.attribute.replace("_", " ")
    value = number_text(literal.value, literal.unit, literal.year)
    return f"{view.labels[literal.entity]}: {name} {value}"


def _sources(view: FactView, path: Path) -> tuple[Source, ...]:
    return tuple(s for f in path for s in view.sources(f.h, f.relation, f.t)[:1])


def _chain(path: tuple[LabelledTriple, ...]) -> str:
    if not path:
        return ""
    first = path[0]
    at = first.head
    if len(path) > 1 and first.head in (path[1].head, path[1].tail) and first.tail != at:
        at = first.head if first.tail in (path[1].head, path[1].tail) else first.tail
    text = at
    for fact in path:
        if fact.head == at:
            text, at = f"{text} -{fact.relation}-> {fact.tail}", fact.tail
        else:
            text, at = f"{text} <-{fact.relation}- {fact.head}", fact.head
    return text


def _short(text: str) -> str:
    if len(text) <= MAX_SOURCE_CHARACTERS:
        return text
    return f"{text[:MAX_SOURCE_CHARACTERS].rsplit(' ', 1)[0]} ..."
