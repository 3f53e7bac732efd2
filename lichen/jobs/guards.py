"""What makes the figures of a comparison worth nothing: seeds, twins, splits and leaks."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from lichen.base import check
from lichen.base.errors import ConfigError, DataError
from lichen.data.corpus import Corpus
from lichen.data.folds import folds
from lichen.data.graph import Graph
from lichen.data.leaks import Finding, corpus_leaks

log = logging.getLogger(__name__)

SPLITS = ("train", "valid", "test")
"""Splits of documents that something reads."""
FEWEST_SEEDS = 3
TWINS = ("none", "shuffled", "count")


def require_seeds(key: str, seeds: Sequence[int]) -> None:
    """Refuse seeds that could not tell a gain from luck.

    Raises:
        ConfigError: there are fewer than three, or one twice.
    """
    if len(set(seeds)) != len(seeds) or len(seeds) < FEWEST_SEEDS:
        raise ConfigError(
            f"{key} must be at least {FEWEST_SEEDS} different numbers; got {tuple(seeds)}. One "
            "seed cannot tell a gain from luck."
        )


def require_twins(key: str, twins: Sequence[str]) -> None:
    """Refuse to compare with nothing, with what is no twin, or with one twin twice.

    Raises:
        ConfigError: it is so.
    """
    if not twins or not set(twins) <= set(TWINS) or len(set(twins)) != len(twins):
        raise ConfigError(
            f"{key} must be some of 'none', 'shuffled' and 'count', each once; got "
            f"{tuple(twins)}. Name one or more."
        )


def require_folds(table: str, num: int | None, together: str | None) -> None:
    """Refuse a number of folds that is none, and what is kept together where nothing is divided.

    Args:
        table: what stands before the keys in the message, such as "compare.".
        num: how many folds, or None for no folds.
        together: the key of `meta` whose equal values stay in one fold.

    Raises:
        ConfigError: it is so.
    """
    if num is not None:
        check.whole(f"{table}folds", num, 2, 1000)
    elif together is not None:
        raise ConfigError(
            f"{table}together must stand beside {table}folds; got {together!r} alone. Say how "
            "many folds, or leave it out."
        )


def divide_labelled(
    corpus: Corpus, num: int, *, group: str | None, together: str | None
) -> tuple[Corpus, ...]:
    """Return the folds of training documents, in each of which every class is learnt.

    Args:
        corpus: the documents.
        num: how many folds.
        group: key of `meta` that the documents of one question share; no fold tears them apart.
        together: key of `meta` whose equal values stay in one fold; None is `group`.

    Raises:
        DataError: there are too few documents, one lacks a key, a question has two values of
            `together`, or a class stands in one document, or one group of them, alone.
    """
    key = together or group
    divided = folds(corpus, num, group=key)
    questions: dict[str, set[str]] = {}
    places: dict[str, set[str]] = {}
    for doc in corpus:
        place = doc.id if key is None else str(doc.meta[key])
        if group is not None:
            questions.setdefault(str(doc.meta.get(group)), set()).add(place)
        if doc.label is not None:
            places.setdefault(doc.label, set()).add(place)
    torn = next((question for question, found in questions.items() if len(found) > 1), None)
    if torn is not None:
        raise DataError(
            f"document group {group} = {torn!r} must have one value of {together!r}, which says "
            f"what stays in one fold; it has {len(questions[torn])}. Leave together out."
        )
    rare = next((label for label, found in places.items() if len(found) == 1), None)
    if rare is not None:
        what = "documents" if key is None else f"values of {key!r}"
        raise DataError(
            f"label {rare!r} must stand in at least two {what}, to be learnt from one fold and "
            "asked in another; it stands in one. Add more of it, or leave it out."
        )
    return divided


def unread_splits(corpus: Corpus) -> tuple[str, ...]:
    """Return a line for each split of a name that nothing reads.

    >>> from lichen.data.corpus import Document
    >>> unread_splits(Corpus((Document(id="1", text="a", split="held"),)))
    ('split held: nothing reads its 1 documents; the splits are train, valid and test',)
    """
    counts = Counter(doc.split for doc in corpus if doc.split not in (None, *SPLITS))
    return tuple(
        f"split {name}: nothing reads its {count} documents; the splits are train, valid and test"
        for name, count in sorted(counts.items(), key=str)
    )


def warn_of_unread(corpus: Corpus, *, where: str) -> None:
    """Log splits of a name that nothing reads."""
    for line in unread_splits(corpus):
        log.warning("%s: %s", where, line)


def leaks_between(train: Corpus, test: Corpus, *, graph: Graph | None) -> tuple[Finding, ...]:
    """Run the leak guards on documents, whatever their own splits say.

    Args:
        train: the documents that models were trained on.
        test: those that they are scored on.
        graph: the facts that they know; None looks at the texts alone.
    """
    return corpus_leaks(as_splits(train, test), graph=graph)


def as_splits(train: Corpus, test: Corpus) -> Corpus:
    """Return all documents, their splits named by what they are used for."""
    shown = [replace(doc, split="train") for doc in train]
    tested = [replace(doc, split="test") for doc in test]
    return Corpus((*shown, *tested))
