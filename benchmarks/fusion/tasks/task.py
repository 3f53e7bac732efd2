"""What a task of the fusion bench is, and how its documents are drawn from real data."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lichen.base.errors import DataError
from lichen.data.corpus import Corpus, Document, Mention, Span
from lichen.data.graph import Graph

MOST_MENTIONS = 24
"""Linked places kept in one document."""
HELD_OUT = 20_240
"""Seed of every split that the data does not come with, so that test documents never change."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One data set of the bench: labelled documents linked to a graph."""

    name: str
    corpus: Corpus
    """Documents with label, split (train, valid, test) and mentions linked to `graph`."""
    graph: Graph
    note: str
    """What knowledge is linked, how, and how much of the text it covers."""
    language: str = "en"
    group: str | None = None
    """Key of `meta` that the documents of one question share: the answer is the one whose label
    "right" is most probable. None: every document is a question of its own."""


def data(folder: str) -> Path:
    """Return a folder of the benchmark data, which `LICHEN_DATA` names.

    Raises:
        DataError: the folder is not there.
    """
    beside = Path(__file__).resolve().parents[4] / "shared" / "data"
    place = Path(os.environ.get("LICHEN_DATA") or beside, folder)
    if not place.is_dir():
        raise DataError(
            f"{place}: must be a folder of the benchmark data; nothing is there. Set LICHEN_DATA "
            "to where that is."
        )
    return place


def _told(doc: Document) -> str:
    """Return the text, or the sentence it repeats, without case and spaces."""
    return "".join(doc.meta.get("sentence", doc.text).casefold().split())


def drawn(
    train: Sequence[Document],
    valid: Sequence[Document] | None,
    test: Sequence[Document],
    *,
    seed: int,
    num_train: int,
    num_test: int,
    group: str | None = None,
) -> Corpus:
    """Draw the documents of a run; the test documents are the same for every seed.

    Texts of the test part are taken out of training and validation. Each label has at least one
    training document. The documents of a group are drawn together.

    Args:
        train: all that may be trained on.
        valid: all that may be validated on; None holds some of `train` out.
        test: all that may be tested on.
        seed: of the draw of training and validation documents.
        num_train: training documents, fewer where there are fewer.
        num_test: test documents, fewer where there are fewer.
        group: key of `meta` that the documents of one question share.
    """
    tested = _first(_shuffled(test, np.random.default_rng(HELD_OUT), group), num_test, group)
    texts = {_told(doc) for doc in tested}
    rng = np.random.default_rng(seed)
    kept = _shuffled([doc for doc in train if _told(doc) not in texts], rng, group)
    chosen = _first(kept if group else _every_label_first(kept), num_train, group)
    used, labels = {doc.id for doc in chosen}, {doc.label for doc in chosen}
    rest = [
        doc
        for doc in (kept if valid is None else _shuffled(valid, rng, group))
        if doc.id not in used and doc.label in labels and _told(doc) not in texts
    ]
    checked = _first(rest, max(num_train // 4, 1), group)
    parts = {"train": chosen, "valid": checked, "test": tested}
    return Corpus(tuple(replace(d, split=name) for name, docs in parts.items() for d in docs))


def _shuffled(
    docs: Sequence[Document], rng: np.random.Generator, group: str | None
) -> list[Document]:
    """Return documents in random order, those of a group together."""
    members: dict[str, list[Document]] = {}
    for doc in docs:
        members.setdefault(doc.meta[group] if group else doc.id, []).append(doc)
    names = list(members)
    return [doc for i in rng.permutation(len(names)) for doc in members[names[i]]]


def _first(docs: Sequence[Document], count: int, group: str | None) -> list[Document]:
    """Return the first documents, the last group whole or not at all."""
    if group is not None and count < len(docs):
        while count and docs[count].meta[group] == docs[count - 1].meta[group]:
            count -= 1
    return list(docs[:count])


def _every_label_first(docs: Sequence[Document]) -> list[Document]:
    """Return the documents with one of each label at the front."""
    firsts: dict[str | None, Document] = {}
    for doc in docs:
        firsts.setdefault(doc.label, doc)
    ids = {doc.id for doc in firsts.values()}
    return [*firsts.values(), *(doc for doc in docs if doc.id not in ids)]


def deal(keys: Sequence[str], shares: Sequence[float]) -> list[list[int]]:
    """Split positions at random by key, once and for all; equal keys stay together.

    Args:
        keys: `(items,)` what must not be torn apart.
        shares: of each part; they sum to 1.

    Returns:
        The positions of each part.
    """
    names = list(dict.fromkeys(keys))
    rng = np.random.default_rng(HELD_OUT)
    order = rng.permutation(len(names))
    bounds = np.round(np.cumsum(shares) * len(names)).astype(int)
    part_of = {names[i]: int(np.searchsorted(bounds, k, "right")) for k, i in enumerate(order)}
    parts: list[list[int]] = [[] for _ in shares]
    for position, key in enumerate(keys):
        parts[part_of[key]].append(position)
    return parts


def mention(start: int, end: int, entity: int | None) -> Mention:
    """Return a mention of characters `start` to `end`."""
    return Mention(Span(start, end), entity)


def coverage(docs: Iterable[Document]) -> str:
    """Return how many documents have a linked mention, and how many mentions one has."""
    counts = [sum(m.entity is not None for m in doc.mentions) for doc in docs]
    share = np.mean([count > 0 for count in counts])
    return f"{share:.1%} of the documents have a linked mention; {np.mean(counts):.1f} each."
