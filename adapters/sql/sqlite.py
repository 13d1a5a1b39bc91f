"""SQLite: one file, which itself allows one writer at a time."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

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
from adapters.sql.files import Identity, SqliteFile
from adapters.sql.open_file import OpenFile
from adapters.sql.watching import Watcher
from application.ports.failures import OutcomeUnknown, StorageAway

_LOOK: Final = 0.001
"""Seconds between two looks whether another process still writes."""


class SqliteDatabase(Database):
    """A file; see `Database`.

    Every transaction looks whether the file is where it was opened, and nothing is acknowledged
    that is not in the file at that place.

    Attributes:
        file: the file, by its name.
        checkpoints: makes checkpoints in the background.
    """

    def __init__(self, url: URL) -> None:
        """Take the URL of a file; nothing is opened yet.

        Raises:
            ValueError: the URL names no file.
        """
        self.url = url
        self.role = PRIMARY
        self.file = SqliteFile.of(url)
        self._open_file = OpenFile(self.file, _configure)
        self.write = _engine(self.file, "BEGIN IMMEDIATE", self._open_file)
        self.read = _engine(self.file, "BEGIN", self._open_file)
        # SQLite lets one transaction write at a time, and a process that finds the file locked
        # sleeps and looks again; threads of one process queue here instead, and are woken.
        self._writing = threading.Lock()
        self._writer: Connection | None = None
        self.checkpoints = Checkpointer(self._open_file, self._writing)
        self._watcher = Watcher(self.read, self._open_file)

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        return DBAPIError, sqlite3.Error

    def explained(self, error: BaseException) -> BaseException:
        return _explained(self.file, error)

    def create(self) -> None:
        # A file that is open is not created again, whatever has become of it.
        self._open_file.look()
        self.file.create()

    def snapshot(self) -> Connection:
        self._open_file.look()
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
            # Another process writes, or worse; a caller that waits for it will find out.
            return None

    def end(self, turn: Turn) -> None:
        try:
            if turn.connection is self._writer:
                self._require_standing()
            else:
                turn.connection.close()
        finally:
            self._writing.release()

    def commit(self, turn: Turn) -> None:
        turn.connection.commit()
        # Kept for the next transaction: giving a connection back to the pool and taking it out
        # again is a tenth of a transaction with one registration.
        self._writer = turn.connection
        self.checkpoints.committed()

    def wait_until_durable(self, connection: Connection) -> None:
        """Do nothing: a commit is on disk before anybody sees it."""

    def set_differently(self, turn: Turn) -> None:
        """Do nothing: only PostgreSQL is shared by processes that write all the time."""

    def wipe(self) -> None:
        self.checkpoints.wipe()

    def changes(self) -> object:
        return self._watcher.version()

    def version(self, connection: Connection) -> object:
        driver: Any = connection.connection.dbapi_connection
        # It changes with every commit of another connection, of this process or any other.
        (version,) = driver.execute("PRAGMA data_version").fetchone()
        return version

    def writable(self) -> None:
        """Return: a file that can be read can be written, except for its disk and permissions."""

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        self._wait_for_threads()
        try:
            self._open_file.look()
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
        self._open_file.let_go()

    def _require_standing(self) -> None:
        """Raise if the file has gone meanwhile, so that nobody acknowledges a commit to it."""
        try:
            self._open_file.look()
        except sqlite3.Error as error:
            raise storage_unavailable(error, OutcomeUnknown) from error

    def _wait_for_threads(self) -> None:
        """Wait for this thread's turn, no longer than for that of another process."""
        if not self._writing.acquire(timeout=BUSY_TIMEOUT):
            raise StorageAway("the database is unavailable: it is locked.")

    def _begin(self, *, waits: bool) -> Turn:
        """Begin; the turn is given back if that fails.

        Args:
            waits: whether to wait for other processes.
        """
        try:
            self._open_file.check()
            connection, self._writer = self._writer or self.write.connect(), None
            try:
                driver: Any = connection.connection.dbapi_connection
                driver.execute("PRAGMA busy_timeout = 0")
                try:
                    _wait_to_begin(connection, BUSY_TIMEOUT if waits else 0)
                finally:
                    driver.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT * 1000:.0f}")
                version = self.version(connection)
            except BaseException:
                connection.close()
                raise
        except BaseException as error:
            self._writing.release()
            if isinstance(error, self.errors):
                raise storage_unavailable(self.explained(error), StorageAway) from error
            raise
        return Turn(connection, (driver, version), (driver, version))


