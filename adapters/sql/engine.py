"""Engines: how connections are opened, and what a transaction begins with."""

import sqlite3
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from adapters.sql.checkpoints import Checkpointer
from application.ports import StorageAway, StorageUnavailable

BUSY_TIMEOUT = 10.0
"""Seconds that a writer waits for another process to finish its transaction."""


_WAITS = "fairlead_waits"
"""An execution option: whether a transaction's beginning waits for other processes."""


@dataclass(slots=True)
class Database:
    """A database with one engine for writing and one for reading.

    Attributes:
        checkpoints: are made in the background.
        at_once: the engine for writing, whose transactions begin at once or fail.
        writing: held by the thread that writes. SQLite lets one transaction write at a time, and
            a process that finds the file locked sleeps and looks again; threads of one process
            queue here instead, and are woken.
    """

    url: URL
    write: Engine
    read: Engine
    at_once: Engine = field(init=False)
    writing: threading.Lock = field(default_factory=threading.Lock)
    checkpoints: Checkpointer = field(init=False)

    def __post_init__(self) -> None:
        self.checkpoints = Checkpointer(self.read, self.writing)
        self.at_once = self.write.execution_options(**{_WAITS: False})

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What goes wrong in the database: SQLAlchemy's errors, or the driver's own."""
        return DBAPIError, self.write.dialect.loaded_dbapi.Error

    def take_turn(self) -> None:
        """Wait for this thread's turn to write, no longer than for another process's.

        Raises:
            StorageAway: it did not come.
        """
        if not self.writing.acquire(timeout=BUSY_TIMEOUT):
            raise StorageAway("the database does not work just now: it is locked.")

    def dispose(self) -> None:
        """Close every connection that is not in use."""
        self.checkpoints.stop()
        self.write.dispose()
        self.read.dispose()


def open_database(url: str) -> Database:
    """Open a database; nothing is connected yet.

    Args:
        url: an SQLAlchemy URL, `sqlite:///path/to/file.db`.

    Raises:
        ValueError: the URL cannot be used; the message says why.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ValueError(f"{url!r} is no database URL; write sqlite:///FILE.") from error
    if parsed.get_backend_name() != "sqlite":
        raise ValueError(f"{parsed.get_backend_name()} is not supported; use sqlite:///FILE.")
    if parsed.database in {None, "", ":memory:"}:
        raise ValueError(
            "an SQLite database needs a file: sqlite:///fairlead.db, or use memory://."
        )
    return Database(parsed, _sqlite(parsed, "BEGIN IMMEDIATE"), _sqlite(parsed, "BEGIN"))


def _sqlite(url: URL, begin: str) -> Engine:
    # More connections than the server has threads: nobody waits for one.
    engine = create_engine(url, pool_size=64, connect_args={"timeout": BUSY_TIMEOUT})

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        # The driver must not begin transactions by itself: it would do so before the first write,
        # after the load has been read, and two writers could both take the last slot.
        connection.isolation_level = None
        _use_wal(connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        driver: Any = connection.connection.dbapi_connection
        if connection.get_execution_options().get(_WAITS, True):
            driver.execute(begin)
            return
        driver.execute("PRAGMA busy_timeout = 0")
        try:
            driver.execute(begin)
        finally:
            driver.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT * 1000:.0f}")

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


def storage_unavailable(error: BaseException) -> StorageUnavailable:
    """Say of a database error what a person should know, without SQL and without values."""
    reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    if reason.startswith("no such table"):
        reason = "it has not been migrated; run `fairlead migrate`"
    return StorageUnavailable(f"the database does not work just now: {reason}.")
