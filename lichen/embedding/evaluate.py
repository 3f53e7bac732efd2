"""A graph encoder and a split to filtered link-prediction ranks, both sides, in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from lichen.base.progress import track
from lichen.data.graph import Graph, Ids
from lichen.embedding.encoder import GraphEncoder
from lichen.evaluation.ranks import RankMetrics, Ranks, Ties, rank_metrics, rank_of_truth

CHUNK_SCORES = 8_000_000
"""Scores held at a time: 32 MB."""


@dataclass(frozen=True, kw_only=True)
class LinkPrediction:
    """Filtered ranks of the facts of a split: the tail given head and relation, and the head."""

    both: RankMetrics
    tails: RankMetrics
    heads: RankMetrics
    tail_ranks: Ranks
    """`(facts,)`"""
    head_ranks: Ranks
    """`(facts,)`"""
    num_unseen: int
    """Facts with an entity that training never saw; they are kept and count as they rank."""

    def __str__(self) -> str:
        """Show the figures of both sides on one line."""
        return f"{self.both}, {self.num_unseen} facts with an unseen entity"


class KnownAnswers:
    """Which entities answer (entity, directed relation) queries; relation r + R asks for heads."""

    def __init__(self, triples: Ids, *, num_relations: int) -> None:
        h, r, t = triples.T
        self._width = 2 * num_relations
        keys = np.concatenate([h * self._width + r, t * self._width + r + num_relations])
        order = np.argsort(keys, kind="stable")
        self._keys, self._answers = keys[order], np.concatenate([t, h])[order]

    def pairs(self, entity: Ids, relation: Ids) -> tuple[Ids, Ids]:
        """Return the query number and the known answer of each hit, `(hits,)` both."""
        keys = entity * self._width + relation
        starts = np.searchsorted(self._keys, keys, side="left")
        counts = np.searchsorted(self._keys, keys, side="right") - starts
        rows = np.repeat(np.arange(len(keys)), counts)
        within = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        return rows, self._answers[np.repeat(starts, counts) + within]

    def mask(self, entity: Ids, relation: Ids, *, num_entities: int) -> NDArray[np.bool_]:
        """Return `(queries, entities)`, True where the entity is a known answer."""
        rows, answers = self.pairs(entity, relation)
        known = np.zeros((len(entity), num_entities), dtype=np.bool_)
        known[rows, answers] = True
        return known


def evaluate(
    encoder: GraphEncoder, graph: Graph, split: str = "test", *, ties: Ties = "realistic"
) -> LinkPrediction:
    """Rank the tail and the head of every fact of a split among all entities.

    Other facts of the graph, whatever their split, are left out of the comparison ("filtered").

    Args:
        encoder: the trained vectors.
        graph: the graph, its splits included.
        split: which facts to rank.
        ties: how equal scores rank; see `rank_of_truth`.

    Returns:
        Metrics over both sides and over each.

    Raises:
        DataError: there is no such split, it is empty, or a score is NaN.
    """
    triples = graph.split(split)
    known = KnownAnswers(graph.triples, num_relations=graph.num_relations)
    tail_ranks, head_ranks = rank_triples(encoder, triples, known=known, ties=ties)
    train = graph.split("train") if "train" in graph.splits or not graph.splits else graph.triples
    seen = np.zeros(graph.num_entities, dtype=np.bool_)
    seen[train[:, [0, 2]]] = True
    return LinkPrediction(
        both=rank_metrics(np.concatenate([tail_ranks, head_ranks])),
        tails=rank_metrics(tail_ranks),
        heads=rank_metrics(head_ranks),
        tail_ranks=tail_ranks,
        head_ranks=head_ranks,
        num_unseen=int((~seen[triples[:, [0, 2]]]).any(axis=1).sum()),
    )


def rank_triples(
    encoder: GraphEncoder, triples: Ids, *, known: KnownAnswers, ties: Ties = "realistic"
) -> tuple[Ranks, Ranks]:
    """Rank tails and heads of some facts, known answers left out.

    Args:
        encoder: the trained vectors.
        triples: `(facts, 3)` h, r, t.
        known: the answers to leave out.
        ties: how equal scores rank.

    Returns:
        `(facts,)` tail ranks and `(facts,)` head ranks.
    """
    h, r, t = triples.T
    asked = np.concatenate([h, t])
    relation = np.concatenate([r, r + encoder.num_relations])
    truth = np.concatenate([t, h])
    size = max(1, CHUNK_SCORES // max(1, encoder.num_entities))
    parts: list[Ranks] = []
    for start in track(range(0, len(asked), size), what="ranking"):
        rows = slice(start, start + size)
        with torch.no_grad():
            scores = encoder.score_directed(asked[rows], relation[rows]).numpy(force=True)
        hide = known.mask(asked[rows], relation[rows], num_entities=encoder.num_entities)
        parts.append(rank_of_truth(scores, truth[rows], hide=hide, ties=ties))
    ranks = np.concatenate(parts) if parts else np.empty(0)
    return ranks[: len(triples)], ranks[len(triples) :]
