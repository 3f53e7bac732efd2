"""A graph encoder and a split to filtered link-prediction ranks, both sides, in bounded memory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from lichen.base import check
from lichen.base.choose import choose
from lichen.base.errors import ConfigError, DataError, ShapeError
from lichen.base.progress import track
from lichen.data.graph import Graph, Ids
from lichen.data.splits import odd_facts
from lichen.data.vocabulary import Vocabulary
from lichen.embedding.known import KnownAnswers
from lichen.evaluation.mapping import MAPPINGS, mapping_classes
from lichen.evaluation.ranks import TIE_SHARE, RankMetrics, Ranks, Ties, rank_metrics

Floats = NDArray[np.float64]
CHUNK_SCORES = 4_000_000
"""Scores held at a time: 16 MB, in one buffer for the whole ranking."""


class Sized(Protocol):
    """What has entities and relations."""

    @property
    def num_entities(self) -> int:
        """Count the entities."""
        ...

    @property
    def num_relations(self) -> int:
        """Count the relations, reverse directions not included."""
        ...


class Ranker(Sized, Protocol):
    """What can be ranked: anything that scores all entities as answers to a query."""

    def score_directed(
        self, entity: ArrayLike | Tensor, relation: ArrayLike | Tensor, *, out: Tensor | None = None
    ) -> Tensor:
        """Score every entity as the answer to (entity, relation, ?).

        Args:
            entity: `(batch,)` ids.
            relation: `(batch,)` ids, all of one direction; r + num_relations asks for heads of r.
            out: `(batch, entities)`, where to write; None takes fresh memory.

        Returns:
            `(batch, entities)`, higher = more plausible; the caller may change it.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Sides:
    """Ranks summed up: of tails and heads together, and of each."""

    both: RankMetrics
    tails: RankMetrics
    heads: RankMetrics

    @classmethod
    def of(cls, tail_ranks: Ranks, head_ranks: Ranks, *, resamples: int = 1000) -> Sides:
        """Sum up `(facts,)` ranks of tails and of heads; see `rank_metrics`."""
        parts = (np.concatenate([tail_ranks, head_ranks]), tail_ranks, head_ranks)
        both, tails, heads = (rank_metrics(ranks, resamples=resamples) for ranks in parts)
        return cls(both=both, tails=tails, heads=heads)


@dataclass(frozen=True, kw_only=True, eq=False)
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
    num_unseen_relation: int
    """Facts with a relation that training never saw; they are kept and count as they rank."""
    num_loops: int
    """Facts whose head is their tail; they are kept and count as they rank."""
    relation: Ids
    """`(facts,)` relation of each fact."""
    relations: Vocabulary
    mappings: tuple[str, ...]
    """Mapping class of each relation id; see `lichen.evaluation.mapping`."""

    @cached_property
    def by_relation(self) -> dict[str, Sides]:
        """Relation label to its figures, for the relations that the split has."""
        return {self.relations[r]: self._only([r]) for r in np.unique(self.relation).tolist()}

    @cached_property
    def by_mapping(self) -> dict[str, Sides]:
        """Mapping class (1-1, 1-N, N-1, N-N) to its figures, for the classes that the split has."""
        found = {}
        for mapping in MAPPINGS:
            ids = [r for r, said in enumerate(self.mappings) if said == mapping]
            if np.isin(self.relation, ids).any():
                found[mapping] = self._only(ids)
        return found

    def _only(self, ids: list[int]) -> Sides:
        rows = np.isin(self.relation, ids)
        return Sides.of(self.tail_ranks[rows], self.head_ranks[rows], resamples=200)

    def table(self) -> str:
        """Show the figures of all facts, of each mapping class and of each relation as a table."""
        parts = {"all": Sides(both=self.both, tails=self.tails, heads=self.heads)}
        parts |= self.by_mapping | self.by_relation
        width = max(map(len, parts))
        lines = [f"{'':<{width}}   facts  MRR tails heads  H@1   H@10"]
        for name, found in parts.items():
            figures = [part.mrr for part in (found.both, found.tails, found.heads)]
            figures += [found.both.hits[1], found.both.hits[10]]
            cells = "  ".join(f"{x:.3f}"[1:] if x < 1 else "1.00" for x in figures)
            lines.append(f"{name:<{width}} {found.tails.num_queries:>7}  {cells}")
        return "\n".join(lines)

    def __str__(self) -> str:
        """Show the figures of both sides on one line, with what is odd about the facts."""
        line = f"{self.both}, {self.num_unseen} facts with an unseen entity"
        if self.num_unseen_relation:
            line += f", {self.num_unseen_relation} with an unseen relation"
        return line + (f", {self.num_loops} self-loops" if self.num_loops else "")


