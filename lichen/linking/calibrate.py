"""A corpus with known mentions -> the weights under which a linker decides best."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lichen.base.errors import DataError
from lichen.base.progress import track
from lichen.data.corpus import Corpus, Document, Span
from lichen.linking.linker import AT_ONCE, Linker
from lichen.linking.rank import Weights, fit

Evidence = tuple[list[NDArray[np.float64]], list[int | None]]


def evidence(linker: Linker, corpus: Corpus, *, is_complete: bool = False) -> Evidence:
    """Return what speaks for each candidate of known mentions, and which is right.

    Args:
        linker: gives the candidates.
        corpus: whose documents have mentions with entities; None is NIL.
        is_complete: whether all mentions are known, so that whatever else the linker finds is
            NIL.

    Returns:
        One `(candidates, clues)` array per mention that has a candidate, and the right row;
        None where the right entity is NIL or not among them.
    """
    matrices: list[NDArray[np.float64]] = []
    truths: list[int | None] = []
    for first in track(range(0, len(corpus), AT_ONCE), what="weighing mentions"):
        docs = corpus.documents[first : first + AT_ONCE]
        gold = [{m.span: m.entity for m in doc.mentions} for doc in docs]
        spans = [
            _with_others(doc, linker.find(doc.text)) if is_complete else list(known)
            for doc, known in zip(docs, gold, strict=True)
        ]
        texts = [doc.text for doc in docs]
        found = linker.weigh(list(zip(texts, spans, strict=True)))
        for known, weighed in zip(gold, found, strict=True):
            for seen in weighed:
                if seen.entities:
                    matrices.append(seen.clues)
                    truths.append(_place(seen.entities, known.get(seen.span)))
    return matrices, truths


def _with_others(doc: Document, found: Sequence[Span]) -> list[Span]:
    """Return a document's known mentions, and what else was found beside them."""
    known = [m.span for m in doc.mentions]
    beside = [s for s in found if all(s.end <= k.start or k.end <= s.start for k in known)]
    return sorted([*known, *beside])


def _place(entities: Sequence[int], entity: int | None) -> int | None:
    return None if entity is None or entity not in entities else entities.index(entity)


def calibrate(linker: Linker, corpus: Corpus, *, is_complete: bool = False) -> Weights:
    """Learn a linker's weights from a corpus with known mentions, and let it use them.

    Args:
        linker: gets the weights.
        corpus: whose documents have mentions. Those without an entity teach what NIL looks
            like: without any, everything that has a candidate is linked.
        is_complete: whether all mentions are known, so that whatever else the linker finds is
            NIL.

    Returns:
        The weights.

    Raises:
        DataError: no document has a mention with a candidate.
    """
    matrices, truths = evidence(linker, corpus, is_complete=is_complete)
    if not matrices:
        raise DataError(
            "corpus: must have documents with mentions that the linker has candidates for, "
            "found none. Label some, or check that they are of this graph."
        )
    linker.weights = fit(matrices, truths)
    return linker.weights
