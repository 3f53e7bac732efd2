"""The relational schema: entities, names, facts, literals, their sources and versions.

Ids are handed out by the writer, from 0 and without gaps, so that an entity's id in the store
is its id in every `Graph` made from it. Rows are never deleted: a retracted fact keeps its row
and the version that retracted it, which is what makes earlier versions readable.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

FORMAT_VERSION = 1
"""Raised whenever a table changes; a store of another number is refused."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True, autoincrement=False)


def _text(name: str, *, unique: bool | None = None, index: bool | None = None) -> Column[str]:
    """Return a column of texts that are always given."""
    return Column(name, Text, nullable=False, unique=unique, index=index)


def _inserted() -> Column[int]:
    """Return the version that brought a row in."""
    return Column("inserted_version", Integer, nullable=False, index=True)


def _validity() -> tuple[Column[date], Column[date]]:
    """Return the days between which a statement holds; None: without a bound."""
    return Column("valid_from", Date), Column("valid_to", Date)


def _history() -> tuple[Column[int], Column[int]]:
    """Return the versions that brought a row in and took it out (None: it still holds)."""
    return (
        _inserted(),
        Column("retracted_version", Integer, index=True),
    )


meta = Table(
    "meta",
    metadata,
    Column("key", String(32), primary_key=True),
    Column("value", Integer, nullable=False),
)

entity = Table(
    "entity",
    metadata,
    _id(),
    _text("label", unique=True),
    _text("description"),
    _inserted(),
    Column("changed_version", Integer, nullable=False, index=True),
)

entity_type = Table(
    "entity_type",
    metadata,
    Column("entity_id", ForeignKey("entity.id"), primary_key=True),
    Column("type", String(200), primary_key=True),
    Column("position", Integer, nullable=False),
)

name = Table(
    "name",
    metadata,
    _id(),
    Column("entity_id", ForeignKey("entity.id"), nullable=False),
    _text("text", index=True),
    Column("language", String(35), nullable=False),
    _inserted(),
    UniqueConstraint("entity_id", "text", "language"),
)

relation = Table(
    "relation",
    metadata,
    _id(),
    _text("label", unique=True),
    _text("text"),
)

source = Table(
    "source",
    metadata,
    _id(),
    _text("address", index=True),
    _text("text"),
    Column("digest", String(32), nullable=False, unique=True),
)

fact = Table(
    "fact",
    metadata,
    _id(),
    Column("head", ForeignKey("entity.id"), nullable=False),
    Column("relation", ForeignKey("relation.id"), nullable=False),
    Column("tail", ForeignKey("entity.id"), nullable=False),
    *_validity(),
    *_history(),
    CheckConstraint("valid_from IS NULL OR valid_to IS NULL OR valid_from <= valid_to", "validity"),
    Index(None, "head", "relation"),
    Index(None, "tail", "relation"),
    Index(None, "relation"),
)

literal = Table(
    "literal",
    metadata,
    _id(),
    Column("entity_id", ForeignKey("entity.id"), nullable=False),
    _text("attribute"),
    Column("number", Float),
    Column("text", Text),
    Column("unit", Text),
    Column("year", Integer),
    *_validity(),
    *_history(),
    CheckConstraint("(number IS NULL) <> (text IS NULL)", "value"),
    Index(None, "entity_id", "attribute"),
)


def _support(what: str) -> Table:
    """Return the table of who says so: one row for each source of each fact or literal."""
    return Table(
        f"{what}_support",
        metadata,
        _id(),
        Column(f"{what}_id", ForeignKey(f"{what}.id"), nullable=False, index=True),
        Column("source_id", ForeignKey("source.id"), index=True),
        Column("confidence", Float, nullable=False),
        *_history(),
        CheckConstraint("confidence > 0 AND confidence <= 1", "confidence"),
    )


fact_support = _support("fact")
literal_support = _support("literal")
