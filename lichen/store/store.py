"""The knowledge base on disk: facts with provenance, confidence, validity and versions."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Self

from sqlalchemy import ColumnElement, or_, select, update

from lichen.base.errors import DataError
from lichen.data.graph import Graph, Source
from lichen.store import reader, schema
from lichen.store.bulk import add_graph
from lichen.store.claims import (
    FACT,
    LITERAL,
    Claim,
    as_day,
    as_source,
    checked_confidence,
    checked_days,
    checked_text,
    checked_unicode,
    checked_value,
    unknown,
)
from lichen.store.database import Database
from lichen.store.engine import connect
from lichen.store.records import Changes, Counts, Entity, Fact
from lichen.store.writer import Writer


class Store:
    """Facts on disk, by label; open one with `Store.open`.

    Every write is one transaction and raises `version` by one; `transaction` groups several.
    An entity's id never changes and is its id in every snapshot.

    >>> with Store.open(":memory:") as store:
    ...     store.insert("Vienna", "capital_of", "Austria", source=("book p. 3", "Vienna is ..."))
    ...     store.snapshot()
    True
    Graph(2 entities, 1 relations, 1 facts)
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(
        cls, place: str | Path, *, busy_timeout_s: float = 10.0, must_exist: bool = False
    ) -> Self:
        """Open a store, creating it when absent.

        Args:
            place: a file, ":memory:" or an address ("sqlite:///facts.db").
            busy_timeout_s: how long a write waits for another process that is writing.
            must_exist: whether to refuse a place where there is no store yet, as reading does.

        Raises:
            DataError: there is no such place, or no store there that must be.
            ArtifactError: what is there is not a store, is damaged, or has another format.
        """
        engine = connect(place, busy_timeout_s=busy_timeout_s, must_exist=must_exist)
        return cls(Database(engine, str(place)))

    def close(self) -> None:
        """Let go of the database."""
        self._database.engine.dispose()

    def __enter__(self) -> Self:
        """Return the store."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def transaction(self) -> AbstractContextManager[Writer]:
        """Make several writes one: all or none, one version.

        What it gives is for code that writes rows itself, such as an import.
        """
        return self._database.write()

    @property
    def version(self) -> int:
        """The number of the last transaction that changed something; 0 when there was none."""
        with self._database.read() as connection:
            return reader.version(connection)

    def add_graph(self, graph: Graph, source: Source | tuple[str, str] | None = None) -> Counts:
        """Add all of a graph in one transaction; its splits are not kept.

        Args:
            graph: facts, names, types, descriptions, literals, sources.
            source: (address, text) for the facts and literals that have none of their own.

        Returns:
            How much of it was new.
        """
        with self._database.write() as writer:
            return add_graph(writer, graph, as_source(source))

    def insert(
        self,
        h: str,
        r: str,
        t: str,
        *,
        source: Source | tuple[str, str] | None = None,
        confidence: float = 1.0,
        valid_from: date | None = None,
        valid_to: date | None = None,
    ) -> bool:
        """Add a fact and say whether it is new; a known one gains another supporting source.

        Args:
            h: label of the head, added when new.
            r: label of the relation, added when new.
            t: label of the tail, added when new.
            source: (address, text) that states it.
            confidence: how surely the source holds it, above 0 and at most 1.
            valid_from: first day on which it holds; None is since ever.
            valid_to: last day on which it holds; None is for ever.

        Raises:
            DataError: an empty label, a confidence out of range, or days in the wrong order.
        """
        days = checked_days(valid_from, valid_to)
        sure = checked_confidence(confidence)
        with self._database.write() as writer:
            ids, _ = writer.entities([h, t])
            relations, _ = writer.relations([r])
            found, _ = writer.sources([as_source(source)])
            key = (ids[h], relations[r], ids[t], *days)
            return bool(writer.add(FACT, [Claim(key, found[0], sure)]))

    def add_entity(self, label: str, *, description: str = "", types: tuple[str, ...] = ()) -> int:
        """Return the entity's id, adding it, its further types, and its description when given.

        Args:
            label: unique in the store.
            description: replaces the former one; empty leaves it.
            types: added after those it has.

        Raises:
            DataError: the label is empty.
        """
        checked_unicode("description", description)
        with self._database.write() as writer:
            ids, _ = writer.entities([label])
            table, where = schema.entity, schema.entity.c.id == ids[label]
            known = reader.entities(writer.connection, where=where)[0]
            added = [x for x in dict.fromkeys(types) if x not in known.types]
            changed = description if description not in ("", known.description) else None
            rows = [
                {"entity_id": known.id, "type": checked_text("type", x), "position": place}
                for place, x in enumerate(added, len(known.types))
            ]
            writer.put(schema.entity_type, rows)
            if rows or changed:
                writer.connection.execute(
                    update(table)
                    .where(where)
                    .values(
                        description=changed or known.description, changed_version=writer.version
                    )
                )
            return known.id

    def add_name(self, label: str, text: str, *, language: str = "en") -> bool:
        """Add a name of a known entity and say whether it is new.

        Raises:
            DataError: the entity is unknown, or the name empty.
        """
        checked_text("name", text)
        with self._database.write() as writer:
            id_ = writer.id_of(schema.entity, label)
            table = schema.name
            where = (
                table.c.entity_id == id_,
                table.c.text == text,
                table.c.language == language,
            )
            is_known = writer.connection.scalar(select(table.c.id).where(*where)) is not None
            if is_known or (text == label and language == "en"):
                return False
            row = {
                "id": writer.take_ids(table, 1)[0],
                "entity_id": id_,
                "text": text,
                "language": language,
                "inserted_version": writer.version,
            }
            writer.put(table, [row])
            return True

    def set_literal(
        self,
        label: str,
        attribute: str,
        value: float | str,
        *,
        unit: str | None = None,
        year: int | None = None,
        source: Source | tuple[str, str] | None = None,
        confidence: float = 1.0,
    ) -> bool:
        """Give an attribute of a known entity its value and say whether that is new.

        A value that the attribute had for the same year is retracted.

        Args:
            label: the entity.
            attribute: what is measured, such as "population".
            value: a number or a text.
            unit: of a number, such as "km2".
            year: of the value; None when it has none.
            source: (address, text) that states it.
            confidence: how surely the source holds it, above 0 and at most 1.

        Raises:
            DataError: the entity is unknown, the value NaN, or the confidence out of range.
        """
        sure = checked_confidence(confidence)
        checked_text("attribute", attribute)
        number, text = checked_value(value)
        with self._database.write() as writer:
            id_ = writer.id_of(schema.entity, label)
            c = schema.literal.c
            other = or_(
                c.number.is_distinct_from(number),
                c.text.is_distinct_from(text),
                c.unit.is_distinct_from(unit),
            )
            query = select(c.id).where(
                c.entity_id == id_,
                c.attribute == attribute,
                c.year.is_not_distinct_from(year),
                c.retracted_version.is_(None),
                other,
            )
            writer.retract(LITERAL, writer.connection.scalars(query).all())
            found, _ = writer.sources([as_source(source)])
            key = (id_, attribute, number, text, unit, year, None, None)
            return bool(writer.add(LITERAL, [Claim(key, found[0], sure)]))

    def retract(self, h: str, r: str, t: str) -> int:
        """Take a fact back whoever supports it; its history stays readable.

        Returns:
            How many periods of validity it had; at least 1.

        Raises:
            DataError: a label is unknown, or this is not a fact of the store.
        """
        with self._database.write() as writer:
            rows = writer.rows_of(h, r, t)
            writer.retract(FACT, rows)
            return len(rows)

    def delete_source(self, address: str, *, is_prefix: bool = False) -> int:
        """Drop a source and the facts and literals that nothing else supports.

        Args:
            address: the source's address, whatever its text.
            is_prefix: whether to drop every source whose address starts so, such as
                "facts.csv:" for all lines of an imported file.

        Returns:
            How many facts and literals went.

        Raises:
            DataError: no source has that address; the message suggests the nearest.
        """
        with self._database.write() as writer:
            column = schema.source.c.address
            where = column.startswith(address, autoescape=True) if is_prefix else column == address
            ids = writer.connection.scalars(select(schema.source.c.id).where(where)).all()
            if not ids:
                known = writer.connection.scalars(select(column).distinct().limit(100_000)).all()
                raise unknown("source", address, known)
            return writer.drop_support(FACT, ids) + writer.drop_support(LITERAL, ids)

    def correct(
        self,
        h: str,
        r: str,
        old_t: str,
        new_t: str,
        *,
        source: Source | tuple[str, str] | None = None,
        confidence: float = 1.0,
    ) -> None:
        """Replace the tail of a fact in one transaction.

        Args:
            h: label of the head.
            r: label of the relation.
            old_t: label of the tail that is wrong.
            new_t: label of the tail that is right, added when new.
            source: (address, text) that states the right one.
            confidence: how surely the source holds it, above 0 and at most 1.

        Raises:
            DataError: the old fact is not in the store; nothing has changed then.
        """
        with self.transaction():
            self.retract(h, r, old_t)
            self.insert(h, r, new_t, source=source, confidence=confidence)

    def changes(self, since: int) -> Changes:
        """Return what became different after a version, for readers that follow along.

        Args:
            since: the version that the reader has.
        """
        with self._database.read() as connection:
            return reader.changes(connection, since)

    def snapshot(self, at: int | date | None = None) -> Graph:
        """Return the facts as an immutable graph; entity ids are the same in every snapshot.

        Args:
            at: a version gives what was known then; a date gives what is known now to hold on
                that day; None gives all that is known now, whatever its period of validity.

        Raises:
            DataError: there is no such version yet.
        """
        with self._database.read() as connection:
            if not isinstance(at, int):
                return reader.snapshot(connection, at=None, day=as_day(at))
            last = reader.version(connection)
            if not 0 <= at <= last:
                raise DataError(f"at must be a version from 0 to {last}; got {at}.")
            return reader.snapshot(connection, at=at, day=None)

    def entities(self) -> tuple[Entity, ...]:
        """Return all entities in id order."""
        with self._database.read() as connection:
            return reader.entities(connection)

    def facts(
        self, head: str | None = None, relation: str | None = None, tail: str | None = None
    ) -> list[Fact]:
        """Return the facts that match, with sources, confidence and validity.

        Args:
            head: label of the head; None is any.
            relation: label of the relation; None is any.
            tail: label of the tail; None is any.

        Raises:
            DataError: a label is unknown; the message suggests the nearest.
        """
        with self._database.read() as connection:
            finder, c = Writer(connection), schema.fact.c
            where: list[ColumnElement[bool]] = [c.retracted_version.is_(None)]
            if head is not None:
                where.append(c.head == finder.id_of(schema.entity, head))
            if relation is not None:
                where.append(c.relation == finder.id_of(schema.relation, relation))
            if tail is not None:
                where.append(c.tail == finder.id_of(schema.entity, tail))
            return reader.facts(connection, *where)

    def counts(self) -> Counts:
        """Count what the store holds now."""
        with self._database.read() as connection:
            return reader.counts(connection)
