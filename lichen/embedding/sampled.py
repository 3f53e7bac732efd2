"""A graph encoder and a very large graph to estimated ranks: some queries, all or some rivals.

Against all entities the ranks of the drawn queries are exact. Against a sample they are estimated
by `lichen.evaluation.sampled_ranks` from the number of drawn rivals above each truth.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lichen.base import check
from lichen.base.errors import DataError
from lichen.base.progress import track
from lichen.base.seeds import require_seed
from lichen.data.graph import Graph, Ids
from lichen.data.splits import OddFacts, odd_facts
from lichen.embedding.compare import Comparison
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.evaluate import CHUNK_SCORES, Ranker, Sized, count_rivals, facts_to_rank
from lichen.embedding.known import KnownAnswers
from lichen.evaluation.sampled_ranks import HITS, Estimate, estimate_figures, figures_of

Floats = NDArray[np.float64]
ROWS, COLUMNS = 128, 32_768
"""Queries and candidates compared at a time: 16 MB of scores."""
RESAMPLES = 200
"""Bootstrap resamples of the queries, for the intervals of exact ranks."""
BLOCKS = 64
"""Samples of rivals drawn at least, where there are as many queries."""


@dataclass(frozen=True, kw_only=True)
class RankingEstimate:
    """What filtered ranks among all entities are estimated to be; ties share their mean rank."""

    mrr: Estimate
    hits: dict[int, Estimate]
    """k to the share of ranks that are at most k."""
    num_queries: int
    """Queries drawn, tails and heads together."""
    num_candidates: int
    """Entities that each truth was compared with."""
    num_entities: int
    num_unseen: int
    """Queries of a fact with an entity that training never saw; they count as they rank."""
    num_unseen_relation: int
    """Queries of a fact with a relation that training never saw; they count as they rank."""
    num_loops: int
    """Queries of a fact whose head is its tail; they count as they rank."""

    def __str__(self) -> str:
        """Show the figures on one line, with what is odd about the facts."""
        hits = ", ".join(f"Hits@{k} {share}" for k, share in self.hits.items())
        odd = OddFacts(self.num_unseen, self.num_unseen_relation, self.num_loops)
        return (
            f"MRR {self.mrr}, {hits}; {self.num_queries} queries{odd} among "
            f"{self.num_candidates} of {self.num_entities} entities"
        )


def evaluate_sampled(
    encoder: Ranker,
    graph: Graph,
    split: str = "test",
    *,
    num_queries: int = 5000,
    num_candidates: int | None = None,
    seed: int = 0,
) -> RankingEstimate:
    """Estimate the filtered ranks of a split from some of its queries.

    Against all entities the ranks are exact, and an encoder's vectors are read once. Against
    samples of m among n, one for every 128 queries or fewer, MRR and Hits@k are those of the
    likeliest distribution of ranks. Samples cannot tell ranks under n / m apart: there, ranks are
    taken to be evenly spread on a logarithmic scale, and the interval holds what all distributions
    give that explain the counts about as well. So it is wide where n / m is large: use all
    entities where time allows, and `evaluate` where a row of scores is small.

    Args:
        encoder: the trained vectors, or anything that scores all entities.
        graph: the graph, its splits included.
        split: which facts to rank.
        num_queries: queries drawn from the tails and heads asked for; all where there are fewer.
        num_candidates: entities drawn as rivals; None compares with all. What scores whole rows
            is compared with all: fewer would save nothing.
        seed: of the queries, the rivals and the resamples.

    Returns:
        MRR and Hits@1, 3, 10 with 95 % intervals over the queries.

    Raises:
        DataError: there is no such split, it is empty, or a score is NaN.
        ConfigError: a number is below 1, or `seed` is out of bounds.

    References:
        Jin et al., 2021, arXiv:2103.01474 (the estimate; `estimate_figures` tells what differs);
        Krichene and Rendle, 2020, KDD (why sampled ranks must not be averaged as they are).
    """
    check.whole("num_queries", num_queries, 1, 1_000_000_000)
    if num_candidates is not None:
        check.whole("num_candidates", num_candidates, 1, 1_000_000_000)
    require_seed("seed", seed)
    triples = facts_to_rank(encoder, graph, split)
    draw = np.random.default_rng(seed)
    size = min(num_queries, 2 * len(triples))
    chosen = draw.choice(2 * len(triples), size, replace=False)
    deck = None
    hand = num_candidates or graph.num_entities
    if isinstance(encoder, GraphEncoder) and hand < graph.num_entities:
        deck = _Deck(graph.num_entities, hand, max(1, min(ROWS, size // BLOCKS)), draw)
    counts = _count_both(encoder, graph, triples, chosen, deck)
    mrr, *hits = _exact(1 + counts.better, draw) if deck is None else _from_samples(counts, deck)
    return RankingEstimate(
        mrr=mrr,
        hits=dict(zip(HITS, hits, strict=True)),
        num_queries=size,
        num_candidates=graph.num_entities if deck is None else deck.hand,
        num_entities=graph.num_entities,
        **odd_facts(graph, triples[chosen % len(triples)])._asdict(),
    )


class _Deck:
    """Entities dealt like cards: a hand is a random sample, and hands meet again late.

    Args:
        num_entities: cards.
        hand: entities a hand.
        share: queries that meet one hand.
        draw: what shuffles.
    """

    def __init__(self, num_entities: int, hand: int, share: int, draw: np.random.Generator) -> None:
        self.hand, self.share = hand, share
        self.num_entities, self._draw = num_entities, draw
        self._left = np.empty(0, dtype=np.int64)

    def deal(self) -> Ids:
        """Return `(hand,)` entities, ascending; shuffle anew where too few are left."""
        if len(self._left) < self.hand:
            self._left = self._draw.permutation(self.num_entities)
        dealt, self._left = self._left[: self.hand], self._left[self.hand :]
        return np.sort(dealt)


class _Counts(NamedTuple):
    """Rivals above the truth, a tie counting half; number of the hand met; 1 for a head."""

    better: Floats
    block: Ids
    stratum: Ids


def _count_both(
    encoder: Ranker, graph: Graph, triples: Ids, chosen: Ids, deck: _Deck | None
) -> _Counts:
    """Count for tails (chosen below the number of facts) and heads (from there on)."""
    better, block, stratum, hands = [], [], [], 0
    for is_head in (False, True):
        rows = chosen[(chosen >= len(triples)) == is_head] % len(triples)
        h, r, t = triples[rows].T
        asked = np.stack((t, r + graph.num_relations, h) if is_head else (h, r, t))
        if not len(rows):
            continue
        if isinstance(encoder, GraphEncoder):
            better.append(_count(encoder, graph.triples, asked, deck))
        else:
            better.append(_count_in_rows(encoder, graph.triples, asked))
        share = len(rows) if deck is None else deck.share
        block.append(hands + np.arange(len(rows)) // share)
        hands = 1 + int(block[-1][-1])
        stratum.append(np.full(len(rows), int(is_head)))
    return _Counts(np.concatenate(better), np.concatenate(block), np.concatenate(stratum))


@torch.no_grad()
def _count(encoder: GraphEncoder, triples: Ids, asked: Ids, deck: _Deck | None) -> Floats:
    """Return for `(3, queries)` entity, relation, truth: rivals above, `(queries,)`."""
    entity, relation, truth = asked
    device = encoder.relation_table.device
    ids = (torch.from_numpy(x.copy()) for x in (entity, relation))
    queries, candidates = encoder.directed(*ids)
    comparison, order = encoder.scorer.comparison, torch.from_numpy(truth.copy()).to(device)
    true = torch.cat(
        [
            comparison.scores(q, candidates.index_select(0, own)).diagonal()
            for q, own in zip(torch.split(queries, ROWS), torch.split(order, ROWS), strict=True)
        ]
    )
    hidden = _hidden(triples, asked, encoder)
    if deck is None:
        every = track(torch.split(candidates, COLUMNS), what="ranking")
        return _above(comparison, queries, true, every, hidden)
    found = []
    for start in track(range(0, len(truth), deck.share), what="ranking"):
        rows, rivals = slice(start, start + deck.share), deck.deal()
        tiles = (candidates[x] for x in torch.split(torch.from_numpy(rivals).to(device), COLUMNS))
        met = hidden.among(start, start + deck.share, rivals)
        found.append(_above(comparison, queries[rows], true[rows], tiles, met))
    return np.concatenate(found)


def _above(
    comparison: Comparison, queries: Tensor, true: Tensor, tiles: Iterable[Tensor], hidden: _Pairs
) -> Floats:
    """Return `(queries,)` how many candidates of the tiles, some of them hidden, are above."""
    better, start = np.zeros(len(queries)), 0
    block = queries.new_empty(0)
    for tile in tiles:
        if not len(block):  # no tile is larger than the first
            block = queries.new_empty(min(ROWS, len(queries)) * len(tile))
        inside = hidden.between(start, start + len(tile))
        for first in range(0, len(queries), ROWS):
            part = queries[first : first + ROWS]
            out = block[: len(part) * len(tile)].view(len(part), len(tile))
            scores = comparison.scores(part, tile, out=out)
            scores[inside.of(first, first + len(part), scores.device)] = -torch.inf
            better[first : first + len(part)] += _better(scores, true[first : first + len(part)])
        start += len(tile)
    return better


@torch.no_grad()
def _count_in_rows(ranker: Ranker, triples: Ids, asked: Ids) -> Floats:
    """Return what `_count` does, of what has whole rows of scores: equal questions side by side."""
    asked = asked[:, np.lexsort(asked[:2])]
    entity, relation, truth = asked
    hidden = _hidden(triples, asked, ranker)
    better = np.zeros(len(truth))
    size = max(1, CHUNK_SCORES // ranker.num_entities)
    for start in track(range(0, len(truth), size), what="ranking"):
        rows = slice(start, start + size)
        scores = ranker.score_directed(entity[rows], relation[rows])
        true = scores.gather(1, torch.from_numpy(truth[rows, None]).to(scores.device))[:, 0]
        scores[hidden.of(start, start + size, scores.device)] = -torch.inf
        better[rows] = _better(scores, true)
    return better


def _better(scores: Tensor, true: Tensor) -> Floats:
    """Return `(b,)` how many scores of each row are above its true one, a tie counting half."""
    above, level, highest = count_rivals(scores, torch.arange(len(true), device=true.device), true)
    if np.isnan(highest).any() or bool(true.isnan().any()):
        raise DataError(
            "scores must hold numbers; they hold a NaN. The training of these vectors diverged: "
            "train again with a lower learning rate."
        )
    found: Floats = (above + level) / 2
    return found


class _Pairs(NamedTuple):
    """Queries and the candidates hidden from each, queries ascending."""

    rows: Ids
    columns: Ids

    def of(self, start: int, stop: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Return those of queries start to stop, counted from start."""
        first, last = np.searchsorted(self.rows, [start, stop])
        pairs = (self.rows[first:last] - start, self.columns[first:last])
        rows, columns = (torch.from_numpy(x).to(device) for x in pairs)
        return rows, columns

    def between(self, start: int, stop: int) -> _Pairs:
        """Return those of candidates start to stop, counted from start."""
        own = (self.columns >= start) & (self.columns < stop)
        return _Pairs(self.rows[own], self.columns[own] - start)

    def among(self, start: int, stop: int, rivals: Ids) -> _Pairs:
        """Return those of queries start to stop, counted from start, as places in rivals."""
        first, last = np.searchsorted(self.rows, [start, stop])
        rows, columns = self.rows[first:last] - start, self.columns[first:last]
        at = np.searchsorted(rivals, columns).clip(max=len(rivals) - 1)
        is_drawn = rivals[at] == columns
        return _Pairs(rows[is_drawn], at[is_drawn])


