"""Corpora, graphs and weights to short hashes, so that a folder knows which run it holds."""

from __future__ import annotations

import hashlib

import torch

from lichen.data.corpus import Corpus
from lichen.data.graph import Graph


def corpus_hash(data: Corpus, *, group: str | None = None) -> str:
    """Return a hash of texts, labels, mentions and groups, equal for equal data.

    Args:
        data: the documents.
        group: key of `meta` that says their groups; None: they have none.
    """
    digest = hashlib.sha256()
    for doc in data:
        mentions = [(tuple(m.span), m.entity) for m in doc.mentions]
        more: tuple[object, ...] = () if group is None else (doc.meta.get(group),)
        if doc.spans is not None:
            more = (*more, [(tuple(span), label) for span, label in doc.spans])
        digest.update(repr((doc.id, doc.text, doc.label, mentions, *more)).encode())
    return digest.hexdigest()[:16]


def graph_hash(graph: Graph) -> str:
    """Return a hash of what training reads of a graph: facts, their splits, types and all words."""
    splits = {name: torch.from_numpy(rows.copy()) for name, rows in sorted(graph.splits.items())}
    told = (graph.descriptions, graph.types, graph.relation_texts)
    return digest(
        torch.from_numpy(graph.triples.copy()),
        repr(list(splits)),
        *splits.values(),
        repr((graph.entities.labels, graph.relations.labels, graph.names)),
        repr([sorted(words.items()) for words in told]),
    )


def digest(*parts: torch.Tensor | str) -> str:
    """Return a hash of tensors and texts in their order."""
    found = hashlib.sha256()
    for part in parts:
        found.update(part.encode() if isinstance(part, str) else part.cpu().numpy().tobytes())
    return found.hexdigest()[:16]
