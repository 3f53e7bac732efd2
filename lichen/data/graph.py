"""Facts in memory: vocabularies, integer triples, names, texts, literals, sources and splits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lichen.base.errors import DataError, ShapeError
from lichen.data.vocabulary import Vocabulary

if TYPE_CHECKING:
    from lichen.data.read import OnBadLine

Ids = NDArray[np.int64]


class Name(NamedTuple):
    """One name of an entity in one language (ISO 639 code)."""

    entity: int
    text: str
    language: str = "en"


class Literal(NamedTuple):
    """One attribute value of an entity: a number with unit and year, or a string."""

    entity: int
    attribute: str
    value: float | str
    unit: str | None = None
    year: int | None = None
    source: int = -1


class Source(NamedTuple):
    """Where a fact was read: an address, and the words that state it."""

    address: str
    text: str = ""


def _frozen(array: Ids) -> Ids:
    array.setflags(write=False)
    return array


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Graph:
    """An immutable set of facts, integer-coded.

    Build one with `Graph.from_triples`, `GraphBuilder` or `Graph.load`.

    Raises:
        ShapeError: the arrays do not fit one another.
        DataError: an id lies outside its vocabulary.
    """

    entities: Vocabulary
    """Entity labels; a label is unique, a name need not be."""
    relations: Vocabulary
    """Relation labels."""
    triples: Ids
    """`(facts, 3)`: head, relation, tail; no duplicates; read-only."""
    names: tuple[Name, ...] = ()
    """Names by which text may call an entity, its label not repeated."""
    descriptions: Mapping[int, str] = field(default_factory=dict)
    """Entity id to a sentence or more about it."""
    types: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """Entity id to its types, the most specific first."""
    literals: tuple[Literal, ...] = ()
    sources: tuple[Source, ...] = ()
    fact_sources: Ids = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    """`(facts,)`: index into `sources`, or -1. Empty means that no fact has one."""
    splits: Mapping[str, Ids] = field(default_factory=dict)
    """Split name to rows of `triples`, such as train, valid, test."""

    def __post_init__(self) -> None:
        """Check that ids and shapes fit, and make the arrays read-only."""
        triples = np.array(self.triples, dtype=np.int64)
        if triples.size == 0:
            triples = triples.reshape(0, 3)
        if triples.ndim != 2 or triples.shape[1] != 3:
            raise ShapeError(f"triples must have shape (facts, 3); got {triples.shape}.")
        object.__setattr__(self, "triples", _frozen(triples))
        for column, vocabulary in ((0, self.entities), (1, self.relations), (2, self.entities)):
            ids = triples[:, column]
            if len(ids) and not (ids.min() >= 0 and ids.max() < len(vocabulary)):
                raise DataError(
                    f"triples[:, {column}] must hold {vocabulary.what} ids from 0 to "
                    f"{len(vocabulary) - 1}; got {ids.min()} to {ids.max()}."
                )
        found = np.array(self.fact_sources, dtype=np.int64)
        if found.size == 0:
            found = np.full(len(triples), -1, dtype=np.int64)
        if found.shape != (len(triples),):
            raise ShapeError(
                f"fact_sources must have shape ({len(triples)},), one per fact; got {found.shape}."
            )
        object.__setattr__(self, "fact_sources", _frozen(found))
        splits = {k: _frozen(np.array(v, dtype=np.int64)) for k, v in self.splits.items()}
        object.__setattr__(self, "splits", MappingProxyType(splits))
        object.__setattr__(self, "descriptions", MappingProxyType(dict(self.descriptions)))
        object.__setattr__(self, "types", MappingProxyType(dict(self.types)))

    @classmethod
    def from_triples(
        cls,
        triples: Iterable[tuple[str, str, str]],
        *,
        splits: Mapping[str, Iterable[tuple[str, str, str]]] | None = None,
    ) -> Graph:
        """Build a graph from labelled triples; a repeated fact is kept once.

        Args:
            triples: (head, relation, tail) labels.
            splits: further triples by split name; when given, `triples` is the split "train".

        Returns:
            The graph, ids in order of first appearance.

        >>> g = Graph.from_triples([("Vienna", "capital_of", "Austria")])
        >>> g
        Graph(2 entities, 1 relations, 1 facts)
        """
        from lichen.data.builder import GraphBuilder

        builder = GraphBuilder()
        parts = {"train" if splits else "": triples, **(splits or {})}
        for split, rows in parts.items():
            for h, r, t in rows:
                builder.add_fact(h, r, t, split=split or None)
        return builder.build()

    @classmethod
    def load(cls, source: str | Path, *, on_bad_line: OnBadLine = "raise") -> Graph:
        """Read a graph: "atlas", a file of a known format, or a folder of train/valid/test files.

        Args:
            source: "atlas", a store address ("sqlite:///facts.db"), or a path; the format is
                told from the name, `.gz` included.
            on_bad_line: "raise" stops at the first bad line; "skip" drops and reports them.

        Raises:
            DataError: nothing is there, the format is unknown, or a line is bad.
        """
        from lichen.data.read import read_graph

        return read_graph(source, on_bad_line=on_bad_line)

    def save(self, path: str | Path) -> Path:
        """Write the graph; the format is told from the name as in `load`."""
        from lichen.data.write import write_graph

        return write_graph(self, path)

    def __repr__(self) -> str:
        """Show the sizes."""
        return (
            f"Graph({self.num_entities} entities, {self.num_relations} relations, "
            f"{self.num_facts} facts)"
        )

    @property
    def num_entities(self) -> int:
        """Count the entities, isolated ones included."""
        return len(self.entities)

    @property
    def num_relations(self) -> int:
        """Count the relations."""
        return len(self.relations)

    @property
    def num_facts(self) -> int:
        """Count the triples of all splits."""
        return len(self.triples)

    @cached_property
    def _rows(self) -> dict[tuple[int, int, int], int]:
        return {(h, r, t): i for i, (h, r, t) in enumerate(self.triples.tolist())}

    @cached_property
    def _csr(self) -> tuple[Ids, Ids]:
        """Return `(entities + 1,)` offsets into rows ordered by incident entity."""
        ends = np.concatenate([self.triples[:, 0], self.triples[:, 2]])
        rows = np.tile(np.arange(self.num_facts), 2)
        order = np.argsort(ends, kind="stable")
        counts = np.bincount(ends, minlength=self.num_entities)
        return np.concatenate([[0], np.cumsum(counts)]), rows[order]

    @cached_property
    def _by_head(self) -> dict[tuple[int, int], tuple[int, ...]]:
        return _group(self.triples[:, [0, 1, 2]])

    @cached_property
    def _by_tail(self) -> dict[tuple[int, int], tuple[int, ...]]:
        return _group(self.triples[:, [2, 1, 0]])

    @cached_property
    def _names_of(self) -> dict[int, tuple[Name, ...]]:
        grouped: dict[int, list[Name]] = {}
        for name in self.names:
            grouped.setdefault(name.entity, []).append(name)
        return {entity: tuple(names) for entity, names in grouped.items()}

    def __contains__(self, triple: object) -> bool:
        """Say whether (head id, relation id, tail id) is a fact."""
        return triple in self._rows

    def row(self, h: int, r: int, t: int) -> int | None:
        """Return the row of a fact in `triples`, or None when it is not one."""
        return self._rows.get((int(h), int(r), int(t)))

    def tails(self, h: int, r: int) -> tuple[int, ...]:
        """Return the entities t for which (h, r, t) is a fact, in row order."""
        return self._by_head.get((int(h), int(r)), ())

    def heads(self, r: int, t: int) -> tuple[int, ...]:
        """Return the entities h for which (h, r, t) is a fact, in row order."""
        return self._by_tail.get((int(t), int(r)), ())

    def neighbours(self, entity: int) -> Ids:
        """Return the rows of `triples` that touch an entity as head or tail, ascending."""
        offsets, rows = self._csr
        return np.unique(rows[offsets[entity] : offsets[entity + 1]])

    def degree(self) -> Ids:
        """Return how many facts touch each entity, shape `(entities,)`; a self-loop counts twice."""
        return np.diff(self._csr[0])

    def subgraph(self, seeds: Iterable[int], *, hops: int = 2, limit: int = 200) -> Graph:
        """Return the facts within some hops of the seeds, nearest first, at most `limit`.

        Vocabularies are shared with this graph, so ids keep their meaning.

        Args:
            seeds: entity ids to start from.
            hops: how many facts away to go; 1 keeps the facts that touch a seed.
            limit: how many facts to keep.

        Returns:
            A graph over the same vocabularies with fewer facts.
        """
        frontier, seen, rows = list(dict.fromkeys(seeds)), set(seeds), dict[int, None]()
        for _ in range(hops):
            reached: list[int] = []
            for entity in frontier:
                for row in self.neighbours(entity).tolist():
                    rows[row] = None
                    h, _r, t = self.triples[row].tolist()
                    reached += [e for e in (h, t) if e not in seen]
                    seen.update((h, t))
                if len(rows) >= limit:
                    return self.select(sorted(list(rows)[:limit]))
            frontier = reached
        return self.select(sorted(rows))

    def select(self, rows: ArrayLike) -> Graph:
        """Return the graph with only some facts, vocabularies unchanged, without splits.

        Args:
            rows: `(kept,)` rows of `triples`, or a `(facts,)` boolean mask (True = keep).
        """
        kept = np.asarray(rows)
        if kept.dtype != np.bool_:
            kept = kept.astype(np.int64)
        return replace(
            self, triples=self.triples[kept], fact_sources=self.fact_sources[kept], splits={}
        )

    def split(self, name: str) -> Ids:
        """Return the triples of a split, shape `(facts, 3)`; "train" of an unsplit graph is all.

        Raises:
            DataError: there is no such split.
        """
        if name in self.splits:
            return self.triples[self.splits[name]]
        if name == "train" and not self.splits:
            return self.triples
        have = ", ".join(self.splits) or "none"
        raise DataError(f"split must be one of the graph's splits ({have}); got {name!r}.")

    def names_of(self, entity: int, *, language: str | None = None) -> tuple[str, ...]:
        """Return an entity's names, its label first; `language` keeps only that language's."""
        found = [
            n.text
            for n in self._names_of.get(entity, ())
            if language is None or n.language == language
        ]
        label = [self.entities[entity]] if language is None else []
        return tuple(dict.fromkeys(label + found))

    def name(self, entity: int, *, language: str = "en") -> str:
        """Return the name to show: the first in that language, or the label."""
        found = self.names_of(entity, language=language)
        return found[0] if found else self.entities[entity]

    def types_of(self, entity: int) -> tuple[str, ...]:
        """Return an entity's types, the most specific first."""
        return self.types.get(entity, ())

    def source(self, row: int) -> Source | None:
        """Return where the fact of a row was read, or None when that is not known."""
        index = int(self.fact_sources[row])
        return self.sources[index] if index >= 0 else None


def _group(columns: Ids) -> dict[tuple[int, int], tuple[int, ...]]:
    grouped: dict[tuple[int, int], list[int]] = {}
    for key, r, value in columns.tolist():
        grouped.setdefault((key, r), []).append(value)
    return {pair: tuple(values) for pair, values in grouped.items()}
