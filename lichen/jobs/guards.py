"""What a comparison trained on and is tested on to what makes its figures worth nothing."""

from __future__ import annotations

from dataclasses import replace

from lichen.data.corpus import Corpus
from lichen.data.graph import Graph
from lichen.data.leaks import Finding, corpus_leaks


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
