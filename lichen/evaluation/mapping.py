"""Facts to the mapping class of each relation: 1-1, 1-N, N-1 or N-N."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MAPPINGS = ("1-1", "1-N", "N-1", "N-N")
FROM_MANY = 1.5
"""Mean number of answers from which a side counts as N."""


def mapping_classes(triples: NDArray[np.int64], *, num_relations: int) -> tuple[str, ...]:
    """Say of each relation whether a head has one tail or many, and a tail one head or many.

    A side is N when its mean number of answers is at least 1.5; a relation without a fact is 1-1.

    Args:
        triples: `(facts, 3)` h, r, t, without duplicates.
        num_relations: how many relations there are.

    Returns:
        One of `MAPPINGS` for each relation id.

    References:
        Bordes et al., 2013, NeurIPS 26, section 4.2.

    >>> mapping_classes(np.array([[0, 0, 1], [0, 0, 2], [3, 1, 4]]), num_relations=2)
    ('1-N', '1-1')
    """
    relation = triples[:, 1]
    facts = np.bincount(relation, minlength=num_relations)
    span = 1 + int(triples[:, [0, 2]].max(initial=0))
    many = []
    for end in (2, 0):
        asked = np.unique(relation * span + triples[:, end]) // span
        queries = np.bincount(asked, minlength=num_relations)
        many.append(facts >= FROM_MANY * np.maximum(queries, 1))
    return tuple(
        f"{'N' if heads else '1'}-{'N' if tails else '1'}"
        for heads, tails in zip(*many, strict=True)
    )
