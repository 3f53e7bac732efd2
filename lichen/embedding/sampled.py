"""A graph encoder and a very large graph to estimated ranks: some queries, all or some rivals.

Against all entities the ranks of the drawn queries are exact. Against a sample, the number of
sampled rivals above a truth is binomial in its share of better rivals, and the distribution of
ranks that makes these numbers likeliest is found by expectation maximisation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lichen.base import check
from lichen.base.errors import DataError
from lichen.base.progress import track
from lichen.data.graph import Graph, Ids
from lichen.data.splits import OddFacts, odd_facts
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.evaluate import count_rivals, facts_to_rank
from lichen.embedding.known import KnownAnswers

Floats = NDArray[np.float64]
ROWS, COLUMNS = 128, 32_768
"""Queries and candidates compared at a time: 16 MB of scores."""
HITS = (1, 3, 10)
RESAMPLES = 200
"""Bootstrap resamples of the queries, for the intervals."""
GRID = 160
"""Ranks told apart when they are estimated from a sample, evenly spaced on a logarithmic scale."""
STEPS = 200
"""Steps of the estimation, and half as many a resample."""


class Estimate(NamedTuple):
    """A figure with its 95 % bootstrap interval over the queries."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """Show the figure and its interval."""
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


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
    encoder: GraphEncoder,
    graph: Graph,
    split: str = "test",
    *,
    num_queries: int = 5000,
    num_candidates: int | None = None,
    seed: int = 0,
) -> RankingEstimate:
    """Estimate the filtered ranks of a split from some of its queries.

    Against all entities the ranks are exact, and the vectors are read once. Against a sample of
    N among n, shared by all queries, they are estimated. It cannot tell ranks under n / N apart:
    there, ranks are taken to be evenly spread on a logarithmic scale, and the interval does not
    show this assumption.

    Use all entities where time allows, and `evaluate` where a row of scores is small.

    Args:
        encoder: the trained vectors.
        graph: the graph, its splits included.
        split: which facts to rank.
        num_queries: queries drawn from the tails and heads asked for; all where there are fewer.
        num_candidates: entities drawn as rivals; None compares with all.
        seed: of both draws.

    Returns:
        MRR and Hits@1, 3, 10 with 95 % intervals over the queries.

    Raises:
        DataError: there is no such split, it is empty, or a score is NaN.
        ConfigError: a number is below 1.

    References:
        Jin et al., 2021, arXiv:2103.01474 (the estimate); Krichene and Rendle, 2020, KDD (why
        sampled ranks must not be averaged as they are).
    """
    check.whole("num_queries", num_queries, 1, 1_000_000_000)
    triples = facts_to_rank(encoder, graph, split)
    draw = np.random.default_rng(seed)
    size = min(num_queries, 2 * len(triples))
    chosen = np.sort(draw.choice(2 * len(triples), size, replace=False))
    rivals = None
    if num_candidates is not None:
        check.whole("num_candidates", num_candidates, 1, 1_000_000_000)
        if num_candidates < graph.num_entities:
            rivals = np.sort(draw.choice(graph.num_entities, num_candidates, replace=False))
    counts = _count_both(encoder, graph, triples, chosen, rivals)
    mrr, *hits = _exact(1 + counts[0], draw) if rivals is None else _from_sample(*counts, draw)
    return RankingEstimate(
        mrr=mrr,
        hits=dict(zip(HITS, hits, strict=True)),
        num_queries=size,
        num_candidates=graph.num_entities if rivals is None else len(rivals),
        num_entities=graph.num_entities,
        **odd_facts(graph, triples[chosen % len(triples)])._asdict(),
    )


def _count_both(
    encoder: GraphEncoder, graph: Graph, triples: Ids, chosen: Ids, rivals: Ids | None
) -> tuple[Floats, Floats, Floats]:
    """Count for tails (chosen below the number of facts) and heads (from there on)."""
    sides = []
    for is_head in (False, True):
        rows = chosen[(chosen >= len(triples)) == is_head] % len(triples)
        h, r, t = triples[rows].T
        asked = (t, r + graph.num_relations, h) if is_head else (h, r, t)
        if len(rows):
            sides.append(_count(encoder, graph.triples, np.stack(asked), rivals))
    better, compared, others = (np.concatenate(x) for x in zip(*sides, strict=True))
    return better, compared, others


@torch.no_grad()
def _count(
    encoder: GraphEncoder, triples: Ids, asked: Ids, rivals: Ids | None
) -> tuple[Floats, Floats, Floats]:
    """Return for `(3, queries)` entity, relation, truth: rivals above, rivals, rivals there are."""
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
    hidden = _Hidden(triples, asked, encoder, rivals)
    num_rivals = encoder.num_entities if rivals is None else len(rivals)
    better = np.zeros(len(truth))
    block = queries.new_empty(min(ROWS, len(queries)) * min(COLUMNS, num_rivals))
    for start in track(range(0, num_rivals, COLUMNS), what="ranking"):
        if rivals is None:
            tile = candidates[start : start + COLUMNS]
        else:
            tile = candidates[torch.from_numpy(rivals[start : start + COLUMNS]).to(device)]
        inside = hidden.between(start, start + len(tile))
        for first in range(0, len(queries), ROWS):
            part = queries[first : first + ROWS]
            out = block[: len(part) * len(tile)].view(len(part), len(tile))
            scores = comparison.scores(part, tile, out=out)
            scores[inside.of(first, first + len(part), device)] = -torch.inf
            better[first : first + len(part)] += _better(scores, true[first : first + len(part)])
    compared = (num_rivals - hidden.count).astype(np.float64)
    return better, compared, (encoder.num_entities - hidden.count_all).astype(np.float64)


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


class _Inside(NamedTuple):
    """Hidden candidates of a tile, rows ascending."""

    rows: Ids
    columns: Ids

    def of(self, start: int, stop: int, device: torch.device) -> tuple[Tensor, Tensor]:
        first, last = np.searchsorted(self.rows, [start, stop])
        pairs = (self.rows[first:last] - start, self.columns[first:last])
        rows, columns = (torch.from_numpy(x).to(device) for x in pairs)
        return rows, columns


class _Hidden:
    """What must not compete: each query's known answers and its truth, as columns of rivals."""

    def __init__(self, triples: Ids, asked: Ids, encoder: GraphEncoder, rivals: Ids | None) -> None:
        entity, relation, truth = asked
        is_asked = np.zeros(encoder.num_entities, dtype=np.bool_)
        is_asked[entity] = True
        near = triples[is_asked[triples[:, 0]] | is_asked[triples[:, 2]]]
        known = KnownAnswers(near, num_relations=encoder.num_relations)
        rows, answers = known.pairs(entity, relation)
        pairs = np.concatenate(
            [rows * encoder.num_entities + answers,
             np.arange(len(truth)) * encoder.num_entities + truth]
        )  # fmt: skip
        rows, answers = np.divmod(np.unique(pairs), encoder.num_entities)
        self.count_all = np.bincount(rows, minlength=len(truth))
        if rivals is not None:
            at = np.searchsorted(rivals, answers).clip(max=len(rivals) - 1)
            is_drawn = rivals[at] == answers
            rows, answers = rows[is_drawn], at[is_drawn]
        self.count = np.bincount(rows, minlength=len(truth))
        self._rows, self._columns = rows, answers

    def between(self, start: int, stop: int) -> _Inside:
        """Return those in columns start to stop, counted from start."""
        own = (self._columns >= start) & (self._columns < stop)
        return _Inside(self._rows[own], self._columns[own] - start)


