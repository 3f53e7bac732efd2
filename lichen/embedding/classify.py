"""A graph encoder and a split to true or false: thresholds by relation, accuracy and F1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from lichen.base.errors import DataError
from lichen.data.graph import Graph, Ids
from lichen.embedding.evaluate import Sized, facts_to_rank

Floats = NDArray[np.float64]
TRIES = 20
"""Draws of a corruption before one that is a fact is replaced from all entities."""


class FactScorer(Sized, Protocol):
    """What gives a fact a score."""

    def score(self, h: ArrayLike | Tensor, r: ArrayLike | Tensor, t: ArrayLike | Tensor) -> Tensor:
        """Score facts by id: `(facts,)` each -> `(facts,)`, higher = more plausible."""
        ...


class Judged(NamedTuple):
    """How well facts of a relation are told from corrupted ones."""

    accuracy: float
    num_facts: int
    """Facts judged; as many corruptions were."""
    threshold: float
    """Score from which a fact is taken for true."""


@dataclass(frozen=True, kw_only=True)
class TripleClassification:
    """How well facts of a split are told from corrupted ones, half and half."""

    accuracy: float
    """Share judged right, 0 to 1."""
    precision: float
    """Share of facts among what was taken for true; 0 when nothing was."""
    recall: float
    """Share of facts taken for true."""
    f1: float
    """Harmonic mean of precision and recall."""
    num_facts: int
    """Facts judged; as many corruptions were."""
    by_relation: dict[str, Judged]
    """Relation label to its figures, for the relations that the split has."""
    untuned: tuple[str, ...]
    """Relations of the split without a fact to tune on: they take the threshold of all."""

    def __str__(self) -> str:
        """Show the figures on one line."""
        line = (
            f"accuracy {self.accuracy:.3f}, F1 {self.f1:.3f}, precision {self.precision:.3f}, "
            f"recall {self.recall:.3f}, {self.num_facts} facts and as many corruptions"
        )
        return line + (f", {len(self.untuned)} relations not tuned" if self.untuned else "")


def triple_classification(
    encoder: FactScorer, graph: Graph, *, tune: str = "valid", split: str = "test", seed: int = 0
) -> TripleClassification:
    """Tell the facts of a split from corruptions by one threshold a relation.

    Each fact gets a corruption whose head or tail is another entity that stands at that place in
    some fact of the relation, and that is no fact itself. A relation's threshold is the score
    that divides its facts and corruptions of the tuning split with the fewest mistakes.

    Args:
        encoder: what scores facts.
        graph: the graph, its splits included.
        tune: the split whose facts set the thresholds.
        split: the split whose facts are judged.
        seed: of the corruptions.

    Returns:
        Accuracy, precision, recall and F1, and the figures by relation.

    Raises:
        DataError: a split is absent or empty, or a score is NaN.

    References:
        Socher et al., 2013, NeurIPS 26, section 4.3.
    """
    tuning, judged = (facts_to_rank(encoder, graph, name) for name in (tune, split))
    draw = np.random.default_rng(seed)
    tuned = _Scored(encoder, tuning, corrupt(graph, tuning, draw=draw))
    found = _Scored(encoder, judged, corrupt(graph, judged, draw=draw))
    usual = best_threshold(tuned.true, tuned.false)
    thresholds = np.full(graph.num_relations, usual)
    for r in np.unique(tuned.relation):
        own = tuned.relation == r
        thresholds[r] = best_threshold(tuned.true[own], tuned.false[own])
    cut = thresholds[found.relation]
    hit, alarm = found.true >= cut, found.false >= cut
    right = hit.astype(np.int64) + ~alarm
    present = np.unique(found.relation)
    accepted = int(hit.sum() + alarm.sum())
    return TripleClassification(
        accuracy=float(right.mean() / 2),
        precision=float(hit.sum() / accepted) if accepted else 0.0,
        recall=float(hit.mean()),
        f1=float(2 * hit.sum() / (len(hit) + accepted)),
        num_facts=len(judged),
        by_relation={
            graph.relations[r]: Judged(
                float(right[found.relation == r].mean() / 2),
                int((found.relation == r).sum()),
                float(thresholds[r]),
            )
            for r in present.tolist()
        },
        untuned=tuple(graph.relations[r] for r in np.setdiff1d(present, tuned.relation).tolist()),
    )


def best_threshold(true: Floats, false: Floats) -> float:
    """Return the score that divides true and false with the fewest mistakes.

    Args:
        true: `(facts,)` scores of facts.
        false: `(corruptions,)` scores of corruptions.

    Returns:
        A score midway between two neighbours; at or above it a fact is taken for true. Of equally
        good ones it is the middle one.

    >>> best_threshold(np.array([3.0, 2.0]), np.array([1.0, 0.0]))
    1.5
    """
    steps = np.unique(np.concatenate([true, false]))
    cuts = np.concatenate(
        [[steps[0]], (steps[:-1] + steps[1:]) / 2, [np.nextafter(steps[-1], np.inf)]]
    )
    missed = np.searchsorted(np.sort(true), cuts, side="left")
    taken = len(false) - np.searchsorted(np.sort(false), cuts, side="left")
    best = np.flatnonzero(missed + taken == (missed + taken).min())
    return float(cuts[best[(len(best) - 1) // 2]])


def corrupt(graph: Graph, facts: Ids, *, draw: np.random.Generator) -> Ids:
    """Return a false twin of each fact: another head or another tail, in turn.

    The other entity stands at that place in some fact of the relation; where that gives nothing
    but facts after `TRIES` draws, any entity is drawn.

    Args:
        graph: its facts, whatever their split, are what a corruption must not be.
        facts: `(facts, 3)`
        draw: where chance comes from.

    Returns:
        `(facts, 3)`

    Raises:
        DataError: no corruption was found; nearly all that can be said is a fact.
    """
    spans = np.array([graph.num_relations * graph.num_entities, graph.num_entities, 1])
    known = np.unique(graph.triples @ spans)
    found = facts.copy()
    places = np.arange(len(facts)) % 2 * 2  # 0 changes the head, 2 the tail
    pools = {place: _Pool(graph, place) for place in (0, 2)}
    wrong = np.arange(len(facts))
    for attempt in range(2 * TRIES):
        for place, pool in pools.items():
            rows = wrong[places[wrong] == place]
            found[rows] = facts[rows]
            if attempt < TRIES:
                found[rows, place] = pool.draw(facts[rows, 1], draw)
            else:
                found[rows, place] = draw.integers(graph.num_entities, size=len(rows))
        keys = found[wrong] @ spans
        at = np.searchsorted(known, keys).clip(max=len(known) - 1)
        wrong = wrong[known[at] == keys]
        if not len(wrong):
            return found
        places[wrong] = 2 - places[wrong]  # the other end may have more to offer
    label = graph.relations[facts[wrong[0], 1]]
    raise DataError(
        f"triple classification: every fact must have a corruption that is no fact; found none "
        f"for {len(wrong)} facts, such as of relation {label!r}. Leave such relations out."
    )


class _Pool:
    """The entities that stand at one place in the facts of each relation."""

    def __init__(self, graph: Graph, place: int) -> None:
        pairs = np.unique(graph.triples[:, 1] * graph.num_entities + graph.triples[:, place])
        relation, self.entities = np.divmod(pairs, graph.num_entities)
        self.starts = np.searchsorted(relation, np.arange(graph.num_relations + 1))

    def draw(self, relation: Ids, draw: np.random.Generator) -> Ids:
        low, high = self.starts[relation], self.starts[relation + 1]
        return self.entities[draw.integers(low, high)]


class _Scored:
    """Scores of facts and of their corruptions."""

    def __init__(self, encoder: FactScorer, facts: Ids, corrupted: Ids) -> None:
        self.relation = facts[:, 1]
        with torch.no_grad():
            self.true, self.false = (
                encoder.score(*ids.T.copy()).numpy(force=True).astype(np.float64)
                for ids in (facts, corrupted)
            )
        if np.isnan(self.true).any() or np.isnan(self.false).any():
            raise DataError(
                "scores of facts must hold numbers; they hold a NaN. The training of these "
                "vectors diverged: train again with a lower learning rate."
            )
