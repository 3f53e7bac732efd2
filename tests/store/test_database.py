"""Transactions: one writer at a time, readers undisturbed, errors in one line."""

from __future__ import annotations

import threading

import pytest

from lichen.store import Store, schema
from lichen.store.database import Database
from lichen.store.engine import connect


def test_threads_write_one_after_another(tmp_path):
    with Store.open(tmp_path / "facts.db") as store:

        def write(name):
            for i in range(10):
                store.insert(name, "has", f"{name}{i}")

        threads = [threading.Thread(target=write, args=(f"t{i}",)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert store.counts().facts == 40
        assert store.version == 40


def test_a_reader_is_not_held_up_by_a_writer(tmp_path):
    with Store.open(tmp_path / "facts.db") as store:
        store.insert("a", "r", "b")
        seen = []
        with store.transaction():
            store.insert("a", "r", "c")
            thread = threading.Thread(target=lambda: seen.append(store.snapshot().num_facts))
            thread.start()
            thread.join(timeout=10)
        assert seen == [1]
        assert store.snapshot().num_facts == 2


def test_a_write_inside_a_write_joins_it():
    database = Database(connect(":memory:", busy_timeout_s=1.0), "here")
    with database.write() as outer, database.write() as inner:
        assert inner is outer


def test_a_write_after_a_failed_one_starts_afresh():
    database = Database(connect(":memory:", busy_timeout_s=1.0), "here")

    def fail():
        with database.write() as writer:
            writer.entities(["a"])
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        fail()
    with database.write() as writer:
        assert writer.find(schema.entity, ["a"]) == {}


def test_a_memory_store_is_one_for_all_threads():
    with Store.open(":memory:") as store:
        threads = [
            threading.Thread(target=store.insert, args=(f"e{i}", "r", f"e{i + 1}"))
            for i in range(8)
        ]
        for thread in threads:
            thread.start()
            store.snapshot()
        for thread in threads:
            thread.join()
        assert store.counts().facts == 8
