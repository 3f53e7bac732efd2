"""A whole graph into the store in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, bindparam, select, update

from lichen.data.graph import Graph, Literal
from lichen.store import schema
from lichen.store.claims import FACT, LITERAL, Claim, checked_text, checked_unicode, checked_value
from lichen.store.records import Counts
from lichen.store.writer import Writer, chunks


def add_graph(writer: Writer, graph: Graph, source: tuple[str, str] | None) -> Counts:
    """Add entities, names, types, descriptions, facts, literals and sources of a graph.

    Args:
        writer: the transaction.
        graph: what to add; a description is kept where the store has one already.
        source: for the facts and literals without a source of their own.

    Returns:
        How much of it was new.
    """
    found, num_entities = writer.entities(graph.entities.labels)
    ids = [found[label] for label in graph.entities]
    relations, num_relations = writer.relations(graph.relations.labels)
    origins, num_sources = writer.sources([*((s.address, s.text) for s in graph.sources), source])
    # The last is the fallback, which index -1 picks.
    relation_ids = [relations[label] for label in graph.relations]
    facts = [
        Claim((ids[h], relation_ids[r], ids[t], None, None), origins[s], 1.0)
        for (h, r, t), s in zip(graph.triples.tolist(), graph.fact_sources.tolist(), strict=True)
    ]
    num_facts = writer.add(FACT, facts)
    num_literals = writer.add(LITERAL, [_claim(x, ids, origins) for x in graph.literals])
    num_names = _add_names(writer, graph, ids)
    _add_types(writer, graph, ids)
    _add_descriptions(writer, graph, ids)
    words = {relation_ids[r]: text for r, text in graph.relation_texts.items()}
    _fill(writer, schema.relation.c.text, words)
    return Counts(num_entities, num_relations, num_facts, num_names, num_literals, num_sources)


def _claim(literal: Literal, ids: Sequence[int], origins: Sequence[int | None]) -> Claim:
    number, text = checked_value(literal.value)
    who = ids[literal.entity]
    key = (who, literal.attribute, number, text, literal.unit, literal.year, None, None)
    return Claim(key, origins[literal.source], 1.0)


def _add_names(writer: Writer, graph: Graph, ids: Sequence[int]) -> int:
    table = schema.name
    known: set[tuple[int, str, str]] = set()
    for part in chunks(ids[n.entity] for n in graph.names):
        query = select(table.c.entity_id, table.c.text, table.c.language).where(
            table.c.entity_id.in_(part)
        )
        known.update((e, text, language) for e, text, language in writer.connection.execute(query))
    wanted = dict.fromkeys((ids[n.entity], n.text, n.language) for n in graph.names)
    new = [name for name in wanted if name not in known]
    if new:
        rows: list[dict[str, Any]] = [
            {
                "id": id_,
                "entity_id": entity,
                "text": checked_text("name", text),
                "language": language,
                "inserted_version": writer.version,
            }
            for id_, (entity, text, language) in zip(
                writer.take_ids(table, len(new)), new, strict=True
            )
        ]
        writer.put(table, rows)
    return len(new)


def _add_types(writer: Writer, graph: Graph, ids: Sequence[int]) -> None:
    table = schema.entity_type
    known: dict[int, set[str]] = {}
    for part in chunks(ids[e] for e in graph.types):
        query = select(table.c.entity_id, table.c.type).where(table.c.entity_id.in_(part))
        for entity, type_ in writer.connection.execute(query):
            known.setdefault(entity, set()).add(type_)
    rows: list[dict[str, Any]] = []
    for entity, types in graph.types.items():
        have = known.get(ids[entity], set())
        new = [x for x in dict.fromkeys(types) if x not in have]
        rows += [
            {"entity_id": ids[entity], "type": checked_text("type", x), "position": place}
            for place, x in enumerate(new, len(have))
        ]
    writer.put(table, rows)
    _mark_changed(writer, [row["entity_id"] for row in rows])


def _add_descriptions(writer: Writer, graph: Graph, ids: Sequence[int]) -> None:
    texts = {ids[e]: words for e, words in graph.descriptions.items()}
    changed = _fill(writer, schema.entity.c.description, texts)
    _mark_changed(writer, changed)


def _fill(writer: Writer, column: Column[str], texts: Mapping[int, str]) -> list[int]:
    """Write texts by row id where there is none yet, and return the rows written."""
    table, bare = column.table, set[int]()
    for part in chunks(texts):
        query = select(table.c.id).where(table.c.id.in_(part), column == "")
        bare.update(writer.connection.scalars(query))
    rows = [
        {"row": id_, "words": checked_unicode("a description", words)}
        for id_, words in texts.items()
        if words and id_ in bare
    ]
    if rows:
        statement = (
            update(table).where(table.c.id == bindparam("row")).values({column: bindparam("words")})
        )
        writer.connection.execute(statement, rows)
    return [id_ for id_, words in texts.items() if words and id_ in bare]


def _mark_changed(writer: Writer, ids: Sequence[int]) -> None:
    """Let followers see entities again that gained a type or a description."""
    table = schema.entity
    for part in chunks(ids):
        writer.connection.execute(
            table.update().where(table.c.id.in_(part)).values(changed_version=writer.version)
        )
