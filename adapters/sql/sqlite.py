"""SQLite: one file, whose one writer at a time is a rule of its own."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from adapters.sql.checkpoints import Checkpointer
from adapters.sql.engine import (
    BUSY_TIMEOUT,
    PRIMARY,
    Database,
    ReadDatabase,
    Turn,
    storage_unavailable,
)
from adapters.sql.watching import Watcher
from application.ports import StorageAway


class SqliteDatabase(Database):
    """A file; see `Database`.

    Attributes:
        checkpoints: are made in the background.
    """

    def __init__(self, url: URL) -> None:
        """Take the URL of a file; nothing is opened yet.

        Raises:
            ValueError: the URL names no file.
        """
        _require_file(url)
        self.url = url
        self.role = PRIMARY
        self.write = _engine(url, "BEGIN IMMEDIATE")
        self.read = _engine(url, "BEGIN")
        # SQLite lets one transaction write at a time, and a process that finds the file locked
        # sleeps and looks again; threads of one process queue here instead, and are woken.
        self._writing = threading.Lock()
        self._writer: Connection | None = None
        self.checkpoints = Checkpointer(self.read, self._writing)
        self._watcher = Watcher(self.read)

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        return DBAPIError, sqlite3.Error

    def snapshot(self) -> Connection:
        return self.read.connect()

    def begin(self) -> Turn:
        self._wait_for_threads()
        return self._begin(waits=True)

    def begin_at_once(self) -> Turn | None:
        if not self._writing.acquire(blocking=False):
            return None
        try:
            return self._begin(waits=False)
        except StorageAway:
            # Another process writes, or worse; whoever waits for it will hear.
            return None

    def end(self, turn: Turn) -> None:
        try:
            if turn.connection is not self._writer:
                turn.connection.close()
        finally:
            self._writing.release()

    def commit(self, turn: Turn) -> None:
        turn.connection.commit()
        # The next transaction's, too: to give a connection back to the pool and take it out again
        # is a tenth of a transaction with one registration.
        self._writer = turn.connection
        self.checkpoints.committed()

    def changes(self) -> object:
        return self._watcher.version()

    def version(self, connection: Connection) -> object:
        driver: Any = connection.connection.dbapi_connection
        # It tells commits of other connections, of this process or another, from none.
        (version,) = driver.execute("PRAGMA data_version").fetchone()
        return version

    def writable(self) -> None:
        """Return: a file that can be read can be written, but for its disk and its permissions."""

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        self._wait_for_threads()
        try:
            with self.write.begin() as connection:
                yield connection
        finally:
            self._writing.release()

    def dispose(self) -> None:
        self.checkpoints.stop()
        self._watcher.close()
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        self.write.dispose()
        self.read.dispose()

    def _wait_for_threads(self) -> None:
        """Wait for this thread's turn, no longer than for another process's."""
        if not self._writing.acquire(timeout=BUSY_TIMEOUT):
            raise StorageAway("the database does not work just now: it is locked.")

    def _begin(self, *, waits: bool) -> Turn:
        """Begin; the turn is given back if that fails.

        Args:
            waits: for other processes.
        """
        try:
            connection, self._writer = self._writer or self.write.connect(), None
            try:
                driver: Any = connection.connection.dbapi_connection
                if waits:
                    connection.begin()
                else:
                    driver.execute("PRAGMA busy_timeout = 0")
                    try:
                        connection.begin()
                    finally:
                        driver.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT * 1000:.0f}")
                version = self.version(connection)
            except BaseException:
                connection.close()
                raise
        except BaseException as error:
            self._writing.release()
            if isinstance(error, self.errors):
                raise storage_unavailable(error, StorageAway) from error
            raise
        return Turn(connection, (driver, version), (driver, version))


class SqliteReadDatabase(ReadDatabase):
    """A file that somebody else writes, or puts in place; it is not made if it is not there."""

    def __init__(self, url: URL, role: str) -> None:
        """Take the URL of a file; nothing is opened yet.

        Raises:
            ValueError: the URL names no file.
        """
        _require_file(url)
        self.url = url
        self.role = role
        file = Path(str(url.database)).absolute().as_uri()
        self._read = _engine(
            url.set(database=file, query={"mode": "ro", "uri": "true"}), "BEGIN", writes=False
        )

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        return DBAPIError, sqlite3.Error

    def snapshot(self) -> Connection:
        return self._read.connect()

    def dispose(self) -> None:
        self._read.dispose()


def _require_file(url: URL) -> None:
    if url.database in {None, "", ":memory:"}:
        raise ValueError(
            "an SQLite database needs a file: sqlite:///fairlead.db, or use memory://."
        )


def _engine(url: URL, begin: str, *, writes: bool = True) -> Engine:
    # More connections than the server has threads: nobody waits for one.
    engine = create_engine(url, pool_size=64, connect_args={"timeout": BUSY_TIMEOUT})

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        # The driver must not begin transactions by itself: it would do so before the first write,
        # after the load has been read, and two writers could both take the last slot.
        connection.isolation_level = None
        if writes:
            _use_wal(connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        driver: Any = connection.connection.dbapi_connection
        driver.execute(begin)

    return engine


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch the file to WAL; it stays so, and later connections only find it done.

    SQLite does not wait by itself here: two processes that open a new file at once both hold it
    for reading and want it alone, and one of them is told at once that it is locked.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
