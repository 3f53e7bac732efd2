"""Queries: an open connection in; facts, entities, changes and graphs out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, Table, and_, func, not_, or_, select

from lichen.data.graph import Graph, Literal, Name, Source
from lichen.data.vocabulary import Vocabulary
from lichen.store import schema
from lichen.store.records import Changes, Counts, Entity, Fact
from lichen.store.writer import chunks

fact, entity, relation = schema.fact, schema.entity, schema.relation


def version(connection: Connection) -> int:
    """Return the number of the last transaction that changed something."""
    query = select(schema.meta.c.value).where(schema.meta.c.key == "version")
    return int(connection.scalar(query) or 0)


def counts(connection: Connection) -> Counts:
    """Count what the store holds now."""
    found: dict[str, int] = {}
    for field, table in (
        ("entities", entity),
        ("relations", relation),
        ("facts", fact),
        ("names", schema.name),
        ("literals", schema.literal),
        ("sources", schema.source),
    ):
        query = select(func.count()).select_from(table)
        if "retracted_version" in table.c:
            query = query.where(table.c.retracted_version.is_(None))
        found[field] = int(connection.scalar(query) or 0)
    return Counts(**found)


def entities(
    connection: Connection, *, where: ColumnElement[bool] | None = None
) -> tuple[Entity, ...]:
    """Return entities in id order, with types and descriptions."""
    rows = select(entity.c.id, entity.c.label, entity.c.description).order_by(entity.c.id)
    typed = select(schema.entity_type.c.entity_id, schema.entity_type.c.type).order_by(
        schema.entity_type.c.entity_id, schema.entity_type.c.position
    )
    if where is not None:
        rows = rows.where(where)
        typed = typed.join(entity).where(where)
    types: dict[int, list[str]] = {}
    for id_, type_ in connection.execute(typed):
        types.setdefault(id_, []).append(type_)
    return tuple(
        Entity(id_, label, description, tuple(types.get(id_, ())))
        for id_, label, description in connection.execute(rows)
    )


def _is_live(table: Table, at: int | None) -> ColumnElement[bool]:
    gone = table.c.retracted_version
    if at is None:
        return gone.is_(None)
    return and_(table.c.inserted_version <= at, or_(gone.is_(None), gone > at))


def _is_valid(table: Table, day: date | None) -> list[ColumnElement[bool]]:
    if day is None:
        return []
    first, last = table.c.valid_from, table.c.valid_to
    return [or_(first.is_(None), first <= day), or_(last.is_(None), last >= day)]


def facts(connection: Connection, *where: ColumnElement[bool]) -> list[Fact]:
    """Return facts with their sources and confidence, in order of insertion.

    Args:
        connection: to read from.
        where: conditions on the fact table.
    """
    head, tail = entity.alias("h"), entity.alias("t")
    query = (
        select(
            fact.c.id,
            head.c.label,
            relation.c.label,
            tail.c.label,
            fact.c.head,
            fact.c.relation,
            fact.c.tail,
            fact.c.valid_from,
            fact.c.valid_to,
            fact.c.retracted_version,
        )
        .join(head, head.c.id == fact.c.head)
        .join(relation, relation.c.id == fact.c.relation)
        .join(tail, tail.c.id == fact.c.tail)
        .where(*where)
        .order_by(fact.c.id)
    )
    rows = connection.execute(query).all()
    said = _support(connection, {row[0]: row[9] for row in rows})
    found = []
    for id_, h, r, t, head_id, relation_id, tail_id, first, last, _gone in rows:
        support = said.get(id_, [])
        found.append(
            Fact(
                h,
                r,
                t,
                (head_id, relation_id, tail_id),
                tuple(source for source, _ in support if source is not None),
                max((confidence for _, confidence in support), default=1.0),
                first,
                last,
            )
        )
    return found


def _support(
    connection: Connection, ended: dict[int, int | None]
) -> dict[int, list[tuple[Source | None, float]]]:
    """Return who says so for each fact id; for a retracted one, who said so when it ended."""
    table, source = schema.fact_support, schema.source
    said: dict[int, list[tuple[Source | None, float]]] = {}
    for part in chunks(ended):
        query = (
            select(
                table.c.fact_id,
                table.c.confidence,
                table.c.retracted_version,
                source.c.address,
                source.c.text,
            )
            .outerjoin(source, source.c.id == table.c.source_id)
            .where(table.c.fact_id.in_(part))
            .order_by(table.c.id)
        )
        for id_, confidence, gone, address, text in connection.execute(query):
            if gone == ended[id_]:
                origin = None if address is None else Source(address, text)
                said.setdefault(id_, []).append((origin, confidence))
    return said


def changes(connection: Connection, since: int) -> Changes:
    """Return what became different after a version; cost follows the number of changes."""
    until = version(connection)
    if until <= since:
        return Changes(since, until)
    other = fact.alias("other")
    holds_otherwise = (
        select(other.c.id)
        .where(
            other.c.head == fact.c.head,
            other.c.relation == fact.c.relation,
            other.c.tail == fact.c.tail,
            other.c.retracted_version.is_(None),
        )
        .exists()
    )
    inserted = facts(
        connection, fact.c.inserted_version > since, fact.c.retracted_version.is_(None)
    )
    retracted = facts(
        connection,
        fact.c.retracted_version > since,
        fact.c.inserted_version <= since,
        not_(holds_otherwise),
    )
    table = schema.literal
    return Changes(
        since,
        until,
        entities(connection, where=entity.c.changed_version > since),
        _relations(connection) if inserted else (),
        tuple(inserted),
        tuple(dict.fromkeys(retracted)),
        _names(connection, schema.name.c.inserted_version > since),
        _literals(
            connection, table.c.inserted_version > since, table.c.retracted_version.is_(None)
        ),
        _literals(connection, table.c.retracted_version > since, table.c.inserted_version <= since),
    )


def _relations(connection: Connection) -> tuple[str, ...]:
    return tuple(connection.scalars(select(relation.c.label).order_by(relation.c.id)))


def _names(connection: Connection, *where: ColumnElement[bool]) -> tuple[Name, ...]:
    table = schema.name
    query = (
        select(table.c.entity_id, table.c.text, table.c.language)
        .where(*where)
        .order_by(table.c.entity_id, table.c.id)
    )
    return tuple(Name(*row) for row in connection.execute(query))


def _literals(connection: Connection, *where: ColumnElement[bool]) -> tuple[Literal, ...]:
    return tuple(literal for _, literal in _literal_rows(connection, where))


def _literal_rows(
    connection: Connection, where: Iterable[ColumnElement[bool]]
) -> list[tuple[int, Literal]]:
    c = schema.literal.c
    query = (
        select(c.id, c.entity_id, c.attribute, c.number, c.text, c.unit, c.year)
        .where(*where)
        .order_by(c.id)
    )
    return [
        (id_, Literal(who, attribute, text if number is None else number, unit, year))
        for id_, who, attribute, number, text, unit, year in connection.execute(query)
    ]


def snapshot(connection: Connection, *, at: int | None, day: date | None) -> Graph:
    """Return the facts as a graph whose entity and relation ids are the store's.

    Args:
        connection: to read from.
        at: only what was known at that version; None is now.
        day: only what holds on that day; None is every period.
    """
    known = entities(connection, where=None if at is None else entity.c.inserted_version <= at)
    query = (
        select(fact.c.head, fact.c.relation, fact.c.tail, fact.c.id)
        .where(_is_live(fact, at), *_is_valid(fact, day))
        .order_by(fact.c.id)
    )
    rows: dict[tuple[int, int, int], int] = {}
    for h, r, t, id_ in connection.execute(query):
        rows.setdefault((h, r, t), id_)
    literals = _literal_rows(
        connection, [_is_live(schema.literal, at), *_is_valid(schema.literal, day)]
    )
    fact_source = _first_sources(connection, schema.fact_support, at)
    literal_source = _first_sources(connection, schema.literal_support, at)
    by_fact = [fact_source.get(id_) for id_ in rows.values()]
    by_literal = [literal_source.get(id_) for id_, _ in literals]
    sources, position = _sources(connection, [*by_fact, *by_literal])
    words = select(relation.c.id, relation.c.text).where(relation.c.text != "")
    names = [] if at is None else [schema.name.c.inserted_version <= at]
    return Graph(
        entities=Vocabulary([e.label for e in known], what="entity"),
        relations=Vocabulary(_relations(connection), what="relation"),
        triples=np.array(list(rows), dtype=np.int64).reshape(-1, 3),
        names=_names(connection, *names),
        descriptions={e.id: e.description for e in known if e.description},
        types={e.id: e.types for e in known if e.types},
        literals=tuple(
            literal._replace(source=position.get(source, -1))
            for (_, literal), source in zip(literals, by_literal, strict=True)
        ),
        sources=sources,
        relation_texts={id_: text for id_, text in connection.execute(words)},  # noqa: C416
        fact_sources=np.array([position.get(s, -1) for s in by_fact], dtype=np.int64),
    )


def _first_sources(connection: Connection, support: Table, at: int | None) -> dict[int, int]:
    """Return row id -> id of the first source that supports it."""
    what: Any = support.c.fact_id if support is schema.fact_support else support.c.literal_id
    query = (
        select(what, support.c.source_id)
        .where(_is_live(support, at), support.c.source_id.is_not(None))
        .order_by(support.c.id.desc())
    )
    return {row: source for row, source in connection.execute(query)}  # noqa: C416 - rows to dict


def _sources(
    connection: Connection, ids: Sequence[int | None]
) -> tuple[tuple[Source, ...], dict[int | None, int]]:
    """Return the sources in order of first use, and the position of each id among them."""
    order = [id_ for id_ in dict.fromkeys(ids) if id_ is not None]
    found: dict[int, Source] = {}
    table = schema.source
    for part in chunks(order):
        query = select(table.c.id, table.c.address, table.c.text).where(table.c.id.in_(part))
        found.update((id_, Source(a, text)) for id_, a, text in connection.execute(query))
    return tuple(found[i] for i in order), {id_: place for place, id_ in enumerate(order)}
