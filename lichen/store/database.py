"""Reading and writing transactions over one engine; one writer at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from lichen.store.engine import translated
from lichen.store.writer import Writer


class Database:
    """Give out transactions; a write inside a write joins it.

    Args:
        engine: from `connect`.
        place: what the user called it, for messages.
    """

    def __init__(self, engine: Engine, place: str) -> None:
        self.engine = engine
        self.place = place
        self._writing = engine.execution_options(is_write=True)
        self._lock = threading.RLock()
        self._writer: Writer | None = None
        self._is_shared = isinstance(engine.pool, StaticPool)

    @contextmanager
    def write(self) -> Iterator[Writer]:
        """Open a write transaction: everything inside is stored, or nothing.

        Raises:
            StoreBusyError: another process is writing and does not finish.
            ArtifactError: the database cannot be written.
        """
        with self._lock:
            if self._writer is not None:
                yield self._writer
                return
            try:
                with self._writing.begin() as connection:
                    self._writer = Writer(connection)
                    yield self._writer
            except DBAPIError as error:
                raise translated(error, self.place) from None
            finally:
                self._writer = None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a consistent view; inside a write of the same thread, that write's own.

        Raises:
            ArtifactError: the database cannot be read.
        """
        is_mine = self._lock.acquire(blocking=self._is_shared)
        try:
            if is_mine and self._writer is not None:
                yield self._writer.connection
                return
            with self.engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            raise translated(error, self.place) from None
        finally:
            if is_mine:
                self._lock.release()
