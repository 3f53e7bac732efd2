"""The database itself refuses what must not be."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateTable

from lichen.store import schema

FACT = {"id": 99, "head": 0, "relation": 0, "tail": 1, "inserted_version": 1}
SUPPORT = {"id": 99, "fact_id": 0, "source_id": None, "inserted_version": 1}


@pytest.mark.parametrize(
    ("table", "row"),
    [
        (schema.fact, {**FACT, "head": 1000}),
        (schema.fact, {**FACT, "valid_from": date(2001, 1, 1), "valid_to": date(2000, 1, 1)}),
        (schema.fact_support, {**SUPPORT, "confidence": 1.5}),
        (schema.fact_support, {**SUPPORT, "confidence": 0.0}),
        (schema.literal, {"id": 9, "entity_id": 0, "attribute": "a", "inserted_version": 1}),
        (
            schema.entity,
            {
                "id": 99,
                "label": "Vienna",
                "description": "",
                "inserted_version": 1,
                "changed_version": 1,
            },
        ),
    ],
)
def test_constraints_hold(store, table, row):
    def write():
        with store._database.engine.begin() as connection:
            connection.execute(table.insert(), [row])

    with pytest.raises(IntegrityError):
        write()


def test_every_table_can_be_made_in_postgresql():
    for table in schema.metadata.sorted_tables:
        assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=postgresql.dialect()))


def test_every_constraint_has_a_name_that_migrations_can_use():
    for table in schema.metadata.sorted_tables:
        assert all(constraint.name for constraint in table.constraints)
