"""Masked facts: a fact is written out, one of its entities is hidden, and its words are told."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from lichen.data.corpus import Corpus, Document, Mention, Span
from lichen.data.graph import Graph
from lichen.lm.text_encoder import TextEncoder
from lichen.training.objectives.mask import MaskedWords
from lichen.training.objectives.windows import Window, Windows

MAX_TOKENS = 64
"""Tokens of a written fact that are read."""


class MaskedFacts(MaskedWords):
    """Write facts as "head relation tail", hide either entity whole, and tell its words.

    The names stand beside the relation's words, so what is learned is told by the same words in
    other sentences, and through the same head as masked words.

    Use to teach a language model facts that no text states, so that it can say them.

    Cost: one pass over as many short sentences as the batch has facts.
    Relatives: `TripleScoring`, which learns vectors of entities, not words; KELM, whose sentences
    a generator writes.
    """

    PAPER: ClassVar[str | None] = "Agarwal et al., 2021, arXiv:2010.12688"
    NEEDS: ClassVar[str] = "training fact"

    def __init__(self, text: TextEncoder, windows: Windows, graph: Graph) -> None:
        del windows
        documents = tuple(written(graph, fact) for fact in graph.split("train").tolist())
        super().__init__(
            text, Windows(text, Corpus(documents), graph, max_tokens=MAX_TOKENS), graph
        )

    def hidden(self, window: Window, rng: np.random.Generator) -> NDArray[np.bool_]:
        """Draw the entity to hide."""
        place = window.places[rng.integers(len(window.places))]
        at = np.arange(len(window.ids))
        return (place.start <= at) & (at < place.end)


def written(graph: Graph, fact: list[int]) -> Document:
    """Return a fact in words, its entities mentioned.

    Args:
        graph: whose names are used.
        fact: head, relation and tail id.

    >>> from lichen.data.graph import Graph
    >>> written(Graph.from_triples([("Vienna", "capital_of", "Austria")]), [0, 0, 1]).text
    'Vienna capital of Austria'
    """
    h, r, t = fact
    head, tail = graph.name(h), graph.name(t)
    start = f"{head} {graph.relation_text(r)} "
    spans = (Span(0, len(head)), h), (Span(len(start), len(start) + len(tail)), t)
    return Document(
        id=f"fact/{h}/{r}/{t}",
        text=start + tail,
        mentions=tuple(Mention(span, entity=entity) for span, entity in spans),
    )
