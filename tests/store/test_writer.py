"""One write transaction, row by row."""

from __future__ import annotations

import pytest

from lichen.base.errors import DataError
from lichen.store import schema
from lichen.store.claims import FACT, Claim
from lichen.store.writer import CHUNK, chunks


def test_chunks_hold_distinct_values():
    parts = list(chunks([*range(CHUNK + 1), 0]))
    assert [len(part) for part in parts] == [CHUNK, 1]
    assert list(chunks([])) == []


def test_a_version_is_taken_when_first_asked_for(store):
    before = store.version
    with store.transaction() as writer:
        writer.entities(["Vienna"])
    assert store.version == before
    with store.transaction() as writer:
        assert writer.version == before + 1
        assert writer.version == before + 1
    assert store.version == before + 1


def test_ids_have_no_gaps(store):
    with store.transaction() as writer:
        ids, num_new = writer.entities(["new", "Vienna", "newer", "new"])
        assert (ids, num_new) == ({"Vienna": 0, "new": 3, "newer": 4}, 2)
        assert list(writer.take_ids(schema.relation, 2)) == [2, 3]


def test_claims_of_one_fact_are_one_row_with_two_supports(store):
    with store.transaction() as writer:
        (first, second), num_new = writer.sources([("x", ""), ("y", "")])
        assert num_new == 2
        key = (2, 1, 1, None, None)
        claims = [Claim(key, first, 0.5), Claim(key, second, 0.75)]
        assert writer.add(FACT, claims) == 1
        assert writer.add(FACT, claims) == 0
    (fact,) = store.facts(head="Danube", tail="Austria")
    assert [s.address for s in fact.sources] == ["x", "y"]
    assert fact.confidence == 0.75


def test_rows_of_a_fact(store):
    with store.transaction() as writer:
        assert writer.rows_of("Vienna", "capital_of", "Austria") == [0]
        with pytest.raises(DataError, match="flows_through of 'Danube' is 'Vienna'"):
            writer.rows_of("Danube", "flows_through", "Austria")
        with pytest.raises(DataError, match="capital_of of 'Danube' is nothing"):
            writer.rows_of("Danube", "capital_of", "Austria")
