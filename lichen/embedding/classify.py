"""A graph encoder and a split to true or false: thresholds by relation, accuracy and F1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from lichen.base import check
from lichen.base.errors import DataError, ShapeError
from lichen.base.seeds import require_seed
from lichen.data.graph import Graph, Ids
from lichen.data.splits import OddFacts, odd_facts
from lichen.embedding.evaluate import Sized, facts_to_rank
from lichen.embedding.ids import whole_ids

Floats = NDArray[np.float64]
TRIES = 20
"""Draws of a corruption before one that is a fact is replaced from all entities."""


class FactScorer(Sized, Protocol):
    """What gives a fact a score."""

    def score(self, h: ArrayLike | Tensor, r: ArrayLike | Tensor, t: ArrayLike | Tensor) -> Tensor:
        """Score facts by id: `(facts,)` each -> `(facts,)`, higher = more plausible."""
        ...


class Judged(NamedTuple):
    """How well facts of a relation are told from false ones."""

    accuracy: float
    num_facts: int
    """Facts judged."""
    num_false: int
    """False ones judged."""
    threshold: float
    """Score from which a fact is taken for true."""


@dataclass(frozen=True, kw_only=True)
class TripleClassification:
    """How well facts of a split are told from false ones."""

    accuracy: float
    """Share judged right, 0 to 1."""
    precision: float
    """Share of facts among what was taken for true; 0 when nothing was."""
    recall: float
    """Share of facts taken for true."""
    f1: float
    """Harmonic mean of precision and recall."""
    num_facts: int
    """Facts judged."""
    num_false: int
    """False ones judged."""
    num_unseen: int
    """Facts judged with an entity that training never saw; they count as they are judged."""
    num_unseen_relation: int
    """Facts judged with a relation that training never saw; they count as they are judged."""
    num_loops: int
    """Facts judged whose head is their tail; they count as they are judged."""
    by_relation: dict[str, Judged]
    """Relation label to its figures, for the relations that were judged."""
    untuned: tuple[str, ...]
    """Relations judged without anything to tune on: they take the threshold of all."""

    def __str__(self) -> str:
        """Show the figures on one line, with what is odd about the facts."""
        odd = OddFacts(self.num_unseen, self.num_unseen_relation, self.num_loops)
        line = (
            f"accuracy {self.accuracy:.3f}, F1 {self.f1:.3f}, precision {self.precision:.3f}, "
            f"recall {self.recall:.3f}, {self.num_facts} facts{odd} and {self.num_false} false ones"
        )
        return line + (f", {len(self.untuned)} relations not tuned" if self.untuned else "")


def triple_classification(
    encoder: FactScorer,
    graph: Graph,
    *,
    tune: str = "valid",
    split: str = "test",
    negatives: Mapping[str, Ids] | None = None,
    seed: int = 0,
) -> TripleClassification:
    """Tell the facts of a split from false ones by one threshold a relation.

    A false one is given, or made of each fact: its head or tail is another entity that stands at
    that place in some fact of the relation, and it is no fact itself. A relation's threshold is
    the score that divides true and false of the tuning split with the fewest mistakes.

    Args:
        encoder: what scores facts.
        graph: the graph, its splits included.
        tune: the split whose facts set the thresholds.
        split: the split whose facts are judged.
        negatives: `(false, 3)` ids of what is false, for both splits by name; None makes them.
        seed: of the false ones that are made.

    Returns:
        Accuracy, precision, recall and F1, and the figures by relation.

    Raises:
        DataError: a split is absent or empty, or has no negatives, or a score is NaN.
        ShapeError: negatives do not hold three ids a fact.
        ConfigError: `seed` is out of bounds, or negatives are not given by split.

    References:
        Socher et al., 2013, NeurIPS 26, section 4.3.
    """
    require_seed("seed", seed)
    tuning, judged = (facts_to_rank(encoder, graph, name) for name in (tune, split))
    if negatives is None:
        draw = np.random.default_rng(seed)
        wrong = [corrupt(graph, facts, draw=draw) for facts in (tuning, judged)]
    else:
        wrong = [_given(negatives, name) for name in (tune, split)]
    tuned = _Scored(encoder, tuning, wrong[0])
    return _judge(tuned, _Scored(encoder, judged, wrong[1]), graph)


def _given(negatives: Mapping[str, Ids], split: str) -> Ids:
    """Return the false facts given for a split: `(false, 3)` ids, at least one."""
    check.kind("negatives", negatives, Mapping, fix="Give (false, 3) ids by the split's name.")
    given = negatives.get(split)
    found = whole_ids(f"negatives[{split!r}]: entity and relation", () if given is None else given)
    if not found.size:
        have = {name: len(ids) for name, ids in negatives.items()}
        raise DataError(
            f"negatives must hold at least one false fact of the {split} split; got {have}. "
            "Add some, or pass None to have each fact corrupted."
        )
    if found.ndim != 2 or found.shape[1] != 3:
        raise ShapeError(
            f"negatives[{split!r}] must have shape (false, 3), ids of head, relation and tail; got "
            f"{found.shape}. Give three ids a fact."
        )
    return found


def _judge(tuned: _Scored, found: _Scored, graph: Graph) -> TripleClassification:
    """Set the thresholds by some scores, and judge others by them."""
    thresholds = np.full(graph.num_relations, tuned.threshold())
    for r in np.unique(tuned.relation):
        thresholds[r] = tuned.threshold(tuned.relation == r)
    taken = found.scores >= thresholds[found.relation]
    right, hits = taken == found.is_fact, int((taken & found.is_fact).sum())
    num_taken, num_facts = int(taken.sum()), int(found.is_fact.sum())
    present = np.unique(found.relation)
    by_relation = {}
    for r in present.tolist():
        own = found.relation == r
        facts = int(found.is_fact[own].sum())
        counts = (facts, int(own.sum()) - facts)
        judged = Judged(float(right[own].mean()), *counts, float(thresholds[r]))
        by_relation[graph.relations[r]] = judged
    return TripleClassification(
        accuracy=float(right.mean()),
        precision=hits / num_taken if num_taken else 0.0,
        recall=hits / num_facts,
        f1=2 * hits / (num_facts + num_taken),
        num_facts=num_facts,
        num_false=len(right) - num_facts,
        **odd_facts(graph, found.facts)._asdict(),
        by_relation=by_relation,
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
    """Scores of facts and of false ones, the facts first."""

    def __init__(self, encoder: FactScorer, facts: Ids, false: Ids) -> None:
        ids = np.concatenate([facts, false])
        self.facts, self.relation = facts, ids[:, 1]
        self.is_fact = np.arange(len(ids)) < len(facts)
        with torch.no_grad():
            scores = encoder.score(*ids.T.copy())
        self.scores = scores.numpy(force=True).astype(np.float64)
        if np.isnan(self.scores).any():
            raise DataError(
                "scores of facts must hold numbers; they hold a NaN. The training of these "
                "vectors diverged: train again with a lower learning rate."
            )

    def threshold(self, among: NDArray[np.bool_] | slice = slice(None)) -> float:
        """Return the best threshold of some scores; all by default."""
        scores, is_fact = self.scores[among], self.is_fact[among]
        return best_threshold(scores[is_fact], scores[~is_fact])
