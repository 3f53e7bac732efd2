"""Text with character offsets: documents, spans, mentions, and the samples made of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lichen.base.errors import DataError, ShapeError
from lichen.data.vocabulary import Vocabulary

if TYPE_CHECKING:
    from lichen.data.graph import Graph
    from lichen.data.read import OnBadLine


class Span(NamedTuple):
    """Characters `start` to `end` of a text, `end` not included."""

    start: int
    end: int


class Candidate(NamedTuple):
    """One entity that a mention may mean; `score` is a probability."""

    entity: int
    score: float


class Mention(NamedTuple):
    """Characters of a text that name an entity of the graph, or nothing in it (NIL)."""

    span: Span
    entity: int | None
    """The linked entity id; None is NIL."""
    candidates: tuple[Candidate, ...] = ()
    """What was considered, best first."""


class LabelledSpan(NamedTuple):
    """Characters of a text and what kind of thing they are, such as a disease."""

    span: Span
    label: str


def _is_span(found: object) -> bool:
    """Say whether something is a `Span` of whole numbers."""
    return isinstance(found, Span) and all(isinstance(x, int | np.integer) for x in found)


@dataclass(frozen=True, kw_only=True)
class Document:
    """One text, with what is known of it.

    Raises:
        DataError: the text is none, a mention or span is not made as such, lies outside the text,
            is empty or overlaps another, an entity is no id, or a label is no text, such as the NaN
            that a table has where one is missing.
    """

    id: str
    text: str
    language: str = "en"
    label: str | None = None
    """The gold label of a classification task; None is unlabelled."""
    split: str | None = None
    mentions: tuple[Mention, ...] = ()
    """In order of position, not overlapping."""
    spans: tuple[LabelledSpan, ...] | None = None
    """The gold spans of a tagging task, in order, not overlapping; None is unlabelled, and () says
    that there is none."""
    meta: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse texts and labels that are none, entities that are no ids, and wrong spans."""
        self._require_made()
        if self.label is not None and not (isinstance(self.label, str) and self.label.strip()):
            raise DataError(
                f"document {self.id!r}: the label must be a text that is not blank, or None for "
                f"unlabelled; got {self.label!r}."
            )
        self._require_apart("mentions", [mention.span for mention in self.mentions])
        for mention in self.mentions:
            entity = mention.entity
            is_id = isinstance(entity, int | np.integer) and not isinstance(entity, bool)
            if entity is not None and not (is_id and entity >= 0):
                raise DataError(
                    f"document {self.id!r}: the entity of mention {tuple(mention.span)} must be an "
                    f"id from 0, or None for nothing in the graph; got {entity!r}. "
                    "graph.entities.get(label) gives it."
                )
        self._require_apart("labelled spans", [span for span, _ in self.spans or ()])
        for span, label in self.spans or ():
            if not (isinstance(label, str) and label.strip()):
                raise DataError(
                    f"document {self.id!r}: the label of span {tuple(span)} must be a text that is "
                    f"not blank; got {label!r}."
                )

    def _require_made(self) -> None:
        """Refuse a text that is none, and mentions and spans that are not made as such."""
        if not isinstance(self.text, str):
            raise DataError(
                f"document {self.id!r}: the text must be a text; got {self.text!r}. Leave out "
                "documents that have none."
            )
        for found, kind, form in (
            (self.mentions, Mention, "mention must be Mention(Span(start, end), entity)"),
            (self.spans or (), LabelledSpan, "span must be LabelledSpan(Span(start, end), label)"),
        ):
            for one in found:
                if not (isinstance(one, kind) and _is_span(one.span)):
                    raise DataError(
                        f"document {self.id!r}: each {form}, start and end whole numbers; got "
                        f"{one!r}. Make it so."
                    )

    def _require_apart(self, what: str, spans: Sequence[Span]) -> None:
        before = None
        for span in spans:
            if not 0 <= span.start < span.end <= len(self.text):
                raise DataError(
                    f"document {self.id!r}: {what} must lie inside the {len(self.text)} characters "
                    f"of the text and not be empty; got {tuple(span)}."
                )
            if before is not None and span.start < before.end:
                is_late = span.end <= before.start
                fault = "comes after" if is_late else "overlaps the one before,"
                raise DataError(
                    f"document {self.id!r}: {what} must lie in order and not overlap; "
                    f"{tuple(span)} {fault} {tuple(before)}. "
                    + ("Sort them by position." if is_late else "Keep one of the two.")
                )
            before = span


