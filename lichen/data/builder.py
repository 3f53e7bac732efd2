"""Assemble a `Graph` fact by fact, by label; readers, the store and Atlas all use it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import chain, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lichen.base.errors import DataError
from lichen.data.distinct import distinct_facts
from lichen.data.graph import Graph, Ids, Literal, Name, Source
from lichen.data.vocabulary import Vocabulary

Rows = NDArray[np.int32]  # half the memory of int64; labels never reach 2 ** 31


class _Numbers(dict[str, int]):
    """Labels numbered when first looked up."""

    def __missing__(self, label: str) -> int:
        self[label] = found = len(self)
        return found

    def numbers(self, labels: Iterable[str], count: int) -> Rows:
        return np.fromiter(map(self.__getitem__, labels), dtype=np.int32, count=count)


_NO_ROWS = (str, bytes, bytearray, Set, Mapping)
"""Have a length and are no row: a text of three letters, and what has no order or has keys."""


def parts_of(row: Any) -> tuple[Any, Any, Any] | None:
    """Return the three parts of a row: a tuple, a list, an array, a database's row, a Series.

    Args:
        row: anything.

    Returns:
        None when it is no row, or one of more or fewer parts.

    >>> parts_of(["Vienna", "capital_of", None]), parts_of("abc")
    (('Vienna', 'capital_of', None), None)
    """
    if isinstance(row, _NO_ROWS):
        return None
    try:
        if len(row) != 3:
            return None
        first, second, third = row
    except TypeError:  # without a length, or without an order
        return None
    return first, second, third


def labelled(triples: Iterable[Sequence[str]], *, what: str) -> Iterator[tuple[str, str, str]]:
    """Yield triples, each of them found to be three labels.

    Args:
        triples: (head, relation, tail) labels.
        what: what the message calls them.

    Yields:
        Each triple.

    Raises:
        DataError: they are no list, or one is no triple of texts.
    """
    if isinstance(triples, str) or not isinstance(triples, Iterable):
        raise DataError(
            f"{what} must be a list of (head, relation, tail); got {type(triples).__name__}. Give "
            "three labels a fact."
        )
    for place, fact in enumerate(triples):
        parts = parts_of(fact)
        if parts is not None:
            h, r, t = parts
            if isinstance(h, str) and isinstance(r, str) and isinstance(t, str):
                yield h, r, t
                continue
        raise DataError(
            f"{what}[{place}] must be (head, relation, tail), three texts; got {fact!r}. Give "
            "three labels a fact."
        )


class GraphBuilder:
    """A growing graph; labels are numbered when first seen, repeated facts are counted once.

    >>> b = GraphBuilder()
    >>> b.add_fact("Vienna", "capital_of", "Austria", source=("book p. 3", "Vienna is ..."))
    True
    >>> b.add_fact("Vienna", "capital_of", "Austria")
    False
    >>> b.build()
    Graph(2 entities, 1 relations, 1 facts)
    """

    def __init__(self) -> None:
        self._entities = _Numbers()
        self._relations = _Numbers()
        self._rows: dict[tuple[int, int, int], int] = {}
        self._blocks: list[tuple[Rows, str | None]] = []  # facts not yet in _rows
        self._sources_of: list[int] = []
        self._splits: dict[str, dict[int, None]] = {}
        self._names: dict[Name, None] = {}
        self._types: dict[int, dict[str, None]] = {}
        self._descriptions: dict[int, str] = {}
        self._literals: dict[Literal, None] = {}
        self._sources: dict[Source, int] = {}
        self._relation_texts: dict[int, str] = {}
        self._repeats = self._block_repeats = 0
        self._shared = self._block_shared = 0

    @property
    def num_duplicates(self) -> int:
        """Count how often a fact came that was there already; `build` counts `add_facts`."""
        return self._repeats + self._block_repeats

    @property
    def num_shared(self) -> int:
        """Count how often a fact came again in another split: it is then in both, a leak."""
        return self._shared + self._block_shared

    def add_entity(self, label: str, *, types: tuple[str, ...] = (), description: str = "") -> int:
        """Return the entity's id, adding it, its types and its first description.

        Raises:
            DataError: the label is blank, which no text could name.
        """
        id_ = self._entities.get(label)
        if id_ is None:
            id_ = self._number(self._entities, label, "entity")
        if types:
            self._types.setdefault(id_, {}).update(dict.fromkeys(types))
        if description:
            self._descriptions.setdefault(id_, description)
        return id_

    def add_relation(self, label: str, *, text: str = "") -> int:
        """Return the relation's id, adding it and the first words that say it."""
        id_ = self._relations.get(label)
        if id_ is None:
            id_ = self._number(self._relations, label, "relation")
        if text:
            self._relation_texts.setdefault(id_, text)
        return id_

    @staticmethod
    def _number(labels: dict[str, int], label: str, what: str) -> int:
        if not isinstance(label, str) or not label.strip():
            raise DataError(f"{what} labels must be texts that are not blank; got {label!r}.")
        return labels.setdefault(label, len(labels))

    def has_entity(self, label: str) -> bool:
        """Say whether an entity was added."""
        return label in self._entities

    def has_relation(self, label: str) -> bool:
        """Say whether a relation was added."""
        return label in self._relations

    def add_name(self, label: str, text: str, *, language: str = "en") -> None:
        """Add a name of an entity; the label itself in English need not be added."""
        entity = self.add_entity(label)
        if text and not (text == label and language == "en"):
            self._names.setdefault(Name(entity, text, language))

    def add_fact(
        self,
        h: str,
        r: str,
        t: str,
        *,
        source: tuple[str, str] | None = None,
        split: str | tuple[str, ...] | None = None,
    ) -> bool:
        """Add a fact by label and say whether it is new.

        A repeat is kept once, with its first source. When it comes in another split it belongs
        to both: dropping it from one would change that split without a word. `num_shared`
        counts such repeats and `lichen.data.leaks.graph_leaks` names them.
        """
        self._unpack()
        key = (self.add_entity(h), self.add_relation(r), self.add_entity(t))
        return self._add(key, source, (split,) if isinstance(split, str) else split or ())

    def _add(
        self, key: tuple[int, int, int], source: tuple[str, str] | None, splits: Sequence[str]
    ) -> bool:
        row = self._rows.setdefault(key, len(self._rows))
        is_new = row == len(self._sources_of)
        if is_new:
            self._sources_of.append(self._source(source))
        else:
            self._repeats += 1
            if self._sources_of[row] < 0:
                self._sources_of[row] = self._source(source)
        for name in splits:
            self._join(name, row)
        return is_new

    def add_facts(
        self, h: Sequence[str], r: Sequence[str], t: Sequence[str], *, split: str | None = None
    ) -> None:
        """Add many facts by label: the same as `add_fact` one by one, several times faster.

        Labels are numbered at once and repeats found by `build`, or by the next `add_fact`.

        Args:
            h: `(facts,)` labels of the heads.
            r: `(facts,)` labels of the relations.
            t: `(facts,)` labels of the tails.
            split: the split they belong to.

        Raises:
            DataError: a label is blank; nothing is added then.
        """
        before = len(self._entities), len(self._relations)
        facts = np.empty((len(r), 3), dtype=np.int32)
        ends = chain.from_iterable(zip(h, t, strict=True))
        facts[:, ::2] = self._entities.numbers(ends, 2 * len(r)).reshape(-1, 2)
        facts[:, 1] = self._relations.numbers(r, len(r))
        self._refuse_blank(before)
        self.add_rows(facts, split=split)

    def entity_ids(self, labels: Sequence[str]) -> Rows:
        """Return the ids of entities, `(labels,)`, new ones added.

        Raises:
            DataError: a label is blank; nothing is added then.
        """
        before = len(self._entities), len(self._relations)
        found = self._entities.numbers(labels, len(labels))
        self._refuse_blank(before)
        return found

    def relation_ids(self, labels: Sequence[str]) -> Rows:
        """Return the ids of relations, `(labels,)`, new ones added.

        Raises:
            DataError: a label is blank; nothing is added then.
        """
        before = len(self._entities), len(self._relations)
        found = self._relations.numbers(labels, len(labels))
        self._refuse_blank(before)
        return found

    def add_rows(self, facts: Rows, *, split: str | None = None) -> None:
        """Add many facts by the ids that this builder gave, as `add_facts` does by label.

        Args:
            facts: `(facts, 3)` head, relation and tail ids; kept, so it must not change.
            split: the split they belong to.
        """
        if split is not None:
            self.add_split(split)
        if len(facts):
            self._blocks.append((facts, split))

    def _refuse_blank(self, before: tuple[int, int]) -> None:
        """Look at the labels numbered last; take all of them back when one is blank."""
        for labels, count, what in (
            (self._entities, before[0], "entity"),
            (self._relations, before[1], "relation"),
        ):
            new = islice(reversed(labels), len(labels) - count)
            blank = next((x for x in new if not isinstance(x, str) or not x.strip()), None)
            if blank is not None:
                for numbers, kept in zip((self._entities, self._relations), before, strict=True):
                    while len(numbers) > kept:
                        numbers.popitem()
                raise DataError(f"{what} labels must be texts that are not blank; got {blank!r}.")

    def _unpack(self) -> None:
        """Add the facts of `add_facts` one by one, so that single facts can follow."""
        blocks, self._blocks = self._blocks, []
        self._block_repeats = self._block_shared = 0
        for facts, split in blocks:
            for h, r, t in facts.tolist():
                self._add((h, r, t), None, () if split is None else (split,))

    def _join(self, split: str, row: int) -> None:
        rows = self._splits.setdefault(split, {})
        if row not in rows:
            self._shared += any(row in other for other in self._splits.values())
            rows[row] = None

    def add_split(self, split: str) -> None:
        """Name a split even when no fact falls into it."""
        self._splits.setdefault(split, {})

    def add_literal(
        self,
        label: str,
        attribute: str,
        value: float | str,
        *,
        unit: str | None = None,
        year: int | None = None,
        source: tuple[str, str] | None = None,
    ) -> None:
        """Add an attribute value of an entity."""
        entity = self.add_entity(label)
        literal = Literal(entity, attribute, value, unit, year, self._source(source))
        self._literals.setdefault(literal)

    def add_source(self, source: tuple[str, str]) -> int:
        """Return the index of a source, adding it when new."""
        return self._sources.setdefault(Source(*source), len(self._sources))

    def _source(self, source: tuple[str, str] | None) -> int:
        return -1 if source is None else self.add_source(source)

    def _merge(self) -> tuple[Ids, Ids, dict[str, Ids]]:
        """Return triples, sources and splits of all facts, and count what came again."""
        single = np.array(list(self._rows), dtype=np.int64).reshape(-1, 3)
        sources_of = np.array(self._sources_of, dtype=np.int64)
        splits = {k: np.array(list(rows), dtype=np.int64) for k, rows in self._splits.items()}
        if not self._blocks:
            return single, sources_of, splits
        triples = np.concatenate([single, *(facts for facts, _ in self._blocks)], dtype=np.int64)
        found = distinct_facts(
            triples, num_entities=len(self._entities), num_relations=len(self._relations)
        )
        start = len(single)
        joined = {name: [rows] for name, rows in splits.items()}
        for facts, split in self._blocks:
            end = start + len(facts)
            if split is not None:
                rows = np.arange(start, end) if found.rows is None else found.rows[start:end]
                joined[split].append(rows)
            start = end
        times = np.zeros(len(found.triples), dtype=np.int64)
        for name, parts in joined.items():
            is_in = np.zeros(len(found.triples), dtype=np.bool_)
            for rows in parts:
                is_in[rows] = True
            times += is_in
            splits[name] = np.flatnonzero(is_in)
        self._block_repeats = len(triples) - len(found.triples)
        self._block_shared = int(np.maximum(times - 1, 0).sum()) - self._shared
        found.triples.setflags(write=False)  # which spares `Graph` a copy
        if not self._sources:
            return found.triples, np.empty(0, dtype=np.int64), splits
        without = np.full(len(found.triples) - len(single), -1, dtype=np.int64)
        return found.triples, np.concatenate([sources_of, without]), splits

    def build(self) -> Graph:
        """Freeze what was added into a `Graph`."""
        triples, sources_of, splits = self._merge()
        return Graph(
            entities=Vocabulary(self._entities, what="entity"),
            relations=Vocabulary(self._relations, what="relation"),
            triples=triples,
            names=tuple(self._names),
            descriptions=self._descriptions,
            types={entity: tuple(types) for entity, types in self._types.items()},
            literals=tuple(self._literals),
            sources=tuple(self._sources),
            fact_sources=sources_of,
            splits=splits,
            relation_texts=self._relation_texts,
        )
