"""Two graphs to pairs of entities that are the same: by structure, by names, or by both."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import normalize

from lichen.alignment.matching import nearest_candidates, one_to_one, sinkhorn
from lichen.alignment.propagation import PAPER as PAPER
from lichen.alignment.propagation import JointFacts, propagate, surroundings
from lichen.alignment.vectors import Vectors, as_tensor
from lichen.base import check
from lichen.base.choose import choose
from lichen.base.errors import ConfigError, DataError, ShapeError
from lichen.data.graph import Graph

Pairs = NDArray[np.int64]
Kinds = ("structure", "names", "both")


@dataclass(frozen=True, kw_only=True)
class AlignConfig:
    """How two graphs are aligned.

    Raises:
        ConfigError: a value is out of its bounds; the message starts with the key.
    """

    by: Literal["structure", "names", "both"] = "both"
    """What speaks for a pair. "names" reads no fact; "structure" reads no name."""
    rounds: int = 3
    """Passes by structure; each but the first also takes the surest pairs found for known."""
    accept: float = 0.5
    """Share of the assignment above which a pair found is taken for known in the next round."""
    depth: int = 2
    """Facts away that a known pair is heard."""
    width: int = 512
    """Numbers by which a known pair is told from the others."""
    dim: int = 1024
    """Numbers that describe an entity's surroundings. Time and memory grow with it."""
    name_weight: float = 1.0
    """Weight of the similarity of names beside that of the structure."""
    kept: int = 50
    """Candidates an entity keeps for the one-to-one matching."""
    temperature: float = 0.02
    """Of the assignment; lower is harder."""

    def __post_init__(self) -> None:
        """Refuse values that could only fail later, deep inside a run."""
        choose("align.by", self.by, dict.fromkeys(Kinds))
        check.whole("align.rounds", self.rounds, 1, 100)
        check.between("align.accept", self.accept, 0.0, 1.0)
        check.whole("align.depth", self.depth, 1, 8)
        check.whole("align.width", self.width, 8, 65_536)
        check.whole("align.dim", self.dim, 8, 65_536)
        check.between("align.name_weight", self.name_weight, 0.0, 1e3)
        check.whole("align.kept", self.kept, 1, 10_000)
        check.between("align.temperature", self.temperature, 1e-4, 10.0)


class Match(NamedTuple):
    """One pair of entities taken to be the same."""

    left: str
    right: str
    score: float
    """Share of the assignment, 0 to 1."""


@dataclass(frozen=True, eq=False, kw_only=True)
class EntityAlignment:
    """What `align_graphs` found for the entities that were open."""

    left: Graph
    right: Graph
    left_ids: Pairs
    """`(open left,)` entities of the left graph that were to be matched, ascending."""
    right_ids: Pairs
    """`(open right,)` likewise of the right graph."""
    left_vectors: NDArray[np.float32]
    """`(open left, dim)` unit vectors; the inner product with the right's is the similarity."""
    right_vectors: NDArray[np.float32]
    pairs: Pairs
    """`(pairs, 2)` left id and right id, no entity twice, the surest first."""
    scores: NDArray[np.float32]
    """`(pairs,)` shares of the assignment, 0 to 1."""

    def matches(self, *, at_least: float = 0.0) -> list[Match]:
        """Return the pairs by label, the surest first.

        Args:
            at_least: leave out pairs with a lower score.
        """
        one, other = self.left.entities, self.right.entities
        rows = zip(self.pairs.tolist(), self.scores.tolist(), strict=True)
        return [Match(one[i], other[j], score) for (i, j), score in rows if score >= at_least]

    def __repr__(self) -> str:
        """Show the sizes."""
        return (
            f"EntityAlignment({len(self.pairs)} pairs of {len(self.left_ids)} and "
            f"{len(self.right_ids)} open entities)"
        )