class Sample(NamedTuple):
    """One example of a task: a text, its linked mentions, and what is known of it."""

    id: str
    text: str
    mentions: tuple[Mention, ...]
    label: int | None
    """The class id."""
    meta: Mapping[str, str] = MappingProxyType({})
    spans: tuple[LabelledSpan, ...] | None = None
    """The gold spans; None where they are not known."""


@dataclass(frozen=True)
class Corpus:
    """An immutable sequence of documents.

    >>> c = Corpus((Document(id="1", text="a", split="train"), Document(id="2", text="b")))
    >>> len(c), [d.id for d in c.train]
    (2, ['1'])
    """

    documents: tuple[Document, ...]

    @classmethod
    def load(
        cls, path: str | Path, *, on_bad_line: OnBadLine = "raise", graph: Graph | None = None
    ) -> Corpus:
        """Read a corpus: "atlas", a `.jsonl` or `.csv` file (`.gz` too), or a folder of `.txt`.

        Mentions of a `.jsonl` file may name entities of the `graph` by label.

        Raises:
            DataError: nothing is there, the format is unknown, or a line is bad.
        """
        from lichen.data.read import read_corpus

        return read_corpus(path, on_bad_line=on_bad_line, graph=graph)

    def save(self, path: str | Path) -> Path:
        """Write the corpus; the format is told from the name as in `load`."""
        from lichen.data.write import write_corpus

        return write_corpus(self, path)

    def __len__(self) -> int:
        """Count the documents."""
        return len(self.documents)

    def __iter__(self) -> Iterator[Document]:
        """Go through the documents in order."""
        return iter(self.documents)

    def __getitem__(self, index: int) -> Document:
        """Return the document at a position."""
        return self.documents[index]

    def __repr__(self) -> str:
        """Show the size."""
        return f"Corpus({len(self)} documents)"

    def split(self, name: str) -> Corpus:
        """Return the documents of a split.

        Raises:
            DataError: no document belongs to it.
        """
        found = tuple(d for d in self.documents if d.split == name)
        if not found:
            have = ", ".join(sorted({d.split for d in self.documents if d.split})) or "none"
            raise DataError(
                f"split must be one of the corpus's splits ({have}); got {name!r}. Give the "
                f"documents that belong to it split={name!r}, or a file's lines a key 'split'."
            )
        return Corpus(found)

    @property
    def train(self) -> Corpus:
        """The documents of the split "train"."""
        return self.split("train")

    @property
    def valid(self) -> Corpus:
        """The documents of the split "valid"."""
        return self.split("valid")

    @property
    def test(self) -> Corpus:
        """The documents of the split "test"."""
        return self.split("test")

    def labels(self) -> Vocabulary:
        """Return the distinct labels in sorted order."""
        return Vocabulary(sorted({d.label for d in self.documents if d.label is not None}))

    def with_mentions(self, mentions: Iterable[tuple[Mention, ...]]) -> Corpus:
        """Return the corpus with each document's mentions replaced, in order.

        Raises:
            ShapeError: there are not as many as documents.
        """
        found = tuple(mentions)
        if len(found) != len(self):
            raise ShapeError(
                f"mentions must have one tuple for each of the {len(self)} documents; "
                f"got {len(found)}."
            )
        pairs = zip(self.documents, found, strict=True)
        return Corpus(tuple(replace(d, mentions=m) for d, m in pairs))

    def samples(self, labels: Vocabulary) -> tuple[Sample, ...]:
        """Return the documents as task samples.

        Args:
            labels: the classes; a document without a label gets None.

        Raises:
            DataError: a document's label is not among them.
        """
        return tuple(
            Sample(
                d.id,
                d.text,
                d.mentions,
                None if d.label is None else labels.id(d.label),
                d.meta,
                d.spans,
            )
            for d in self.documents
        )
