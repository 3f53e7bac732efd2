"""A corpus to windows of tokens, each with its words and the mentions that lie inside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lichen.base.errors import DataError
from lichen.data.corpus import Corpus, Document
from lichen.data.graph import Graph
from lichen.embedding.described import descriptions
from lichen.fusion.batch import token_mentions
from lichen.fusion.known import NONE
from lichen.lm.text_encoder import TextEncoder

Ids = NDArray[np.int64]
MOST_TOLD = 64
"""Tokens of a description that are read."""


class Place(NamedTuple):
    """The tokens `start` to `end` of a window, `end` not included, that name an entity."""

    start: int
    end: int
    entity: int


class Window(NamedTuple):
    """As many tokens of a document as the model is shown at once."""

    ids: Ids
    """`(tokens,)`, special ones included."""
    words: Ids
    """`(tokens,)` number of the word that a token is part of, or -1 for a special token."""
    places: tuple[Place, ...]
    """Linked mentions that lie inside, in order."""


class Windows:
    """All windows of a corpus, in order.

    Args:
        text: whose tokenizer cuts the documents.
        corpus: the documents; mentions may be linked to the graph.
        graph: whose entities the mentions mean.
        max_tokens: tokens a window, special ones included; a longer document is cut into several.

    Raises:
        DataError: a mention's entity is not in the graph.
    """

    def __init__(self, text: TextEncoder, corpus: Corpus, graph: Graph, *, max_tokens: int) -> None:
        self.pad = int(text.tokenizer.pad_token_id or 0)
        self.items: list[Window] = []
        for doc in corpus:
            _refuse_foreign(doc, graph)
            self.items += _cut(text, doc, min(max_tokens, text.max_tokens))

    def __len__(self) -> int:
        """Count the windows."""
        return len(self.items)

    def __getitem__(self, index: int) -> Window:
        """Return the window at a position."""
        return self.items[index]

    def mentions(self) -> list[tuple[int, Place]]:
        """Return all linked mentions in order, each with the number of its window."""
        return [(i, place) for i, window in enumerate(self.items) for place in window.places]


def _refuse_foreign(doc: Document, graph: Graph) -> None:
    for mention in doc.mentions:
        if mention.entity is not None and not 0 <= mention.entity < graph.num_entities:
            raise DataError(
                f"document {doc.id!r}: a mention's entity must be an id below "
                f"{graph.num_entities}, the number of entities of the graph; got "
                f"{mention.entity}. Link the corpus to this graph."
            )


def _cut(text: TextEncoder, doc: Document, max_tokens: int) -> list[Window]:
    encoded = text.tokenizer(
        doc.text,
        truncation=True,
        max_length=max_tokens,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
    )
    found = []
    for part, offsets in zip(encoded.encodings, encoded["offset_mapping"], strict=True):
        words = np.array([NONE if w is None else w for w in part.word_ids], dtype=np.int64)
        if (words != NONE).any():
            ids = np.array(part.ids, dtype=np.int64)
            found.append(Window(ids, words, _places(doc, torch.tensor(offsets), words)))
    return found


def _places(doc: Document, offsets: Tensor, words: Ids) -> tuple[Place, ...]:
    """Return the linked mentions of which no character is cut off."""
    owner = token_mentions(offsets, doc.mentions).numpy()
    inside = words != NONE
    first, last = offsets[inside][0, 0].item(), offsets[inside][-1, 1].item()
    places = []
    for number, mention in enumerate(doc.mentions):
        tokens = np.flatnonzero((owner == number) & inside)
        is_whole = first <= mention.span.start and mention.span.end <= last
        if mention.entity is not None and len(tokens) and is_whole:
            places.append(Place(int(tokens[0]), int(tokens[-1]) + 1, mention.entity))
    return tuple(places)


def description_ids(text: TextEncoder, graph: Graph) -> list[Ids]:
    """Return the tokens of every entity's name and description, `(tokens,)` each."""
    limit = min(MOST_TOLD, text.max_tokens)
    encoded = text.tokenizer(descriptions(graph), truncation=True, max_length=limit)
    return [np.array(ids, dtype=np.int64) for ids in encoded["input_ids"]]


def padded(rows: Sequence[Ids], pad: int) -> dict[str, Tensor]:
    """Return token ids of differing length as the model's inputs.

    Args:
        rows: `(tokens,)` each.
        pad: the padding's id.

    Returns:
        "input_ids" and "attention_mask", `(rows, longest)` each.
    """
    longest = max(len(row) for row in rows)
    ids = np.full((len(rows), longest), pad, dtype=np.int64)
    mask = np.zeros((len(rows), longest), dtype=np.int64)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = row
        mask[i, : len(row)] = 1
    return {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}


def spans(places: Iterable[Place]) -> Tensor:
    """Return where places are, `(places, 2)` start and end."""
    return torch.tensor([(p.start, p.end) for p in places], dtype=torch.int64).reshape(-1, 2)


def span_means(states: Tensor, rows: Tensor, where: Tensor) -> Tensor:
    """Return the mean state of each span.

    Args:
        states: `(batch, tokens, dim)`
        rows: `(spans,)` the text of each span.
        where: `(spans, 2)` its first token, and the one after its last.

    Returns:
        `(spans, dim)`
    """
    at = torch.arange(states.shape[1], device=states.device)
    keep = (at >= where[:, :1]) & (at < where[:, 1:])
    weights = keep.to(states.dtype) / keep.sum(1, keepdim=True).clamp(min=1)
    return torch.einsum("st,std->sd", weights, states[rows])
