"""A place to store -> a checked SQLAlchemy engine: WAL, foreign keys, busy timeout, format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from lichen.base.errors import ArtifactError, DataError, LichenError
from lichen.store.schema import FORMAT_VERSION, meta, metadata


class StoreBusyError(LichenError, TimeoutError):
    """Another process is writing and did not finish in time."""


def url_of(place: str | Path) -> URL:
    """Return the database address of a path, ":memory:" or an address.

    Raises:
        DataError: it is none of these, or its folder does not exist.

    >>> str(url_of("facts.db")), str(url_of(":memory:"))
    ('sqlite:///facts.db', 'sqlite://')
    """
    text = str(place)
    if text == ":memory:":
        return make_url("sqlite://")
    if not text.strip():
        raise DataError(
            f"a store must be a file, ':memory:' or an address; got {text!r}. Name one, such as "
            "facts.db."
        )
    if "://" not in text:
        url = URL.create("sqlite", database=text)
    else:
        try:
            url = make_url(text)
        except ArgumentError:
            raise DataError(
                f"{text}: must be a file, ':memory:' or an address such as sqlite:///facts.db. "
                "Check the address."
            ) from None
    if _is_file(url):
        path = Path(str(url.database))
        if path.is_dir() or not path.parent.is_dir():
            raise DataError(
                f"{path}: a store must be a file in a folder that exists, "
                f"{'this is a folder' if path.is_dir() else 'the folder does not'}. "
                "Create the folder, or give another path."
            )
    return url


def _is_file(url: URL) -> bool:
    return url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")


def connect(place: str | Path, *, busy_timeout_s: float, must_exist: bool = False) -> Engine:
    """Open a store's database, creating its tables when it is new.

    Args:
        place: a path, ":memory:" or a database address.
        busy_timeout_s: how long to wait for another process that is writing.
        must_exist: whether to refuse a place where there is no store yet.

    Raises:
        DataError: there is no such place, or no store there that must be.
        ArtifactError: what is there is not a store, or one of another format.
    """
    url = url_of(place)
    if must_exist and _is_file(url) and not Path(str(url.database)).is_file():
        raise _absent(place)
    options: dict[str, Any] = {}
    if url.get_backend_name() == "sqlite":
        options["connect_args"] = {"timeout": busy_timeout_s, "check_same_thread": False}
        if not _is_file(url):
            options["poolclass"] = StaticPool
    try:
        engine = create_engine(url, **options)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise DataError(
            f"{url}: the store's database must have a driver that is installed; {error}. "
            "Install the driver, or use sqlite:///facts.db."
        ) from None
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    try:
        _check_format(engine, str(place), must_exist=must_exist)
    except DBAPIError as error:
        engine.dispose()
        raise translated(error, str(place)) from None
    except (ArtifactError, DataError):
        engine.dispose()
        raise
    return engine


def _absent(place: str | Path) -> DataError:
    return DataError(
        f"{place}: must be a store that exists, found none there. Check the path, or make one with "
        "lichen import."
    )


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA cache_size = -65536")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    is_write = connection.get_execution_options().get("is_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")


def _check_format(engine: Engine, place: str, *, must_exist: bool) -> None:
    with engine.connect() as connection:
        tables = inspect(connection).get_table_names()
    if must_exist and not tables:
        raise _absent(place)
    if not tables:
        with engine.execution_options(is_write=True).begin() as connection:
            # Another process may have made them while this one waited for the lock.
            metadata.create_all(connection, checkfirst=True)
            if connection.scalar(select(meta.c.value).where(meta.c.key == "format")) is None:
                rows = [{"key": "format", "value": FORMAT_VERSION}, {"key": "version", "value": 0}]
                connection.execute(meta.insert(), rows)
        return
    missing = sorted(set(metadata.tables) - set(tables))
    found = None
    if "meta" in tables:
        with engine.connect() as connection:
            found = connection.scalar(select(meta.c.value).where(meta.c.key == "format"))
    if found is None or (found == FORMAT_VERSION and missing):
        raise ArtifactError(
            f"{place}: must be a Lichen store with its {len(metadata.tables)} tables, "
            f"lacks {', '.join(missing) or 'its format version'}. "
            "Give another path, or import the facts anew."
        )
    if found != FORMAT_VERSION:
        raise ArtifactError(
            f"{place}: the store's format version must be {FORMAT_VERSION}, found {found}. "
            "Open it with the version of Lichen that wrote it and export, or import anew."
        )


def translated(error: DBAPIError, place: str) -> LichenError:
    """Return the database's error as one of ours, in one line.

    Args:
        error: what the driver raised.
        place: the store, for the message.
    """
    cause = str(error.orig).splitlines()[0] if error.orig else type(error).__name__
    if "locked" in cause or "busy" in cause:
        return StoreBusyError(
            f"{place}: only one process may write at a time, and another did not finish in time. "
            "Try again, or raise busy_timeout_s."
        )
    return ArtifactError(
        f"{place}: the store must be a readable and writable database; {cause}. "
        "Check the file and its rights, or import the facts anew."
    )
