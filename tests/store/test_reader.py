"""Snapshots, changes and counts."""

from __future__ import annotations

from datetime import date

import pytest

from lichen.base.errors import DataError
from lichen.data.graph import Name, Source


def test_changes_follow_what_happened(store):
    version = store.version
    assert store.changes(version).is_empty
    store.insert("Inn", "flows_into", "Danube", source=("e", "..."))
    store.add_name("Inn", "En")
    store.insert("never", "seen", "again")
    store.retract("never", "seen", "again")
    store.retract("Vienna", "capital_of", "Austria")
    changes = store.changes(version)
    ids = {e.label: e.id for e in changes.entities}
    assert set(ids) == {"Inn", "never", "again"}
    assert [f[:3] for f in changes.inserted] == [("Inn", "flows_into", "Danube")]
    assert changes.inserted[0].sources == (Source("e", "..."),)
    assert [f[:3] for f in changes.retracted] == [("Vienna", "capital_of", "Austria")]
    assert changes.retracted[0].sources == (Source("a", "Vienna is the capital."),)
    assert changes.names == (Name(ids["Inn"], "En"),)
    assert changes.relations[changes.inserted[0].triple[1]] == "flows_into"
    assert store.changes(changes.until).is_empty


def test_a_follower_ends_with_the_snapshot(store):
    graph, version = store.snapshot(), store.version
    facts = set(map(tuple, graph.triples.tolist()))
    for step in range(12):
        store.insert(f"e{step % 5}", "r", f"e{step % 3}")
        if step % 3 == 0:
            store.retract(f"e{step % 5}", "r", f"e{step % 3}")
        if step % 4 == 0:
            changes = store.changes(version)
            facts -= {f.triple for f in changes.retracted}
            facts |= {f.triple for f in changes.inserted}
            version = changes.until
            assert facts == set(map(tuple, store.snapshot().triples.tolist()))


def test_snapshot_of_a_version(store):
    before = store.snapshot()
    store.insert("Inn", "flows_into", "Danube")
    store.add_name("Inn", "En")
    assert store.snapshot(2).entities == before.entities
    assert store.snapshot(0).num_facts == 0
    with pytest.raises(DataError, match="at must be a version from 0 to 4; got 5"):
        store.snapshot(5)


def test_counts(store):
    assert store.counts() == (3, 2, 2, 0, 0, 2)
    store.retract("Vienna", "capital_of", "Austria")
    assert store.counts().facts == 1


def test_a_triple_that_still_holds_otherwise_is_not_reported_as_gone(store):
    store.insert("X", "r", "Y", valid_from=date(2000, 1, 1), source=("one", ""))
    store.insert("X", "r", "Y", valid_from=date(2010, 1, 1), source=("two", ""))
    version = store.version
    store.delete_source("one")
    assert store.changes(version).retracted == ()
    version = store.version
    store.delete_source("two")
    assert [f[:3] for f in store.changes(version).retracted] == [("X", "r", "Y")]


def test_a_literal_follows_versions(store):
    store.set_literal("Austria", "area", 1.0)
    version = store.version
    store.set_literal("Austria", "area", 2.0)
    assert [x.value for x in store.snapshot(version).literals] == [1.0]
    assert [x.value for x in store.snapshot().literals] == [2.0]