def evaluate(
    encoder: Ranker, graph: Graph, split: str = "test", *, ties: Ties = "realistic"
) -> LinkPrediction:
    """Rank the tail and the head of every fact of a split among all entities.

    Other facts of the graph, whatever their split, are left out of the comparison ("filtered").
    Memory is one buffer of `CHUNK_SCORES` numbers, or one row of all entities where that is more.

    Args:
        encoder: the trained vectors, or anything that scores all entities.
        graph: the graph, its splits included.
        split: which facts to rank.
        ties: how equal scores rank; see `rank_of_truth`.

    Returns:
        Metrics over both sides and over each, by relation and by mapping class.

    Raises:
        DataError: there is no such split, it is empty, the graph is not the encoder's, or a
            score is NaN.
        ConfigError: `encoder` or `graph` is none.
    """
    require_ranker("evaluate", encoder)
    triples = facts_to_rank(encoder, graph, split)
    known = KnownAnswers(graph.triples, num_relations=graph.num_relations)
    tail_ranks, head_ranks = rank_triples(encoder, triples, known=known, ties=ties)
    figures = Sides.of(tail_ranks, head_ranks)
    return LinkPrediction(
        both=figures.both,
        tails=figures.tails,
        heads=figures.heads,
        tail_ranks=tail_ranks,
        head_ranks=head_ranks,
        **odd_facts(graph, triples)._asdict(),
        relation=triples[:, 1].copy(),
        relations=graph.relations,
        mappings=mapping_classes(graph.triples, num_relations=graph.num_relations),
    )


def require_ranker(call: str, encoder: object) -> None:
    """Refuse what cannot score all entities, such as a graph in the encoder's place.

    Args:
        call: what ranks, as the message names it.
        encoder: what came.

    Raises:
        ConfigError: it has no `score_directed`.
    """
    if not hasattr(encoder, "score_directed"):
        raise ConfigError(
            f"{call}: encoder must score entities, as a GraphEncoder does; got "
            f"{type(encoder).__name__}. Give the trained vectors first, then what is asked of them."
        )


def facts_to_rank(encoder: Sized, graph: Graph, split: str) -> Ids:
    """Return the facts of a split, `(facts, 3)`, when the encoder can rank them.

    Raises:
        DataError: there is no such split, it is empty, or the graph is not the encoder's.
        ConfigError: `graph` is none.
    """
    check.kind("graph", graph, Graph, fix="Load it by Graph.load.")
    triples = graph.split(split)
    if len(triples) == 0:
        raise DataError(
            f"the {split} split must hold at least one fact to rank; it is empty. "
            "Look at how the graph was divided."
        )
    sizes = (graph.num_entities, graph.num_relations)
    if (encoder.num_entities, encoder.num_relations) != sizes:
        raise DataError(
            f"graph must have the encoder's {encoder.num_entities} entities and "
            f"{encoder.num_relations} relations; got {sizes[0]} and {sizes[1]}. "
            "Use the graph that the encoder was built from."
        )
    for name in ("entities", "relations"):
        own, given = getattr(encoder, name, None), getattr(graph, name)
        if own is not None and own is not given and own != given:
            place = next(i for i, label in enumerate(own) if label != given[i])
            raise DataError(
                f"graph must have the encoder's {name} in their order; number {place} is "
                f"{given[place]!r} for {own[place]!r}. Use the graph that the encoder was built "
                "from."
            )
    return triples