def align_graphs(
    left: Graph,
    right: Graph,
    *,
    seeds: Iterable[tuple[str, str]] = (),
    names: tuple[Vectors, Vectors] | None = None,
    candidates: tuple[Sequence[str], Sequence[str]] | None = None,
    config: AlignConfig | None = None,
    seed: int = 0,
) -> EntityAlignment:
    """Find which entities of two graphs are the same, each at most once.

    Random signatures of known pairs, and name vectors, spread over the facts of both graphs. An
    assignment that uses no entity twice settles the pairs; the surest count as known in the next
    round. Nothing is trained.

    Use when some pairs are known or names are comparable; without facts only names match.

    Args:
        left: one graph.
        right: the other. Labels shared by the two mean nothing.
        seeds: known pairs, (left label, right label).
        names: `(left entities, width)` and `(right entities, width)` vectors of names, as
            `name_vectors` or a multilingual encoder gives; None aligns by structure.
        candidates: labels of the entities to match; None is every entity that no seed names.
        config: settings; None is "both" with names and "structure" without.
        seed: of the random signatures.

    Returns:
        The pairs with their scores, and the vectors they were judged by.

    Raises:
        DataError: a seed is no pair, a seed or candidate is no entity, a seed is repeated, a name
            vector is not of finite numbers, or nothing is open.
        ShapeError: the name vectors do not have a row an entity, or differ in width.
        ConfigError: what `config.by` needs is not there.

    References:
        Mao et al., 2022, arXiv:2210.10436 (LightEA). Differs: one to one, and `surroundings`.
    """
    settings = config or AlignConfig(by="structure" if names is None else "both")
    known = _known(left, right, seeds)
    told = None if names is None else _names(left, right, names)
    _refuse_missing(settings, known, told)
    open_left, open_right = _open(left, right, known, candidates)
    judge = _Judge(JointFacts.of(left, right), told, settings, seed=seed)
    joint = known + np.array([0, left.num_entities])
    one, other, match, shares = _rounds(judge, joint, open_left, open_right + left.num_entities)
    found = np.flatnonzero(match >= 0)
    found = found[np.argsort(-shares[found], kind="stable")]
    return EntityAlignment(
        left=left,
        right=right,
        left_ids=open_left,
        right_ids=open_right,
        left_vectors=one.numpy(),
        right_vectors=other.numpy(),
        pairs=np.stack([open_left[found], open_right[match[found]]], axis=1),
        scores=shares[found],
    )


class _Judge:
    """Vectors of all entities of both graphs from the pairs known so far and the names."""

    def __init__(
        self, facts: JointFacts, names: Tensor | None, settings: AlignConfig, *, seed: int
    ) -> None:
        self.facts, self.settings, self.seed = facts, settings, seed
        self.fixed: list[Tensor] = []
        weight = settings.name_weight**0.5
        if settings.by == "names" and names is not None:
            self.fixed = [names]
        elif settings.by == "both" and names is not None:
            around = self._around(names, seed=seed)
            self.fixed = [weight * names, weight * around]

    def vectors(self, known: Pairs, number: int) -> Tensor:
        """Return `(entities, dim)` unit vectors; `number` varies the random signatures."""
        parts = list(self.fixed)
        if self.settings.by != "names" and len(known):
            pairs = torch.from_numpy(known)
            draw = torch.Generator().manual_seed(self.seed + 1 + number)
            signs = normalize(torch.randn(len(pairs), self.settings.width, generator=draw))
            start = torch.zeros(self.facts.num_entities, self.settings.width)
            start[pairs[:, 0]] = signs
            start[pairs[:, 1]] = signs
            parts.append(self._around(start, seed=self.seed + number))
        return normalize(torch.cat(parts, dim=1))

    def _around(self, start: Tensor, *, seed: int) -> Tensor:
        entities, relations = propagate(self.facts, start, depth=self.settings.depth)
        return surroundings(self.facts, entities, relations, dim=self.settings.dim, seed=seed)


def _rounds(
    judge: _Judge, known: Pairs, rows: Pairs, columns: Pairs
) -> tuple[Tensor, Tensor, Pairs, NDArray[np.float32]]:
    """Assign rows to columns, the surest pairs of a round known in the next.

    Returns the vectors of both, the column of each row or -1, and its share.
    """
    settings = judge.settings
    sure = np.empty((0, 2), dtype=np.int64)
    for number in range(1 if settings.by == "names" else settings.rounds):
        vectors = judge.vectors(np.concatenate([known, sure]), number)
        one, other = vectors[torch.from_numpy(rows)], vectors[torch.from_numpy(columns)]
        match, shares = _assign(one, other, settings)
        accepted = (match >= 0) & (shares > settings.accept)
        sure = np.stack([rows[accepted], columns[match[accepted]]], axis=1)
    return one, other, match, shares


