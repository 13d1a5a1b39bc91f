"""A connection to an SQLite file that tells when others commit to it."""

import sqlite3
import threading
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import Engine

from adapters.sql.open_file import OpenFile

_VERSION: Final = "PRAGMA data_version"
"""Changes whenever another connection, of this process or any other, has committed."""


class Watcher:
    """Asks one connection, which nobody writes with, again and again.

    The numbers of two connections are unrelated. So every connection that replaces one that failed,
    or whose file was away, starts its own count.
    """

    def __init__(self, engine: Engine, file: OpenFile) -> None:
        """Take the file and the engine of connections to it; nothing is opened yet."""
        self._engine = engine
        self._file = file
        self._lock = threading.Lock()
        self._driver: Any = None
        self._opened = 0

    def version(self) -> object:
        """Return a value that changes with every commit.

        Raises:
            sqlite3.Error: the file cannot be read.
        """
        with self._lock:
            try:
                self._file.look()
            except sqlite3.Error:
                self._close()
                raise
            try:
                return self._ask()
            except sqlite3.Error:
                # The file may be fine; this connection is not.
                self._close()
                return self._ask()

    def close(self) -> None:
        """Close the connection; the next call to `version` opens it again."""
        with self._lock:
            self._close()

    def _ask(self) -> object:
        if self._driver is None:
            self._opened += 1
            pooled = self._engine.raw_connection()
            self._driver = pooled.dbapi_connection
            pooled.detach()
        # To the last row: an unfinished statement keeps a snapshot, which holds up checkpoints.
        ((version,),) = self._driver.execute(_VERSION).fetchall()
        return self._opened, version

    def _close(self) -> None:
        driver, self._driver = self._driver, None
        if driver is not None:
            with suppress(sqlite3.Error):
                driver.close()
