"""What the matcher sees of a question: mentions replaced by their types, pieces of rare scripts."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from lichen.data.corpus import Mention, Span
from lichen.lm.text_encoder import TextEncoder
from lichen.reasoning.actions import MAX_POINTERS
from lichen.reasoning.view import FactView

NUM_PIECES = 4096
"""Rows of the table of character pieces; 0 is no piece."""
PIECES_PER_TOKEN = 4
_WORD = re.compile(r"\b[a-z]{3,}\b")
MAX_CHARACTERS = 600
"""A longer text is not a question."""


class Masked(NamedTuple):
    """A question whose mentions are replaced by the words for their types."""

    text: str
    spans: tuple[Span, ...]
    """Where each placeholder stands; the position is the pointer's number."""


class Seen(NamedTuple):
    """One masked question as tensors; nothing is padded."""

    states: Tensor
    """`(tokens, dim)` bfloat16, from the frozen encoder."""
    pointers: Tensor
    """`(tokens,)` int: 0, or the number of the mention plus 1."""
    pieces: Tensor
    """`(tokens, PIECES_PER_TOKEN)` int: hashed character pieces, 0 for plain Latin text."""


def mask_mentions(text: str, mentions: Sequence[Mention], view: FactView) -> Masked:
    """Replace each mention by the word for its entity's type.

    >>> from lichen.data.graph import Graph
    >>> view = FactView(Graph.from_triples([("Austria", "capital", "Vienna")]))
    >>> mask_mentions("Capital of Austria?", [Mention(Span(11, 18), 0)], view).text
    'Capital of thing?'
    """
    out, at, spans = "", 0, []
    for mention in list(mentions)[:MAX_POINTERS]:
        types = () if mention.entity is None else view.types_of(mention.entity)
        word = types[0] if types else "thing"
        out += text[at : mention.span.start]
        spans.append(Span(len(out), len(out) + len(word)))
        out += word
        at = mention.span.end
    return Masked(out + text[at:], tuple(spans))


class Decoys:
    """Words of questions that are also names: "blue" in "blue helmets".

    A linker finds them as mentions; training shows the matcher questions with them, so that it
    learns to leave them unused.

    Args:
        view: whose names are looked at.
    """

    def __init__(self, view: FactView) -> None:
        self._entities: dict[str, int] = {}
        for entity, label in enumerate(view.labels):
            self._entities.setdefault(label.lower(), entity)

    def add(self, text: str, mentions: Sequence[Mention]) -> tuple[Mention, ...]:
        """Return the mentions with those that words outside them would be taken for."""
        found = list(mentions)
        for word in _WORD.finditer(text):
            span = Span(word.start(), word.end())
            if any(m.span.start < span.end and span.start < m.span.end for m in mentions):
                continue
            name = word.group()
            entity = self._entities.get(name, self._entities.get(name.removesuffix("s")))
            if entity is not None:
                found.append(Mention(span, entity))
        return tuple(sorted(found, key=lambda m: m.span))


def see(questions: Sequence[Masked], text: TextEncoder, *, batch_size: int = 64) -> list[Seen]:
    """Return the frozen states and further features of masked questions, in order.

    Args:
        questions: what `mask_mentions` gave.
        text: the frozen encoder.
        batch_size: questions per forward pass.
    """
    order = sorted(range(len(questions)), key=lambda i: len(questions[i].text))
    out: dict[int, Seen] = {}
    for start in range(0, len(order), batch_size):
        chunk = order[start : start + batch_size]
        found = text.states([questions[i].text for i in chunk])
        lengths = found.mask.sum(1).tolist()
        for row, i in enumerate(chunk):
            n = int(lengths[row])
            offsets = found.offsets[row, :n].tolist()
            states = found.states[row, :n].to(torch.bfloat16).cpu().clone()
            out[i] = Seen(
                states,
                _pointers(offsets, questions[i].spans),
                _pieces(offsets, questions[i].text),
            )
    return [out[i] for i in range(len(questions))]


def _pointers(offsets: list[list[int]], spans: Sequence[Span]) -> Tensor:
    marks = [
        next((k for k, s in enumerate(spans, 1) if a < s.end and b > s.start), 0) if b > a else 0
        for a, b in offsets
    ]
    return torch.tensor(marks, dtype=torch.long)


def _pieces(offsets: list[list[int]], text: str) -> Tensor:
    lower = text.lower()
    rows = []
    for a, b in offsets:
        pieces: list[str] = []
        if b > a and not lower[a:b].isascii():
            pieces = [lower[a:b], lower[a : b + 1], lower[max(a - 1, 0) : b], lower[a : b + 2]]
        hashes = [1 + zlib.crc32(p.encode()) % (NUM_PIECES - 1) for p in pieces]
        rows.append(hashes + [0] * (PIECES_PER_TOKEN - len(hashes)))
    return torch.tensor(rows, dtype=torch.long).reshape(-1, PIECES_PER_TOKEN)
