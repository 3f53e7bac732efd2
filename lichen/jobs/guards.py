"""What a comparison trained on and is tested on to what of the answers leaks between the two."""

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
    shown = [replace(doc, split="train") for doc in train]
    tested = [replace(doc, split="test") for doc in test]
    return corpus_leaks(Corpus((*shown, *tested)), graph=graph)
