"""Answer questions from a graph or a live store: link, read, follow, cite; or abstain."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from lichen.base.errors import DataError
from lichen.data.atlas.generic import readable
from lichen.data.atlas.questions import Question, QuestionSet, questions
from lichen.data.corpus import Mention
from lichen.data.graph import Graph
from lichen.data.query import Query, Step
from lichen.explanation.answer import MAX_NAMES, Answer, evidence_of, labelled, number_text
from lichen.linking import Linker
from lichen.lm.text_encoder import TextEncoder
from lichen.reasoning.features import MAX_CHARACTERS
from lichen.reasoning.fit import FitConfig
from lichen.reasoning.matcher import MatcherConfig
from lichen.reasoning.program import Found, Triple
from lichen.reasoning.reader import Reader, Understood, train_reader
from lichen.reasoning.view import FactView

if TYPE_CHECKING:
    from lichen.store.records import Changes
    from lichen.store.store import Store

SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
)
"""Languages told by their script; anything else is taken for English."""
NUM_CALIBRATED = 900
"""Validation questions that the confidence is fitted on."""
SEPARATORS = {"zh": "、", "ja": "、"}


class Answerer:
    """Questions in, answers with evidence out; make one with `train` or `load`.

    A store's changes are taken in before each question, so a fact inserted, corrected or
    retracted a moment ago counts.

    Args:
        source: a graph, or an open store.
        text: the frozen text encoder.
        linker: of the same graph; None makes one.
        reader: trained over that encoder, bound to a view of that source.
    """

    def __init__(
        self,
        source: Graph | Store,
        text: TextEncoder,
        *,
        reader: Reader,
        linker: Linker | None = None,
    ) -> None:
        self.source = source
        self.view = reader.view
        self.text = text
        self.reader = reader
        self.linker = linker or Linker(self.view.graph, text)
        self._num_labels = self._size()
        self._told: set[int] = set()

    @classmethod
    def train(
        cls,
        source: Graph | Store,
        text: TextEncoder,
        *,
        asked: QuestionSet | None = None,
        linker: Linker | None = None,
        config: MatcherConfig | None = None,
        fitting: FitConfig | None = None,
        seed: int = 0,
    ) -> Self:
        """Train the reader of questions and choose when to abstain.

        Args:
            source: a graph, or an open store.
            text: the encoder, which stays frozen.
            asked: questions in splits train and valid; None makes them from the facts.
            linker: finds what questions name; None makes one.
            config: sizes of the trained part.
            fitting: epochs and rates.
            seed: of questions, weights and order.

        Raises:
            DataError: there are no facts to ask about.
        """
        view = FactView(source)
        asked = questions(view.graph, seed=seed) if asked is None else asked
        reader = train_reader(view, text, asked.train, config=config, fitting=fitting, seed=seed)
        made = cls(source, text, reader=reader, linker=linker)
        kept = QuestionSet(_thinned(asked.valid, NUM_CALIBRATED))
        reader.adjust(kept, [made.linker.mentions(q.text) for q in kept])
        return made

    def save(self, folder: str | Path) -> Path:
        """Write what was trained; the facts and the text encoder are not in it."""
        return self.reader.save(folder)

    @classmethod
    def load(
        cls,
        folder: str | Path,
        source: Graph | Store,
        *,
        text: TextEncoder | None = None,
        linker: Linker | None = None,
    ) -> Self:
        """Read what `save` wrote and bind it to facts.

        Args:
            folder: that `save` wrote.
            source: a graph, or an open store.
            text: the encoder it was trained over; None loads the packaged one.
            linker: of the same graph; None makes one.

        Raises:
            ArtifactError: the folder is incomplete, changed, or of another encoder.
        """
        text = text or TextEncoder.load()
        reader = Reader.load(folder, view=FactView(source), text=text)
        return cls(source, text, reader=reader, linker=linker)

    def ask(self, question: str) -> Answer:
        """Answer one question, or abstain and say why.

        Args:
            question: in any language that was trained; others are likely abstained on.

        Raises:
            DataError: it is not text.
        """
        if not isinstance(question, str):
            raise DataError(f"question must be text; got {type(question).__name__}. Pass a string.")
        if not question.strip():
            return _silent(question, "the question is empty")
        if len(question) > MAX_CHARACTERS:
            return _silent(
                question[:MAX_CHARACTERS],
                f"the question has {len(question):,} characters, more than the "
                f"{MAX_CHARACTERS} that are read",
            )
        self.refresh()
        mentions = self.linker.mentions(question)
        understood = self.reader.read(question, mentions)
        reason = self._doubt(question, mentions, understood)
        if reason:
            return _silent(question, reason, understood)
        return self._answer(question, understood)

    def refresh(self) -> None:
        """Take in what changed in the store; nothing happens for a graph."""
        changes = self.view.refresh()
        if changes is None:
            return
        self._tell_linker(changes)
        if self._size() != self._num_labels:
            self._num_labels = self._size()
            self.reader.renew()

    def facts_for(self, question: str, limit: int = 8) -> list[str]:
        """Return facts in words that bear on a question, for a generator's prompt.

        The facts of the best reading come first, then others about what the question names.

        Args:
            question: any text.
            limit: how many facts.
        """
        self.refresh()
        if not question.strip():
            return []
        start = question[:MAX_CHARACTERS]
        mentions = [m for m in self.linker.mentions(start) if m.entity is not None]
        understood = self.reader.read(start, mentions)
        lines = [str(e.value) for e in evidence_of(self.view, understood.found) if e.value]
        for path in understood.found.paths:
            lines += [_said(self.view, fact) for fact in path]
        for mention in mentions:
            entity = mention.entity
            if entity is None:
                continue
            for key in sorted(self.view.steps_of(entity)):
                step = Step.of(key)
                for end in self.view.ends(entity, step)[:2]:
                    h, t = (entity, end) if step.forward else (end, entity)
                    lines.append(_said(self.view, Triple(h, step.relation, t)))
        return list(dict.fromkeys(lines))[:limit]

    def _size(self) -> tuple[int, int, int]:
        return len(self.view.relations), len(self.view.attributes), len(self.view.types)

    def _tell_linker(self, changes: Changes) -> None:
        known = self.view.graph.num_entities
        for entity in changes.entities:
            if entity.id >= known and entity.id not in self._told:
                self._told.add(entity.id)
                self.linker.add_entity(
                    entity.id, entity.label, types=entity.types, description=entity.description
                )
        for name in changes.names:
            self.linker.add_name(name.entity, name.text)
        for fact in changes.inserted:
            self.linker.add_fact(fact.triple[0], fact.triple[2])

    def _doubt(self, question: str, mentions: Sequence[Mention], read: Understood) -> str:
        """Return why not to answer; empty when there is no reason."""
        first = read.readings[0] if read.readings else None
        if read.best is None or read.confidence < self.reader.calibration.threshold:
            unknown = [question[m.span.start : m.span.end] for m in mentions if m.entity is None]
            is_lost = len(unknown) == len(mentions)
            names = [said for said in unknown if is_lost or not said[:1].islower()]
            if names:
                return f"the graph does not know {names[0]!r}"
            for m in mentions:
                said = question[m.span.start : m.span.end]
                if m.entity is not None and not self.view.is_name(m.entity, said):
                    near = self.view.labels[m.entity]
                    return f"the graph does not know {said!r}; did you mean {near!r}?"
            if first is not None and first.query is None:
                return "the graph holds nothing of the kind that is asked"
            if first is not None and first.query is not None and not first.is_executable:
                return f"the graph holds no fact for it: {self._spoken(first.query)}"
            if not mentions:
                return "the question names nothing that the graph knows"
            if read.best is None:
                return "no reading of the question leads anywhere in the graph"
            return (
                f"not sure enough of its meaning (confidence {read.confidence:.2f}, "
                f"needed {self.reader.calibration.threshold:.2f})"
            )
        return ""

    def _spoken(self, query: Query) -> str:
        parts = []
        for branch in query.branches:
            start = self.view.labels[branch.anchor] if branch.anchor is not None else branch.type
            steps = [
                f"{'' if s.forward else 'inverse of '}{readable(s.relation)!r}"
                for s in branch.steps
            ]
            parts.append(" then ".join([str(start), *steps]))
        attribute = [readable(query.attribute)] if query.attribute else []
        return ", ".join([*parts, *attribute])

    def _answer(self, question: str, read: Understood) -> Answer:
        language = language_of(question)
        found = read.found
        names = tuple(self.view.name(e, language) for e in found.entities)
        return Answer(
            question=question,
            text=_text(found, names, language),
            entities=found.entities,
            names=names,
            value=found.value,
            unit=found.unit,
            confidence=read.confidence,
            evidence=evidence_of(self.view, found),
            query=read.best.query if read.best else None,
        )


def ask(source: Graph | Store, question: str, *, folder: str | Path | None = None) -> Answer:
    """Answer one question; for many, keep an `Answerer`.

    Args:
        source: a graph, or an open store.
        question: what to ask.
        folder: of a saved `Answerer`; None trains one, which takes about a minute.

    Returns:
        The answer with its evidence, or an abstention with its reason.
    """
    text = TextEncoder.load()
    if folder is None:
        return Answerer.train(source, text).ask(question)
    return Answerer.load(folder, source, text=text).ask(question)


def language_of(text: str) -> str:
    """Tell a language from its script, as far as names need it.

    >>> language_of("奥地利的首都是哪里？"), language_of("Capital of Austria?")
    ('zh', 'en')
    """
    return next((code for code, script in SCRIPTS if script.search(text)), "en")


def _silent(question: str, reason: str, read: Understood | None = None) -> Answer:
    query = read.best.query if read is not None and read.best is not None else None
    confidence = read.confidence if read is not None else 0.0
    return Answer(
        question=question,
        text="",
        confidence=confidence,
        query=query,
        abstained=True,
        reason=reason,
    )


def _text(found: Found, names: tuple[str, ...], language: str) -> str:
    if found.value is not None:
        year = found.readings[0].year if found.readings else None
        return number_text(found.value, found.unit, year)
    shown = SEPARATORS.get(language, ", ").join(names[:MAX_NAMES])
    left = len(names) - MAX_NAMES
    return f"{shown} (+{left})" if left > 0 else shown


def _said(view: FactView, fact: Triple) -> str:
    (words,) = labelled(view, (fact,))
    return f"{words.head}: {readable(words.relation)} {words.tail}."


def _thinned(items: QuestionSet, count: int) -> tuple[Question, ...]:
    """Return at most `count` questions, evenly spaced."""
    every = max(1, -(-len(items) // count))
    return tuple(items)[::every]
