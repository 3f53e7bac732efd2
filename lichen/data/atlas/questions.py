"""The built-in task *questions*: from a graph to questions with their queries and answers.

Wording, anchors and pairs of relations of the test split are never seen in training. Answers are
computed here by plain look-up, apart from the code that answers questions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from lichen.base import check
from lichen.base.errors import DataError
from lichen.data.atlas.asking import Asker, Draft
from lichen.data.atlas.facts import DRAW, Facts
from lichen.data.atlas.generic import attribute_entry, step_entry
from lichen.data.atlas.wording import SPLITS, Wording, tables
from lichen.data.corpus import Mention
from lichen.data.graph import Graph
from lichen.data.query import Query, Step

SIZES = {"train": 1.0, "valid": 0.15, "test": 0.35}
"""How many composed questions each split gets, as a share of the training split's."""
OTHER_LANGUAGES = 0.45
"""The same for languages other than English."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question with all that is known of it.

    `answers` holds entity ids, `value` a number (a count or an attribute); both are empty for a
    question that the graph cannot answer. `query` is None when no query of the graph fits at all.
    """

    id: str
    text: str
    language: str
    split: str
    kind: str
    """one_hop, two_hop, intersection, count, superlative, compare, literal or unanswerable."""
    mentions: tuple[Mention, ...] = ()
    """The gold mentions, in order of position."""
    query: Query | None = None
    answers: tuple[int, ...] = ()
    value: float | None = None
    paraphrase: str = ""
    """The wording used; a test question shares none of its parts with training."""
    is_held_out_pair: bool = False
    """Whether its two relations are never composed in training."""

    @property
    def is_answerable(self) -> bool:
        """Say whether the graph holds an answer."""
        return bool(self.answers) or self.value is not None

    @property
    def relations(self) -> tuple[str, ...]:
        """Relations of the query, in order."""
        branches = self.query.branches if self.query else ()
        return tuple(step.relation for branch in branches for step in branch.steps)


@dataclass(frozen=True)
class QuestionSet:
    """An immutable sequence of questions."""

    items: tuple[Question, ...]

    def __len__(self) -> int:
        """Count the questions."""
        return len(self.items)

    def __iter__(self) -> Iterator[Question]:
        """Go through the questions in order."""
        return iter(self.items)

    def __getitem__(self, index: int) -> Question:
        """Return the question at a position."""
        return self.items[index]

    def __repr__(self) -> str:
        """Show the size."""
        return f"QuestionSet({len(self)} questions)"

    def split(self, name: str) -> QuestionSet:
        """Return the questions of a split.

        Raises:
            DataError: it is not train, valid or test.
        """
        if name not in SPLITS:
            raise DataError(f"split must be one of {', '.join(SPLITS)}; got {name!r}.")
        return QuestionSet(tuple(q for q in self.items if q.split == name))

    def where(self, *, kind: str | None = None, language: str | None = None) -> QuestionSet:
        """Return the questions of a kind, of a language, or both."""
        kept = (
            q
            for q in self.items
            if (kind is None or q.kind == kind) and (language is None or q.language == language)
        )
        return QuestionSet(tuple(kept))

    @property
    def train(self) -> QuestionSet:
        """The split "train"."""
        return self.split("train")

    @property
    def valid(self) -> QuestionSet:
        """The split "valid"."""
        return self.split("valid")

    @property
    def test(self) -> QuestionSet:
        """The split "test"."""
        return self.split("test")


def questions(graph: Graph, *, seed: int = 0, scale: float = 1.0, draw: int = DRAW) -> QuestionSet:
    """Make questions about any graph; relations of Atlas have hand-written wording.

    Args:
        graph: what to ask about.
        seed: of the choice of anchors and combinations.
        scale: how many questions to make, as a share of the usual about 9,000 for Atlas.
        draw: the deal of wordings, anchors and pairs of relations to the splits.

    Returns:
        Questions in the splits train, valid and test, in a fixed order.

    Raises:
        ConfigError: `scale` is out of range.
        DataError: the graph has no facts to ask about.
    """
    check.between("questions.scale", scale, 0.001, 100)
    facts = Facts(graph)
    mirrored = facts.symmetric()
    asked = [k for k in sorted(facts.anchors) if not (k.endswith("<") and k[:-1] in mirrored)]
    if not asked:
        raise DataError(
            f"questions: the graph must have facts to ask about; it has {graph.num_facts}. "
            "Import some first."
        )
    found: list[Question] = []
    for language in _languages(graph):
        for split in SPLITS:
            wording = _wording(facts, asked, language, split, draw)
            rng = np.random.default_rng([seed, SPLITS.index(split), len(language), len(asked)])
            asker = Asker(facts, wording, rng)
            size = scale * SIZES[split] * (1.0 if language == "en" else OTHER_LANGUAGES)
            found += _finish(asker.all(asked, size=size), language, split)
    return QuestionSet(tuple(found))


def _languages(graph: Graph) -> list[str]:
    spoken = {name.language for name in graph.names}
    known = {Step.of(key).relation for key in tables("zh")["steps"]}
    is_known = any(relation in known for relation in graph.relations)
    return ["en", "zh"] if "zh" in spoken and is_known else ["en"]


def _wording(facts: Facts, asked: Iterable[str], language: str, split: str, draw: int) -> Wording:
    if language != "en":
        return Wording(language, split, draw=draw)
    known = tables("en")
    steps = {
        key: step_entry(key[:-1], forward=key.endswith(">"), noun=facts.noun(key))
        for key in asked
        if key not in known["steps"]
    }
    calls = known["attribute_names"]
    attributes = {
        a: attribute_entry(a, calls.get(a)) for a in facts.numbers if a not in known["attributes"]
    }
    return Wording(language, split, draw=draw, steps=steps, attributes=attributes)


def _finish(drafts: Iterable[Draft], language: str, split: str) -> list[Question]:
    seen: set[str] = set()
    out: list[Question] = []
    for draft in drafts:
        if draft.text in seen:
            continue
        seen.add(draft.text)
        out.append(
            Question(
                id=f"{language}-{split}-{len(out)}",
                text=draft.text,
                language=language,
                split=split,
                kind=draft.kind,
                mentions=draft.mentions,
                query=draft.query,
                answers=draft.answers,
                value=draft.value,
                paraphrase=draft.paraphrase,
                is_held_out_pair=draft.is_held_out_pair,
            )
        )
    return out