def rank_triples(
    encoder: Ranker, triples: Ids, *, known: KnownAnswers, ties: Ties = "realistic"
) -> tuple[Ranks, Ranks]:
    """Rank tails and heads of some facts, known answers left out.

    Facts that ask the same (entity, relation) share a row of scores, and the true answer's score
    is read from that row, so that equal scores are equal to the last bit.

    Args:
        encoder: what scores.
        triples: `(facts, 3)` h, r, t.
        known: the answers to leave out.
        ties: how equal scores rank.

    Returns:
        `(facts,)` tail ranks and `(facts,)` head ranks.

    Raises:
        DataError: a score is NaN.
        ShapeError: the encoder gives scores of another shape.
    """
    choose("ties", ties, TIE_SHARE)
    h, r, t = triples.T
    tails = _Side(encoder, h, r, t, known)
    heads = _Side(encoder, t, r + encoder.num_relations, h, known)
    rows = max(1, min(CHUNK_SCORES // max(1, encoder.num_entities), len(triples)))
    work = [(side, start) for side in (tails, heads) for start in range(0, side.num_queries, rows)]
    buffer: Tensor | None = None
    for side, start in track(work, what="ranking"):
        buffer = side.count(start, start + rows, buffer)
    return tails.ranks(ties), heads.ranks(ties)


class _Side:
    """The facts of one direction: their distinct queries, and the rivals counted so far."""

    def __init__(
        self, encoder: Ranker, entity: Ids, relation: Ids, truth: Ids, known: KnownAnswers
    ) -> None:
        self.encoder, self.known = encoder, known
        keys, query = np.unique(relation * encoder.num_entities + entity, return_inverse=True)
        self.order = np.argsort(query, kind="stable")
        self.query, self.truth = query[self.order], truth[self.order]
        self.relation, self.entity = np.divmod(keys, encoder.num_entities)
        self.num_queries = len(keys)
        self.above = np.zeros(len(truth), dtype=np.int64)
        self.equal = np.zeros(len(truth), dtype=np.int64)

    @torch.no_grad()
    def count(self, start: int, stop: int, buffer: Tensor | None) -> Tensor:
        """Count the rivals of queries start to stop; return the memory to use next."""
        entity, relation = self.entity[start:stop], self.relation[start:stop]
        fits = buffer is not None and len(buffer) >= len(entity)
        out = buffer[: len(entity)] if buffer is not None and fits else None
        scores = self.encoder.score_directed(entity, relation, out=out)
        if scores.shape != (len(entity), self.encoder.num_entities):
            raise ShapeError(
                f"score_directed must give {(len(entity), self.encoder.num_entities)} scores; "
                f"got {tuple(scores.shape)}."
            )
        first, last = np.searchsorted(self.query, [start, stop])
        facts = slice(first, last)
        row, column = (
            torch.from_numpy(ids).to(scores.device)
            for ids in (self.query[facts] - start, self.truth[facts])
        )
        true = scores[row, column]
        hits = tuple(
            torch.from_numpy(ids).to(scores.device) for ids in self.known.pairs(entity, relation)
        )
        scores[hits] = torch.nan
        itself = ~scores[row, column].isnan()  # a truth that is not known meets itself
        scores[hits] = -torch.inf
        above, level, highest = count_rivals(scores, row, true)
        self._refuse_nan(highest, facts)
        hidden = torch.bincount(hits[0], minlength=len(scores))[row] * true.isneginf()
        self.above[facts] = above
        self.equal[facts] = level - above - (itself + hidden).numpy(force=True)
        return scores if buffer is None or not fits else buffer

    def _refuse_nan(self, highest: Floats, facts: slice) -> None:
        if not np.isnan(highest).any():
            return
        query = self.query[facts][int(np.isnan(highest).argmax())]
        r = int(self.relation[query])
        side = "tails" if r < self.encoder.num_relations else "heads"
        raise DataError(
            f"scores of the {side} of entity {self.entity[query]} and relation "
            f"{r % self.encoder.num_relations} must hold numbers; they hold a NaN. The training "
            "of these vectors diverged: train again with a lower learning rate."
        )

    def ranks(self, ties: Ties) -> Ranks:
        """Return `(facts,)` ranks in the order in which the facts were given."""
        found = np.empty(len(self.order))
        found[self.order] = 1.0 + self.above + TIE_SHARE[ties] * self.equal
        return found


def count_rivals(scores: Tensor, row: Tensor, true: Tensor) -> tuple[Ids, Ids, Floats]:
    """Count the scores of a row that are above a value, and those that are at least that.

    On a processor each row stays in its cache while the facts that share it are counted, and
    torch's number of threads share the facts.

    Args:
        scores: `(b, n)`
        row: `(facts,)` row of each fact.
        true: `(facts,)` value of each fact.

    Returns:
        `(facts,)` numbers above, `(facts,)` numbers above or equal, and `(facts,)` the highest
        score of the row, NaN when the row holds one.
    """
    if scores.device.type != "cpu":
        return _count_in_blocks(scores, row, true)
    threads = torch.get_num_threads()
    if threads == 1:
        return _count_by_row(scores.numpy(), row.numpy(), true.numpy())
    rows, values = (np.array_split(x.numpy(), threads) for x in (row, true))
    with ThreadPoolExecutor(threads) as pool:
        found = pool.map(_count_by_row, [scores.numpy()] * threads, rows, values)
    above, level, highest = (np.concatenate(x) for x in zip(*found, strict=True))
    return above, level, highest


def _count_by_row(table: Floats, rows: Ids, values: Floats) -> tuple[Ids, Ids, Floats]:
    """Count for some facts, in one thread; numpy lets the others run meanwhile."""
    above, level = np.empty(len(values), np.int64), np.empty(len(values), np.int64)
    highest = np.empty(len(values))
    flags: NDArray[np.bool_] = np.empty(table.shape[1], dtype=np.bool_)
    for fact, (i, value) in enumerate(zip(rows.tolist(), values, strict=True)):
        above[fact] = np.count_nonzero(np.greater(table[i], value, out=flags))
        level[fact] = np.count_nonzero(np.greater_equal(table[i], value, out=flags))
        highest[fact] = table[i].max()
    return above, level, highest


def _count_in_blocks(scores: Tensor, row: Tensor, true: Tensor) -> tuple[Ids, Ids, Floats]:
    """Count on an accelerator: as many facts at once as there are rows."""
    found = []
    size = len(scores)
    for rows, values in zip(torch.split(row, size), torch.split(true[:, None], size), strict=True):
        block = scores.index_select(0, rows)
        found.append(((block > values).sum(1), (block >= values).sum(1), block.amax(1)))
    above, level, highest = (torch.cat(x).numpy(force=True) for x in zip(*found, strict=True))
    return above, level, highest
