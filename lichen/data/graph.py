"""Facts in memory: vocabularies, integer triples, names, texts, literals, sources and splits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, fields
from functools import cached_property, partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lichen.base import check
from lichen.base.errors import DataError, ShapeError
from lichen.data.distinct import ascending, owned
from lichen.data.index import EndIndex, PairIndex
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


def _within(key: str, ids: Ids, bound: int, what: str, *, low: int = 0) -> None:
    if len(ids) and not (ids.min() >= low and ids.max() < bound):
        raise DataError(
            f"{key} must hold {what} from {low} to {bound - 1}; got {ids.min()} to {ids.max()}."
        )


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
    """Names by which text may call an entity, its label not repeated; ordered by entity, and
    within one entity by preference."""
    descriptions: Mapping[int, str] = field(default_factory=dict)
    """Entity id to a sentence or more about it."""
    types: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """Entity id to its types, the most specific first."""
    literals: tuple[Literal, ...] = ()
    sources: tuple[Source, ...] = ()
    fact_sources: Ids = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    """`(facts,)`: index into `sources`, or -1. Empty means that no fact has one."""
    splits: Mapping[str, Ids] = field(default_factory=dict)
    """Split name to rows of `triples`, such as train, valid, test; ascending, each once. A row
    may stand in two splits: `lichen.data.leaks` then reports it."""
    relation_texts: Mapping[int, str] = field(default_factory=dict)
    """Relation id to words that say it, where the label does not."""

    def __post_init__(self) -> None:
        """Check that ids and shapes fit, and make arrays and mappings read-only."""
        triples = owned(self.triples)
        if triples.size == 0:
            triples = triples.reshape(0, 3)
        if triples.ndim != 2 or triples.shape[1] != 3:
            raise ShapeError(f"triples must have shape (facts, 3); got {triples.shape}.")
        found = owned(self.fact_sources)
        if found.size == 0:
            found = np.broadcast_to(np.int64(-1), (len(triples),))  # one number, not one a fact
        if found.shape != (len(triples),):
            raise ShapeError(
                f"fact_sources must have shape ({len(triples)},), one per fact; got {found.shape}."
            )
        splits = {k: ascending(owned(v)) for k, v in self.splits.items()}
        entities, relations = len(self.entities), len(self.relations)
        _within("triples[:, 0]", triples[:, 0], entities, "entity ids")
        _within("triples[:, 1]", triples[:, 1], relations, "relation ids")
        _within("triples[:, 2]", triples[:, 2], entities, "entity ids")
        _within("fact_sources", found, len(self.sources), "source indexes or -1", low=-1)
        for split, rows in splits.items():
            _within(f"splits[{split!r}]", rows, len(triples), "rows of triples")
        about = (*(n.entity for n in self.names), *(x.entity for x in self.literals))
        for key, ids, bound in (
            ("the entities of names and literals", about, entities),
            ("descriptions", tuple(self.descriptions), entities),
            ("types", tuple(self.types), entities),
            ("relation_texts", tuple(self.relation_texts), relations),
        ):
            _within(key, np.array(ids, dtype=np.int64), bound, "ids")
        frozen: dict[str, object] = {
            "triples": _frozen(triples),
            "fact_sources": _frozen(found),
            "names": tuple(sorted(self.names, key=lambda name: name.entity)),
            "splits": MappingProxyType({k: _frozen(v) for k, v in splits.items()}),
        }
        for key in ("descriptions", "types", "relation_texts"):
            frozen[key] = MappingProxyType(dict(getattr(self, key)))
        for key, value in frozen.items():
            object.__setattr__(self, key, value)

    def __reduce__(self) -> tuple[partial[Graph], tuple[()]]:
        """Pickle by the fields, so that processes can be given a graph."""
        given = {f.name: getattr(self, f.name) for f in fields(self)}
        plain: dict[str, Any] = {
            k: dict(x) if isinstance(x, Mapping) else x for k, x in given.items()
        }
        return partial(Graph, **plain), ()

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

        Raises:
            DataError: a triple is not three texts, or `splits` names "train".
            ConfigError: `splits` is no mapping.

        >>> g = Graph.from_triples([("Vienna", "capital_of", "Austria")])
        >>> g
        Graph(2 entities, 1 relations, 1 facts)
        """
        from lichen.data.builder import GraphBuilder, labelled

        check.kind("splits", splits or {}, Mapping, fix="Give triples by the name of the split.")
        if splits and "train" in splits:
            raise DataError(
                "splits must not hold 'train', which is the triples themselves. Leave it out."
            )
        builder = GraphBuilder()
        parts = {"train" if splits else "": triples, **(splits or {})}
        for split, rows in parts.items():
            if split:
                builder.add_split(split)
            what = f"splits[{split!r}]" if split in (splits or {}) else "triples"
            for h, r, t in labelled(rows, what=what):
                builder.add_fact(h, r, t, split=split or None)
        return builder.build()

    @classmethod
    def load(
        cls,
        source: str | Path,
        *,
        on_bad_line: OnBadLine = "raise",
        columns: Sequence[str] | None = None,
    ) -> Graph:
        """Read a graph: "atlas", a file of a known format, or a folder of train/valid/test files.

        Args:
            source: "atlas", a store's address or file ("facts.db"), or a path; the format is
                told from the name, `.gz` included.
            on_bad_line: "raise" stops at the first bad line; "skip" drops and reports them.
            columns: the order of the columns of files without a header, such as
                ("relation", "head", "tail"); None is head, relation, tail.

        Raises:
            DataError: nothing is there, the format is unknown, or a line is bad.
        """
        from lichen.data.read import read_graph

        return read_graph(source, on_bad_line=on_bad_line, columns=columns)

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
    def _by_head(self) -> PairIndex:
        h, r, t = self.triples.T
        return PairIndex(h, r, t, num_relations=self.num_relations)

    @cached_property
    def _by_tail(self) -> PairIndex:
        h, r, t = self.triples.T
        return PairIndex(t, r, h, num_relations=self.num_relations)

    @cached_property
    def _ends(self) -> EndIndex:
        return EndIndex(self.triples[:, 0], self.triples[:, 2], num_entities=self.num_entities)

    @cached_property
    def _names_of(self) -> dict[int, tuple[Name, ...]]:
        grouped: dict[int, list[Name]] = {}
        for name in self.names:
            grouped.setdefault(name.entity, []).append(name)
        return {entity: tuple(names) for entity, names in grouped.items()}

    def __contains__(self, triple: object) -> bool:
        """Say whether (head id, relation id, tail id) is a fact."""
        return isinstance(triple, tuple) and len(triple) == 3 and self.row(*triple) is not None

    def row(self, h: int, r: int, t: int) -> int | None:
        """Return the row of a fact in `triples`, or None when it is not one."""
        h, r, t = int(h), int(r), int(t)
        if self._by_head.count(h, r) <= self._by_tail.count(t, r):
            return self._by_head.row(h, r, t)
        return self._by_tail.row(t, r, h)

    def tails(self, h: int, r: int) -> tuple[int, ...]:
        """Return the entities t for which (h, r, t) is a fact, in row order."""
        return self._by_head.values_of(int(h), int(r))

    def heads(self, r: int, t: int) -> tuple[int, ...]:
        """Return the entities h for which (h, r, t) is a fact, in row order."""
        return self._by_tail.values_of(int(t), int(r))

    def neighbours(self, entity: int) -> Ids:
        """Return the rows of `triples` that touch an entity as head or tail, ascending.

        Raises:
            DataError: there is no such entity.
        """
        self._refuse_unknown([entity])
        return self._ends.rows_of(entity)

    def degree(self) -> Ids:
        """Return `(entities,)`: how many facts touch each entity; a self-loop counts twice."""
        return np.diff(self._ends.offsets)

    def subgraph(self, seeds: Iterable[int], *, hops: int = 2, limit: int = 200) -> Graph:
        """Return the facts within some hops of the seeds, nearest first, at most `limit`.

        Vocabularies are shared with this graph, so ids keep their meaning. When a hop does not
        fit, its entities take turns: a seed with very many facts does not crowd out another.

        Args:
            seeds: entity ids to start from.
            hops: how many facts away to go; 1 keeps the facts that touch a seed.
            limit: how many facts to keep.

        Returns:
            A graph over the same vocabularies with fewer facts, in row order.

        Raises:
            DataError: a seed is no entity of this graph.
        """
        start = [int(seed) for seed in dict.fromkeys(seeds)]
        self._refuse_unknown(start)
        return self.select(sorted(self._ends.nearest(start, hops=hops, limit=max(limit, 0))))

    def _refuse_unknown(self, entities: list[int]) -> None:
        for entity in entities:
            if not 0 <= entity < self.num_entities:
                raise DataError(
                    f"entity ids must lie between 0 and {self.num_entities - 1}; got {entity!r}."
                )

    def select(self, rows: ArrayLike) -> Graph:
        """Return the graph with only some facts, all else shared, without splits.

        Args:
            rows: `(kept,)` distinct rows of `triples`, or a `(facts,)` boolean mask
                (True = keep).

        Raises:
            ShapeError: a mask does not have one value per fact, or rows are not a list.
        """
        kept = np.asarray(rows)
        if kept.dtype != np.bool_:
            kept = kept.astype(np.int64)
            if kept.ndim != 1:
                raise ShapeError(
                    f"rows must have shape (kept,), row numbers of triples; got {kept.shape}. "
                    "Give graph.splits[...], not the triples themselves."
                )
        elif kept.shape != (self.num_facts,):
            raise ShapeError(
                f"a mask of rows must have shape ({self.num_facts},), one per fact; "
                f"got {kept.shape}."
            )
        chosen = copy(self)  # not `replace`, which would check and copy all names again
        for key in ("_by_head", "_by_tail", "_ends"):
            chosen.__dict__.pop(key, None)
        object.__setattr__(chosen, "triples", _frozen(self.triples[kept]))
        object.__setattr__(chosen, "fact_sources", _frozen(self.fact_sources[kept]))
        object.__setattr__(chosen, "splits", MappingProxyType({}))
        return chosen

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

    def relation_text(self, relation: int) -> str:
        """Return words for a relation: its text, or its label with spaces for underscores."""
        found = self.relation_texts.get(relation)
        return found or self.relations[relation].replace("_", " ").strip()

    def types_of(self, entity: int) -> tuple[str, ...]:
        """Return an entity's types, the most specific first."""
        return self.types.get(entity, ())

    def source(self, row: int) -> Source | None:
        """Return where the fact of a row was read, or None when that is not known."""
        index = int(self.fact_sources[row])
        return self.sources[index] if index >= 0 else None
