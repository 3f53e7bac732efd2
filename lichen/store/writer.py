"""One write transaction: labels and claims in, rows out, under one new version number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, Table, func, select, update

from lichen.base.errors import DataError
from lichen.store import schema
from lichen.store.claims import Claim, Key, Kind, checked_text, checked_unicode, unknown

CHUNK = 2000
"""Values in one IN (...) list: below every database's limit on parameters."""


def chunks(values: Iterable[Any]) -> Iterator[list[Any]]:
    """Cut distinct values into lists short enough for one statement.

    Args:
        values: what to cut; repeats are dropped.
    """
    distinct = list(dict.fromkeys(values))
    for start in range(0, len(distinct), CHUNK):
        yield distinct[start : start + CHUNK]


class Writer:
    """The rows of one transaction; its version is taken with the first row that changes.

    Args:
        connection: open inside a write transaction; the caller commits.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._next_ids: dict[str, int] = {}
        self._version: int | None = None

    @property
    def version(self) -> int:
        """The number of this transaction; asking for it makes the transaction count."""
        if self._version is None:
            table = schema.meta
            where = table.c.key == "version"
            self.connection.execute(update(table).where(where).values(value=table.c.value + 1))
            found = self.connection.scalar(select(table.c.value).where(where))
            self._version = int(found or 0)
        return self._version

    def take_ids(self, table: Table, count: int) -> range:
        """Return unused ids of a table, without gaps after the highest there is."""
        if table.name not in self._next_ids:
            top = self.connection.scalar(select(func.max(table.c.id)))
            self._next_ids[table.name] = 0 if top is None else top + 1
        first = self._next_ids[table.name]
        self._next_ids[table.name] = first + count
        return range(first, first + count)

    def put(self, table: Table, rows: list[dict[str, Any]]) -> None:
        """Insert rows, in one statement; none is fine."""
        if rows:
            self.connection.execute(table.insert(), rows)

    def find(self, table: Table, labels: Iterable[str]) -> dict[str, int]:
        """Return the ids of those labels of entities or relations that are known.

        Raises:
            DataError: a label is empty or no valid text.
        """
        found: dict[str, int] = {}
        for part in chunks(checked_text(table.name, label) for label in labels):
            query = select(table.c.label, table.c.id).where(table.c.label.in_(part))
            found.update((label, id_) for label, id_ in self.connection.execute(query))
        return found

    def id_of(self, table: Table, label: str) -> int:
        """Return the id of an entity or relation that must exist.

        Raises:
            DataError: it does not; the message suggests the nearest.
        """
        found = self.find(table, [label])
        if label not in found:
            known = self.connection.scalars(select(table.c.label).limit(100_000)).all()
            raise unknown(table.name, label, known)
        return found[label]

    def entities(self, labels: Sequence[str]) -> tuple[dict[str, int], int]:
        """Return the ids of entities, adding the new ones, and how many were new."""
        return self._ids(schema.entity, labels)

    def relations(self, labels: Sequence[str]) -> tuple[dict[str, int], int]:
        """Return the ids of relations, adding the new ones, and how many were new."""
        return self._ids(schema.relation, labels)

    def _ids(self, table: Table, labels: Sequence[str]) -> tuple[dict[str, int], int]:
        found = self.find(table, labels)
        new = [label for label in dict.fromkeys(labels) if label not in found]
        if new:
            ids = self.take_ids(table, len(new))
            rows: list[dict[str, Any]] = [
                {"id": id_, "label": label} for id_, label in zip(ids, new, strict=True)
            ]
            if table is schema.relation:
                for row in rows:
                    row["text"] = ""
            else:
                version = self.version
                for row in rows:
                    row |= {
                        "description": "",
                        "inserted_version": version,
                        "changed_version": version,
                    }
            self.put(table, rows)
            found |= dict(zip(new, ids, strict=True))
        return found, len(new)

    def sources(self, sources: Sequence[tuple[str, str] | None]) -> tuple[list[int | None], int]:
        """Return a source id for each (address, text), adding the new, and how many were new."""
        digests = {s: _digest(*s) for s in dict.fromkeys(sources) if s is not None}
        found: dict[str, int] = {}
        table = schema.source
        for part in chunks(digests.values()):
            query = select(table.c.digest, table.c.id).where(table.c.digest.in_(part))
            found.update((digest, id_) for digest, id_ in self.connection.execute(query))
        new = [s for s, digest in digests.items() if digest not in found]
        ids = self.take_ids(table, len(new))
        rows = [
            {
                "id": id_,
                "address": checked_text("source address", s[0]),
                "text": checked_unicode("source text", s[1]),
                "digest": digests[s],
            }
            for id_, s in zip(ids, new, strict=True)
        ]
        self.put(table, rows)
        found |= {digests[s]: id_ for id_, s in zip(ids, new, strict=True)}
        return [None if s is None else found[digests[s]] for s in sources], len(new)

    def add(self, kind: Kind, claims: Sequence[Claim]) -> int:
        """Add claims and return how many rows are new; a known row gains another supporter."""
        known = self._known(kind, claims)
        new = [key for key in dict.fromkeys(c.key for c in claims) if key not in known]
        supported = self._supported(kind, [known[c.key] for c in claims if c.key in known])
        if new:
            version = self.version
            ids = self.take_ids(kind.table, len(new))
            rows = [
                {
                    **dict(zip(kind.columns, key, strict=True)),
                    "id": id_,
                    "inserted_version": version,
                }
                for id_, key in zip(ids, new, strict=True)
            ]
            self.put(kind.table, rows)
            known |= dict(zip(new, ids, strict=True))
        self._support(kind, claims, known, supported)
        return len(new)

    def _known(self, kind: Kind, claims: Sequence[Claim]) -> dict[Key, int]:
        """Return the ids of the rows among the claims that hold already."""
        table, (first, second) = kind.table, kind.columns[:2]
        seconds = list(dict.fromkeys(c.key[1] for c in claims))
        known: dict[Key, int] = {}
        for part in chunks(c.key[0] for c in claims):
            query = select(table.c.id, *(table.c[name] for name in kind.columns)).where(
                table.c[first].in_(part), table.c.retracted_version.is_(None)
            )
            if len(seconds) <= CHUNK:
                query = query.where(table.c[second].in_(seconds))
            known.update((tuple(row[1:]), row[0]) for row in self.connection.execute(query))
        return known

    def _supported(
        self, kind: Kind, ids: Sequence[int]
    ) -> dict[tuple[int, int | None], tuple[int, float]]:
        """Return (row, source) -> (support id, confidence) for what is supported already."""
        table = kind.support
        found: dict[tuple[int, int | None], tuple[int, float]] = {}
        for part in chunks(ids):
            query = select(
                table.c.id, table.c[kind.foreign], table.c.source_id, table.c.confidence
            ).where(table.c[kind.foreign].in_(part), table.c.retracted_version.is_(None))
            found.update(
                ((row[1], row[2]), (row[0], row[3])) for row in self.connection.execute(query)
            )
        return found

    def _support(
        self,
        kind: Kind,
        claims: Sequence[Claim],
        ids: dict[Key, int],
        supported: dict[tuple[int, int | None], tuple[int, float]],
    ) -> None:
        """Write who says so; the same source with another confidence replaces its own word."""
        wanted = {(ids[c.key], c.source): c.confidence for c in claims}
        changed = [
            pair
            for pair, confidence in wanted.items()
            if pair not in supported or supported[pair][1] != confidence
        ]
        if not changed:
            return
        version = self.version
        self.end(kind.support, [supported[pair][0] for pair in changed if pair in supported])
        rows = [
            {
                "id": id_,
                kind.foreign: pair[0],
                "source_id": pair[1],
                "confidence": wanted[pair],
                "inserted_version": version,
            }
            for id_, pair in zip(self.take_ids(kind.support, len(changed)), changed, strict=True)
        ]
        self.put(kind.support, rows)

    def end(self, table: Table, ids: Sequence[int]) -> None:
        """Mark rows as retracted by this version."""
        for part in chunks(ids):
            self.connection.execute(
                update(table)
                .where(table.c.id.in_(part), table.c.retracted_version.is_(None))
                .values(retracted_version=self.version)
            )

    def retract(self, kind: Kind, ids: Sequence[int]) -> None:
        """Mark facts or literals, and all that supports them, as retracted by this version."""
        self.end(kind.table, ids)
        column = kind.support.c[kind.foreign]
        for part in chunks(ids):
            query = select(kind.support.c.id).where(
                column.in_(part), kind.support.c.retracted_version.is_(None)
            )
            self.end(kind.support, self.connection.scalars(query).all())

    def rows_of(self, h: str, r: str, t: str) -> list[int]:
        """Return the ids of the rows that hold a triple, one for each period of validity.

        Raises:
            DataError: a label is unknown, or the triple is not a fact.
        """
        c = schema.fact.c
        head, tail = self.id_of(schema.entity, h), self.id_of(schema.entity, t)
        is_pair = (c.head == head, c.relation == self.id_of(schema.relation, r))
        is_live = c.retracted_version.is_(None)
        query = select(c.id).where(*is_pair, c.tail == tail, is_live)
        rows = list(self.connection.scalars(query))
        if not rows:
            others = (
                select(schema.entity.c.label)
                .join(schema.fact, schema.entity.c.id == c.tail)
                .where(*is_pair, is_live)
                .limit(5)
            )
            have = ", ".join(repr(x) for x in self.connection.scalars(others)) or "nothing"
            raise DataError(
                f"({h!r}, {r!r}, {t!r}) must be a fact of the store, and is not; "
                f"{r} of {h!r} is {have}. Give one of those, or insert the fact."
            )
        return rows

    def drop_support(self, kind: Kind, source_ids: Sequence[int]) -> int:
        """End what the sources say; retract and count the rows that nobody else supports."""
        support, column = kind.support, kind.support.c[kind.foreign]
        is_live = support.c.retracted_version.is_(None)
        ended: dict[int, int] = {}
        for part in chunks(source_ids):
            query = select(support.c.id, column).where(support.c.source_id.in_(part), is_live)
            ended.update((id_, row) for id_, row in self.connection.execute(query))
        self.end(support, list(ended))
        alone = set(ended.values())
        for part in chunks(ended.values()):
            still = self.connection.scalars(select(column).where(column.in_(part), is_live))
            alone -= set(still)
        self.retract(kind, sorted(alone))
        return len(alone)


def _digest(address: str, text: str) -> str:
    return blake2b(f"{address}\0{text}".encode(errors="replace"), digest_size=16).hexdigest()
