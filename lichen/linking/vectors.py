"""Entities as unit vectors of a line about each, made when first asked for and kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lichen.linking.knowledge import Knowledge

Vectors = NDArray[np.float32]

BATCH = 256
"""Lines about entities encoded at once."""


class Encoder(Protocol):
    """Whatever turns strings into unit vectors."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return `(texts, dim)` float32 rows of length 1."""
        ...


class EntityVectors:
    """What a text encoder makes of each entity's name, types and description.

    Args:
        text: the encoder.
        knowledge: gives the line about each entity.
    """

    def __init__(self, text: Encoder, knowledge: Knowledge) -> None:
        self._text = text
        self._knowledge = knowledge
        self._known: dict[int, Vectors] = {}
        self._all: tuple[list[int], Vectors] | None = None

    def of(self, entities: Sequence[int]) -> Vectors:
        """Return `(entities, dim)`; those not met before are encoded together.

        Args:
            entities: ids, repeats allowed.
        """
        new = [e for e in dict.fromkeys(entities) if e not in self._known]
        for start in range(0, len(new), BATCH):
            part = new[start : start + BATCH]
            lines = self._text.encode([self._knowledge.words(e) for e in part])
            self._known.update(zip(part, lines, strict=True))
        return np.stack([self._known[e] for e in entities])

    def texts(self, texts: Sequence[str]) -> Vectors:
        """Return `(texts, dim)`."""
        return self._text.encode(list(texts))

    def nearest(self, words: str, *, limit: int) -> list[tuple[int, float]]:
        """Return the entities nearest in meaning and their cosines, best first.

        The search is exact; the first call encodes every entity.

        Args:
            words: a mention.
            limit: how many at most.
        """
        entities = self._knowledge.entities()
        if not entities:
            return []
        if self._all is None or len(self._all[0]) != len(entities):
            self._all = (entities, self.of(entities))
        cosines = self._all[1] @ self.texts([words])[0]
        best = np.argsort(-cosines, kind="stable")[:limit]
        return [(entities[i], float(cosines[i])) for i in best.tolist()]