class SqliteReadDatabase(ReadDatabase):
    """A file that somebody else writes, or puts in place; if it is missing, it is not created."""

    def __init__(self, url: URL, role: str) -> None:
        """Take the URL of a file; nothing is opened yet.

        Raises:
            ValueError: the URL names no file.
        """
        self.url = url
        self.role = role
        self._file = SqliteFile.of(url.update_query_dict({"mode": "ro"}))
        self._identity: Identity | None = None
        self._read = _engine(self._file, "BEGIN")

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        return DBAPIError, sqlite3.Error

    def explained(self, error: BaseException) -> BaseException:
        return _explained(self._file, error)

    def snapshot(self) -> Connection:
        identity = self._file.identity()
        if identity != self._identity:
            # The connections in the pool have the file that was there before.
            self._read.dispose()
            self._identity = identity
        return self._read.connect()

    def dispose(self) -> None:
        self._read.dispose()


def _wait_to_begin(connection: Connection, patience: float) -> None:
    """Begin, once no other process writes.

    SQLite itself would look after 1, 2, 5, 10, ... and then 100 ms. Beside a process that begins
    again as soon as it has ended, such as an import, that is too seldom to ever find a gap: a
    request waited for 1.3 s.
    """
    end = time.monotonic() + patience
    while True:
        try:
            connection.begin()
        except (DBAPIError, sqlite3.Error) as error:
            own = getattr(error, "orig", error)
            code = getattr(own, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
            # The lower byte; the rest tells kinds of it apart.
            if code & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= end:
                raise
        else:
            return
        time.sleep(_LOOK)


def _explained(file: SqliteFile, error: BaseException) -> BaseException:
    own = getattr(error, "orig", error)
    return file.explained(own) if isinstance(own, sqlite3.Error) else error


def _engine(file: SqliteFile, begin: str, open_file: OpenFile | None = None) -> Engine:
    """Make an engine.

    Args:
        file: the file.
        begin: the statement that begins its transactions.
        open_file: holds the file; None for one that is only read, and may be replaced.
    """
    engine = create_engine(
        URL.create("sqlite", database=file.address, query={"uri": "true"}),
        # More connections than the server has threads, so no thread waits for one.
        pool_size=64,
        connect_args={"timeout": BUSY_TIMEOUT},
    )

    @event.listens_for(engine, "do_connect")
    def look(*_: object) -> None:
        if open_file is None:
            file.identity()
        else:
            open_file.hold()
            open_file.look_closely()

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        try:
            if open_file is None:
                _set_up(connection)
            else:
                # Opened but not used yet, so that a file put there meanwhile is left alone.
                open_file.look_closely()
                _configure(connection)
        except BaseException as error:
            connection.close()
            if isinstance(error, sqlite3.Error):
                raise file.explained(error) from None
            raise

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        driver: Any = connection.connection.dbapi_connection
        driver.execute(begin)

    return engine


def _configure(connection: sqlite3.Connection) -> None:
    """Set up a connection to a file that is written."""
    _set_up(connection)
    _use_wal(connection)


def _set_up(connection: sqlite3.Connection) -> None:
    # The driver must not begin transactions by itself: it would do so before the first write,
    # after the load has been read, and two writers could both take the last slot.
    connection.isolation_level = None
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("PRAGMA foreign_keys = ON")
    # Removed data is overwritten; some builds of SQLite do so by themselves, and some do not.
    connection.execute("PRAGMA secure_delete = ON")


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch the file to WAL mode, which stays; later connections only find it done.

    SQLite does not wait by itself here: two processes that open a new file at the same time both
    hold it for reading and want it exclusively, and one of them is told at once that it is locked.
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