def _hidden(triples: Ids, asked: Ids, encoder: Sized) -> _Pairs:
    """Return what must not compete: each query's known answers and its truth."""
    entity, relation, truth = asked
    is_asked = np.zeros(encoder.num_entities, dtype=np.bool_)
    is_asked[entity] = True
    near = triples[is_asked[triples[:, 0]] | is_asked[triples[:, 2]]]
    known = KnownAnswers(near, num_relations=encoder.num_relations)
    rows, answers = known.pairs(entity, relation)
    rows = np.concatenate([rows, np.arange(len(truth))])
    pairs = rows * encoder.num_entities + np.concatenate([answers, truth])
    return _Pairs(*np.divmod(np.unique(pairs), encoder.num_entities))


def _exact(ranks: Floats, draw: np.random.Generator) -> list[Estimate]:
    """Return the means over the queries with their bootstrap intervals."""
    distinct, counts = np.unique(ranks, return_counts=True)
    parts = figures_of(distinct)
    drawn = draw.multinomial(len(ranks), counts / len(ranks), size=RESAMPLES)
    low, high = np.quantile(drawn @ parts / len(ranks), [0.025, 0.975], axis=0)
    value = counts @ parts / len(ranks)
    return [Estimate(*map(float, x)) for x in zip(value, low, high, strict=True)]


def _from_samples(counts: _Counts, deck: _Deck) -> list[Estimate]:
    """Return the estimates from hands of a deck."""
    better, block, stratum = counts
    sizes = {"num_entities": deck.num_entities, "num_drawn": deck.hand}
    return estimate_figures(better, block, stratum=stratum, **sizes)
