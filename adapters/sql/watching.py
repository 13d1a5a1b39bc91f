"""A connection to an SQLite file that tells what others commit to it."""

import sqlite3
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from sqlalchemy import Engine

_VERSION: Final = "PRAGMA data_version"
"""Another number whenever another connection, of this process or any other, has committed."""


class Watcher:
    """Asks one connection, which nobody writes with, again and again.

    The numbers of two connections have nothing to do with each other, so every connection that is
    opened in place of one that failed, or whose file was replaced, begins a count of its own.
    """

    def __init__(self, engine: Engine) -> None:
        """Take the engine of connections to the file; nothing is opened yet."""
        self._engine = engine
        self._file = _file(str(engine.url.database))
        self._lock = threading.Lock()
        self._driver: Any = None
        self._opened = 0
        self._identity: tuple[int, int] | None = None

    def version(self) -> object:
        """Return what becomes another one with every commit.

        Raises:
            sqlite3.Error: the file cannot be read.
        """
        with self._lock:
            identity = self._identity_of_file()
            if identity != self._identity:
                self._close()
            try:
                return self._ask(identity)
            except sqlite3.Error:
                # The file may be as good as ever; that connection is not.
                self._close()
                return self._ask(identity)

    def close(self) -> None:
        """Close the connection; it is opened again if somebody asks."""
        with self._lock:
            self._close()

    def _ask(self, identity: tuple[int, int]) -> object:
        if self._driver is None:
            # What the file was before it was opened: if it is replaced in between, the next to
            # ask finds that out, and opens once too often at worst.
            self._identity = identity
            self._opened += 1
            pooled = self._engine.raw_connection()
            self._driver = pooled.dbapi_connection
            pooled.detach()
        # To the last row: a statement that is not finished holds a snapshot, and checkpoints up.
        ((version,),) = self._driver.execute(_VERSION).fetchall()
        return self._opened, version

    def _close(self) -> None:
        driver, self._driver = self._driver, None
        if driver is not None:
            with suppress(sqlite3.Error):
                driver.close()

    def _identity_of_file(self) -> tuple[int, int]:
        try:
            status = self._file.stat()
        except OSError as error:
            # To open it would make an empty one.
            self._close()
            raise sqlite3.OperationalError("unable to open database file") from error
        return status.st_dev, status.st_ino


def _file(database: str) -> Path:
    """Return the file that a URL's database names, be it a path or an address of SQLite's own."""
    return Path(unquote(urlsplit(database).path) if database.startswith("file:") else database)
