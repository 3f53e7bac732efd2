"""Two thirds of a fact to what completes it: predictions with scores and probabilities."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

from lichen.base import check
from lichen.base.choose import choose
from lichen.base.errors import ConfigError, DataError
from lichen.data.builder import parts_of
from lichen.data.graph import Graph, Ids
from lichen.data.vocabulary import Vocabulary
from lichen.embedding.calibrate import (
    Calibrator,
    Completer,
    Kind,
    blocks,
    hide_known,
    score_all,
)
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.evaluate import require_ranker
from lichen.embedding.prior import PriorRanker, encoder_within

Asked = tuple[str | None, str | None, str | None]
"""Labels of head, relation and tail; the one to predict is None."""
Known = Literal["hide", "show"]
_IS_HIDDEN = {"hide": True, "show": False}
_MISSING: dict[int, Kind] = {0: "heads", 1: "relations", 2: "tails"}


class Prediction(NamedTuple):
    """One answer to an incomplete fact."""

    label: str
    """The entity or relation that completes it."""
    score: float
    """Higher = more plausible; comparable within one query only."""
    probability: float | None
    """That the fact is true, 0 to 1; None without a `Calibrator`."""
    is_known: bool | None
    """Whether the graph states the fact; None without a graph."""


class Neighbour(NamedTuple):
    """An entity near another one."""

    label: str
    similarity: float
    """Cosine, -1 to 1, under an inner product; minus the distance under a distance."""


def complete(
    encoder: Completer,
    head: str | None,
    relation: str | None,
    tail: str | None,
    *,
    graph: Graph | None = None,
    known: Known = "hide",
    top: int = 10,
    calibrator: Calibrator | None = None,
) -> list[Prediction]:
    """Predict what completes a fact: its tail, its head, or its relation.

    Args:
        encoder: the trained vectors.
        head: label of the head, or None to predict it.
        relation: label of the relation, or None to predict it.
        tail: label of the tail, or None to predict it.
        graph: facts that are known; None knows of none.
        known: "hide" leaves answers that the graph states out, "show" marks them.
        top: predictions at most.
        calibrator: gives probabilities; see `calibrate`. None leaves them out.

    Returns:
        Predictions, best first.

    Raises:
        DataError: not exactly one of the three is None, a label is unknown (the message suggests
            the nearest), or a score is NaN.
        ConfigError: `encoder` or `graph` is none, or `top` is out of bounds.
        ChoiceError: `known` is neither "hide" nor "show".

    >>> from lichen.data.graph import Graph
    >>> graph = Graph.from_triples([("Vienna", "in", "Austria"), ("Graz", "in", "Austria")])
    >>> encoder = GraphEncoder("complex", graph, dim=4)
    >>> sorted(p.label for p in complete(encoder, "Vienna", "in", None, graph=graph))
    ['Graz', 'Vienna']
    """
    return complete_many(
        encoder, [(head, relation, tail)], graph=graph, known=known, top=top, calibrator=calibrator
    )[0]


def complete_many(
    encoder: Completer,
    asked: Sequence[Asked],
    *,
    graph: Graph | None = None,
    known: Known = "hide",
    top: int = 10,
    calibrator: Calibrator | None = None,
) -> list[list[Prediction]]:
    """Predict what completes many facts, together; see `complete`.

    Args:
        encoder: the trained vectors.
        asked: (head, relation, tail) labels of each query, exactly one of them None.
        graph: facts that are known; None knows of none.
        known: "hide" leaves answers that the graph states out, "show" marks them.
        top: predictions a query at most.
        calibrator: gives probabilities; None leaves them out.

    Returns:
        Predictions of each query, best first, in the order asked.

    Raises:
        DataError: as in `complete`; the message names the query.
        ConfigError: as in `complete`.
        ChoiceError: `known` is neither "hide" nor "show".
    """
    is_hidden = choose("known", known, _IS_HIDDEN)
    check.whole("top", top, 1, 1_000_000_000)
    require_ranker("complete", encoder)
    if graph is not None:
        check.kind("complete: graph", graph, Graph, fix="Load it by Graph.load.")
    facts, missing = _read(encoder, asked)
    stated = None if graph is None else _facts_of(graph, encoder)
    found: list[list[Prediction]] = [[] for _ in asked]
    for column, kind in _MISSING.items():
        rows = np.flatnonzero(missing == column)
        labels = encoder.relations if kind == "relations" else encoder.entities
        for block in blocks(len(rows), len(labels)):
            answers = _Answers(encoder, kind, facts[rows[block]], stated)
            told = answers.best(top, labels, calibrator, is_hidden=is_hidden)
            for row, predictions in zip(rows[block].tolist(), told, strict=True):
                found[row] = predictions
    return found


class _Answers:
    """Scores of all candidates of some queries of one kind, and which are known."""

    def __init__(self, encoder: Completer, kind: Kind, facts: Ids, stated: Ids | None) -> None:
        self.kind, self.has_graph = kind, stated is not None
        self.scores = score_all(encoder, kind, facts)
        nothing = facts[:0]
        hits = hide_known(kind, facts, nothing if stated is None else stated)
        self.is_known = torch.zeros(self.scores.shape, dtype=torch.bool)
        self.is_known[hits] = True
        self.is_known = self.is_known.to(self.scores.device)

    def best(
        self, top: int, labels: Vocabulary, calibrator: Calibrator | None, *, is_hidden: bool
    ) -> list[list[Prediction]]:
        unknown = self.scores.masked_fill(self.is_known, -torch.inf)
        shown = unknown if is_hidden else self.scores
        best, column = shown.topk(min(top, shown.shape[1]), dim=1)
        kept = torch.ones_like(best, dtype=torch.bool)
        if is_hidden:
            kept = ~self.is_known.gather(1, column)
        mass = unknown.logsumexp(1, keepdim=True).expand_as(best)
        chance = None
        if calibrator is not None:
            asked = best.masked_fill(~kept, 0.0)  # those left out score minus infinity
            parts = (asked.numpy(force=True), mass.numpy(force=True))
            chance = calibrator.probability(self.kind, *parts).tolist()
        stated = self.is_known.gather(1, column).tolist()
        return [
            [
                Prediction(
                    labels[ids[k]],
                    scores[k],
                    None if chance is None else chance[row][k],
                    stated[row][k] if self.has_graph else None,
                )
                for k in range(len(ids))
                if keep[k]
            ]
            for row, (ids, scores, keep) in enumerate(
                zip(column.tolist(), best.tolist(), kept.tolist(), strict=True)
            )
        ]


def nearest(encoder: GraphEncoder | PriorRanker, label: str, *, top: int = 10) -> list[Neighbour]:
    """Return the entities whose vectors are nearest to an entity's.

    Near means a high cosine where scores are inner products, and a short Euclidean distance
    where scores are distances.

    Args:
        encoder: the trained vectors; a `PriorRanker` has those of its encoder.
        label: label of the entity.
        top: neighbours at most.

    Returns:
        Neighbours, nearest first, the entity itself left out.

    Raises:
        DataError: the label is unknown, or a vector holds a NaN.
        ConfigError: the model has no entity vectors, as a `PathModel` has none.
    """
    check.kind("label", label, str, fix="Ask nearest_many for several.")
    return nearest_many(encoder, [label], top=top)[0]


def nearest_many(
    encoder: GraphEncoder | PriorRanker, labels: Sequence[str], *, top: int = 10
) -> list[list[Neighbour]]:
    """Return the entities whose vectors are nearest to each of some, together; see `nearest`.

    Args:
        encoder: the trained vectors; a `PriorRanker` has those of its encoder.
        labels: labels of the entities.
        top: neighbours of an entity at most.

    Returns:
        Neighbours of each, nearest first, itself left out, in the order asked.

    Raises:
        DataError: a label is unknown, or a vector holds a NaN.
        ConfigError: as in `nearest`; or `labels` is no list.
    """
    check.whole("top", top, 1, 1_000_000_000)
    encoder = encoder_within(encoder, call="nearest")
    if isinstance(labels, str) or not isinstance(labels, Iterable):
        raise ConfigError(
            f"nearest_many: labels must be a list of labels; got {labels!r}. Ask nearest for one."
        )
    entities = torch.from_numpy(encoder.entities.ids(labels))
    found: list[list[Neighbour]] = []
    with torch.no_grad():
        vectors = encoder.vectors()
        for block in blocks(len(entities), len(vectors)):
            asked = entities[block].to(vectors.device)
            similarity = _similarity(encoder, vectors[asked], vectors)
            similarity[torch.arange(len(asked)), asked] = -torch.inf
            best, ids = similarity.topk(min(top, len(vectors) - 1), dim=1)
            found += [
                [Neighbour(encoder.entities[i], x) for i, x in zip(*row, strict=True)]
                for row in zip(ids.tolist(), best.tolist(), strict=True)
            ]
    return found


def _similarity(encoder: GraphEncoder, asked: Tensor, vectors: Tensor) -> Tensor:
    """Return how near all vectors are to some: `(asked, width)` -> `(asked, entities)`."""
    if encoder.scorer.comparison.is_dot:
        size = asked.norm(dim=1)[:, None] * vectors.norm(dim=1)
        found: Tensor = (asked @ vectors.T) / size.clamp_min(torch.finfo(vectors.dtype).tiny)
    else:
        found = -torch.cdist(asked, vectors)
    if found.isnan().any():
        raise DataError(
            "vectors must hold numbers; they hold a NaN. The training of these vectors "
            "diverged: train again with a lower learning rate."
        )
    return found


def missing_part(query: Asked) -> int:
    """Return which part of a query is to be predicted: 0 the head, 1 the relation, 2 the tail.

    Args:
        query: (head, relation, tail) labels.

    Raises:
        DataError: it is not of three parts, or not exactly one of them is None.
    """
    parts = parts_of(query)
    if parts is None:
        raise DataError(
            f"complete: a query must be (head, relation, tail), one of them None; got {query!r}."
        )
    absent = [i for i, label in enumerate(parts) if label is None]
    if len(absent) != 1:
        raise DataError(
            "complete: exactly one of head, relation and tail must be None, the one to predict; "
            f"got {query!r}."
        )
    return absent[0]


def _read(encoder: Completer, asked: Sequence[Asked]) -> tuple[Ids, Ids]:
    """Return `(queries, 3)` ids, 0 where asked for, and `(queries,)` column asked for."""
    facts = np.zeros((len(asked), 3), dtype=np.int64)
    missing = np.zeros(len(asked), dtype=np.int64)
    names = (encoder.entities, encoder.relations, encoder.entities)
    for row, query in enumerate(asked):
        missing[row] = missing_part(query)
        for column, label in enumerate(query):
            if label is not None:
                facts[row, column] = names[column].id(label)
    return facts, missing


def _facts_of(graph: Graph, encoder: Completer) -> Ids:
    """Return the graph's facts in the encoder's ids; facts with a label it lacks are no answers."""
    if graph.entities == encoder.entities and graph.relations == encoder.relations:
        return graph.triples
    entity, relation = (
        np.array([-1 if i is None else i for i in map(own.get, theirs)], dtype=np.int64)
        for own, theirs in (
            (encoder.entities, graph.entities),
            (encoder.relations, graph.relations),
        )
    )
    h, r, t = graph.triples.T
    facts = np.stack([entity[h], relation[r], entity[t]], axis=1)
    return facts[(facts >= 0).all(axis=1)]
