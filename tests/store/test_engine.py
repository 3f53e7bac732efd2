"""Opening: new, existing, foreign, damaged and busy places."""

from __future__ import annotations

import sqlite3

import pytest

from lichen.base.errors import ArtifactError, DataError
from lichen.store import Store
from lichen.store.engine import StoreBusyError


def test_a_new_file_becomes_a_store_and_is_found_again(tmp_path):
    path = tmp_path / "facts.db"
    with Store.open(path) as store:
        store.insert("a", "r", "b")
    with Store.open(str(path)) as store:
        assert store.counts().facts == 1
    with sqlite3.connect(path) as raw:
        assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    raw.close()


def test_a_store_that_must_exist_is_not_made(tmp_path):
    path = tmp_path / "facts.db"
    for place in (path, str(path), f"sqlite:///{path}", ":memory:"):
        with pytest.raises(DataError, match="must be a store that exists, found none there"):
            Store.open(place, must_exist=True)
    assert not path.exists()
    Store.open(path).close()
    with Store.open(path, must_exist=True) as store:
        assert store.counts().facts == 0


def test_foreign_keys_hold():
    with Store.open(":memory:") as store, store.transaction() as writer:
        found = writer.connection.exec_driver_sql("PRAGMA foreign_keys").scalar()
        assert found == 1


def test_a_file_of_something_else(tmp_path):
    path = tmp_path / "facts.db"
    path.write_bytes(b"no database at all, but long enough to be looked at" * 50)
    with pytest.raises(ArtifactError, match=r"facts.db: the store must be a readable .* database"):
        Store.open(path)
    assert path.read_bytes().startswith(b"no database")


def test_a_damaged_store(tmp_path):
    path = tmp_path / "facts.db"
    with Store.open(path) as store:
        for i in range(200):
            store.insert(f"entity number {i}", "r", f"entity number {i + 1}")
    data = bytearray(path.read_bytes())
    data[4096:] = b"\x07" * (len(data) - 4096)
    path.write_bytes(bytes(data))
    with pytest.raises(ArtifactError), Store.open(path) as store:
        store.snapshot()


def test_a_database_of_another_program(tmp_path):
    path = tmp_path / "other.db"
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE songs (title)")
    raw.commit()
    raw.close()
    with pytest.raises(ArtifactError, match="must be a Lichen store with its 10 tables, lacks"):
        Store.open(path)


def test_another_format_version(tmp_path):
    path = tmp_path / "facts.db"
    Store.open(path).close()
    raw = sqlite3.connect(path)
    raw.execute("UPDATE meta SET value = 99 WHERE key = 'format'")
    raw.commit()
    raw.close()
    with pytest.raises(ArtifactError, match="format version must be 1, found 99"):
        Store.open(path)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("no/such/folder/facts.db", "in a folder that exists, the folder does not"),
        (".", "this is a folder"),
        ("", r"a store must be a file, ':memory:' or an address; got ''\. Name one"),
        ("nosuchdatabase://x", "must have a driver that is installed"),
        ("://", "must be a file, ':memory:' or an address"),
    ],
)
def test_places_that_cannot_be(place, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=message):
        Store.open(place)


def test_a_writer_that_waits_too_long_says_so(tmp_path):
    path = tmp_path / "facts.db"
    with Store.open(path) as one, Store.open(path, busy_timeout_s=0.05) as other:
        with one.transaction():
            one.insert("a", "r", "b")
            with pytest.raises(StoreBusyError, match="only one process may write at a time"):
                other.insert("c", "r", "d")
        other.insert("c", "r", "d")
        assert one.counts().facts == 2
