"""A corpus with known mentions -> the weights under which a linker decides best."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lichen.base.errors import DataError
from lichen.base.progress import track
from lichen.data.corpus import Corpus
from lichen.linking.linker import AT_ONCE, Linker
from lichen.linking.rank import Weights, fit

Evidence = tuple[list[NDArray[np.float64]], list[int | None]]


def evidence(linker: Linker, corpus: Corpus) -> Evidence:
    """Return what speaks for each candidate of known mentions, and which is right.

    Args:
        linker: gives the candidates.
        corpus: whose documents have mentions with entities; None is NIL.

    Returns:
        One `(candidates, clues)` array per mention that has a candidate, and the right row;
        None where the right entity is NIL or not among them.
    """
    matrices: list[NDArray[np.float64]] = []
    truths: list[int | None] = []
    for first in track(range(0, len(corpus), AT_ONCE), what="weighing mentions"):
        docs = corpus.documents[first : first + AT_ONCE]
        found = linker.weigh([(d.text, [m.span for m in d.mentions]) for d in docs])
        for doc, weighed in zip(docs, found, strict=True):
            for mention, seen in zip(doc.mentions, weighed, strict=True):
                if seen.entities:
                    matrices.append(seen.clues)
                    truths.append(_place(seen.entities, mention.entity))
    return matrices, truths


def _place(entities: Sequence[int], entity: int | None) -> int | None:
    return entities.index(entity) if entity in entities else None


def calibrate(linker: Linker, corpus: Corpus) -> Weights:
    """Learn a linker's weights from a corpus with known mentions, and let it use them.

    Args:
        linker: gets the weights.
        corpus: whose documents have mentions. Those without an entity teach what NIL looks
            like: without any, everything that has a candidate is linked.

    Returns:
        The weights.

    Raises:
        DataError: no document has a mention with a candidate.
    """
    matrices, truths = evidence(linker, corpus)
    if not matrices:
        raise DataError(
            "corpus: must have documents with mentions that the linker has candidates for, "
            "found none. Label some, or check that they are of this graph."
        )
    linker.weights = fit(matrices, truths)
    return linker.weights