def _figures(ranks: Floats) -> Floats:
    """Return `(ranks, 4)`: what a rank adds to the MRR and to each Hits@k."""
    return np.stack([1 / ranks, *(ranks <= k for k in HITS)], axis=1).astype(np.float64)


def _estimates(value: Floats, drawn: Floats) -> list[Estimate]:
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return [Estimate(*map(float, x)) for x in zip(value, low, high, strict=True)]


def _exact(ranks: Floats, draw: np.random.Generator) -> list[Estimate]:
    """Return the means over the queries with their bootstrap intervals."""
    distinct, counts = np.unique(ranks, return_counts=True)
    parts = _figures(distinct)
    drawn = draw.multinomial(len(ranks), counts / len(ranks), size=RESAMPLES)
    return _estimates(counts @ parts / len(ranks), drawn @ parts / len(ranks))


def _from_sample(
    better: Floats, compared: Floats, others: Floats, draw: np.random.Generator
) -> list[Estimate]:
    """Return the figures of the likeliest distribution of ranks, with bootstrap intervals.

    Args:
        better: `(queries,)` sampled rivals above the truth.
        compared: `(queries,)` sampled rivals.
        others: `(queries,)` rivals there are.
        draw: where the resamples come from.
    """
    trials, population = float(compared.mean()), float(others.mean())
    counts = better / np.maximum(compared, 1) * trials
    step = 10.0 ** (np.floor(np.log10(np.maximum(counts, 10))) - 1)
    counts = np.round(counts / step) * step  # two digits tell as much as the grid of ranks does
    distinct, weight = np.unique(counts, return_counts=True)
    ranks = np.unique(np.round(np.geomspace(1, population + 1, GRID)))
    share = ((ranks - 1) / population).clip(1e-12, 1 - 1e-12)
    log = distinct[:, None] * np.log(share) + (trials - distinct[:, None]) * np.log1p(-share)
    likelihood = np.exp(log - log.max(axis=1, keepdims=True))
    gaps = np.log(np.append(ranks[1:], population + 2) / ranks)
    start = (gaps / gaps.sum())[None]
    fitted = _likeliest(start, likelihood, weight[None], steps=STEPS)
    drawn = draw.multinomial(len(better), weight / len(better), size=RESAMPLES)
    again = _likeliest(np.repeat(start, RESAMPLES, 0), likelihood, drawn, steps=STEPS // 2)
    parts = _figures(ranks)
    return _estimates((fitted @ parts)[0], again @ parts)


def _likeliest(prior: Floats, likelihood: Floats, counts: Ids, *, steps: int) -> Floats:
    """Return `(fits, ranks)` distributions after some steps of expectation maximisation.

    Args:
        prior: `(fits, ranks)` where to start.
        likelihood: `(outcomes, ranks)`
        counts: `(fits, outcomes)` how often each outcome was seen.
        steps: how many.
    """
    found = prior
    for _ in range(steps):
        expected = found @ likelihood.T
        found = found * ((counts / np.maximum(expected, 1e-300)) @ likelihood)
        found = found / found.sum(axis=1, keepdims=True)
    return found
