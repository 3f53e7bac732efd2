"""Labelled texts to folds: each is held out once, and the others are there to learn from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lichen.base import check
from lichen.base.errors import DataError
from lichen.data.corpus import Corpus


def folds(
    corpus: Corpus, num: int = 5, *, group: str | None = None, seed: int = 0
) -> tuple[Corpus, ...]:
    """Divide documents at random into folds, each label's as evenly as can be.

    A group goes by the label of its first document.

    Args:
        corpus: the documents; their own splits are not looked at.
        num: how many folds, from 2.
        group: key of `meta` whose equal values stay together, such as the choices of a question;
            None divides single documents.
        seed: of the draw.

    Returns:
        For each fold all documents, its own as the split "test" and the others as "train".

    Raises:
        DataError: there are fewer documents, or groups, than folds, or a document has no such key.
        ConfigError: `num` is below 2 or no whole number.

    >>> from lichen.data.corpus import Document
    >>> docs = Corpus(tuple(Document(id=str(i), text="a", label="yn"[i % 2]) for i in range(10)))
    >>> [sorted(doc.label for doc in fold.test) for fold in folds(docs, 5)]
    [['n', 'y'], ['n', 'y'], ['n', 'y'], ['n', 'y'], ['n', 'y']]
    """
    check.whole("folds.num", num, 2, 1000)
    labels: dict[str, str] = {}
    names: list[str] = []
    for doc in corpus:
        if group is not None and group not in doc.meta:
            raise DataError(
                f"document {doc.id!r}: meta must have the key {group!r} by which documents stay "
                f"together in one fold; got {sorted(doc.meta)}."
            )
        names.append(doc.id if group is None else str(doc.meta[group]))
        labels.setdefault(names[-1], str(doc.label))
    if len(labels) < num:
        what = "documents" if group is None else f"groups of equal {group!r}"
        raise DataError(
            f"folds: there must be at least as many {what} as folds; got {len(labels)} for {num}. "
            "Take fewer folds."
        )
    order = np.random.default_rng(seed).permutation(len(labels))
    given = list(labels)
    shuffled = [given[i] for i in order]
    dealt = sorted(shuffled, key=lambda name: labels[name])
    fold = {name: place % num for place, name in enumerate(dealt)}
    return tuple(
        Corpus(
            tuple(
                replace(doc, split="test" if fold[name] == k else "train")
                for doc, name in zip(corpus, names, strict=True)
            )
        )
        for k in range(num)
    )