def _assign(one: Tensor, other: Tensor, settings: AlignConfig) -> tuple[Pairs, NDArray[np.float32]]:
    similarities, columns = nearest_candidates(one, other, k=settings.kept)
    shares = sinkhorn(
        similarities, columns, num_columns=len(other), temperature=settings.temperature
    )
    match, score = one_to_one(shares, columns, num_columns=len(other))
    return match.numpy(), score.numpy()


def _known(left: Graph, right: Graph, seeds: Iterable[tuple[str, str]]) -> Pairs:
    rows = []
    for place, pair in enumerate(seeds):
        if isinstance(pair, str) or not isinstance(pair, Collection) or len(pair) != 2:
            raise DataError(
                f"seeds[{place}]: must be a pair, (left label, right label); got {pair!r:.80}. "
                "Give two labels."
            )
        ids = []
        for side, graph, label in zip(("left", "right"), (left, right), pair, strict=True):
            found = _id(graph, label)
            if found is None:
                raise DataError(
                    f"seeds[{place}]: must name an entity of each graph; {label!r} is none of "
                    f"the {side} graph. Leave the pair out."
                )
            ids.append(found)
        rows.append(ids)
    known = np.array(rows, dtype=np.int64).reshape(-1, 2)
    for column, side in enumerate(("left", "right")):
        distinct, counts = np.unique(known[:, column], return_counts=True)
        if (counts > 1).any():
            label = (left, right)[column].entities[int(distinct[counts.argmax()])]
            raise DataError(
                f"seeds: an entity may stand in one pair; {label!r} of the {side} graph stands "
                f"in {counts.max()}. Keep the right one."
            )
    return known


def _id(graph: Graph, label: str) -> int | None:
    return graph.entities.id(label) if label in graph.entities else None


def _names(left: Graph, right: Graph, names: tuple[Vectors, Vectors]) -> Tensor:
    """Return `(left and right entities, width)` unit vectors.

    Raises:
        ShapeError: a side does not have a row an entity, or the widths differ.
        DataError: a side is no numbers, or one is not finite.
    """
    sides = [as_tensor("names", side).detach() for side in names]
    counts = (left.num_entities, right.num_entities)
    widths = {side.shape[-1] for side in sides if side.ndim == 2}
    if [len(s) for s in sides if s.ndim == 2] != list(counts) or len(widths) != 1:
        raise ShapeError(
            f"names: must be ({counts[0]}, width) and ({counts[1]}, width), a row an entity; got "
            f"{' and '.join(str(tuple(side.shape)) for side in sides)}."
        )
    for side, which in zip(sides, ("left", "right"), strict=True):
        bad = ~torch.isfinite(side).all(1)
        if bad.any():
            raise DataError(
                f"names: every number must be finite; row {int(bad.nonzero()[0])} of the {which} "
                "side holds NaN or infinity. Use zeros for an entity without a name."
            )
    return normalize(torch.cat(sides))


def _refuse_missing(settings: AlignConfig, known: Pairs, names: Tensor | None) -> None:
    if settings.by != "structure" and names is None:
        raise ConfigError(f"align.by {settings.by!r} needs name vectors; got names=None.")
    if settings.by == "structure" and not len(known):
        raise DataError(
            "seeds: at least one known pair is needed to align by structure; got none. Give "
            "pairs, or name vectors with by='both'."
        )


def _open(
    left: Graph,
    right: Graph,
    known: Pairs,
    candidates: tuple[Sequence[str], Sequence[str]] | None,
) -> tuple[Pairs, Pairs]:
    """Return the ids on each side that are to be matched, ascending."""
    chosen = []
    for column, (graph, side) in enumerate(((left, "left"), (right, "right"))):
        if candidates is None:
            ids = np.setdiff1d(np.arange(graph.num_entities), known[:, column])
        else:
            found = [_id(graph, label) for label in candidates[column]]
            if None in found:
                label = candidates[column][found.index(None)]
                raise DataError(f"candidates: {label!r} is no entity of the {side} graph.")
            ids = np.unique(np.array(found, dtype=np.int64))
        if not len(ids):
            raise DataError(f"candidates: the {side} graph has no entity left to match.")
        chosen.append(ids)
    return chosen[0], chosen[1]
