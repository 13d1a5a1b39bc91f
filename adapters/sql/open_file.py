"""The file that an SQLite database has open, and whether it still stands where it was opened."""

import logging
import os
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Final, NamedTuple

from adapters.sql.engine import BUSY_TIMEOUT
from adapters.sql.files import Identity, SqliteFile

logger = logging.getLogger(__name__)

_FRESH: Final = 0.001
"""Seconds for which a look holds. Under load the look after a commit is a moment old when the next
transaction begins."""

_OPEN_FILES: Final = Path("/proc/self/fd")
"""Where Linux shows what this process has open, whatever it is called by now."""

_opening = threading.Lock()
_opened: Final[Counter[Identity]] = Counter()
"""Files that this process has open, each with the number of those who have."""


class State(NamedTuple):
    """What changes whenever somebody writes to a file."""

    modified: int
    size: int


class OpenFile:
    """Holds a file from the first use to the end, by a connection that nobody writes with.

    As long as it is held, SQLite removes neither the log nor the log's index, and no other file
    can get its number; so three names with their numbers tell whether everything stands where it
    was opened. Somebody may move it, remove it, or put another one in its place, and SQLite would
    go on to write into what has no name any more, with a new log beside something else.
    """

    def __init__(self, file: SqliteFile, configure: Callable[[sqlite3.Connection], None]) -> None:
        """Take a file; nothing is opened yet.

        Args:
            file: which.
            configure: is done to every connection before its first use.
        """
        self._file = file
        self._configure = configure
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        # Bytes: to make them of text anew is a fifth of a look.
        self._name = os.fsencode(file.absolute)
        self._identity = Identity(0, 0)
        self._beside: dict[Path, Identity] = {}
        self._seen = 0.0
        self._away = False
        self._left: State | None = None

    def hold(self) -> sqlite3.Connection:
        """Open the file, if that is not done; returns the connection that holds it.

        Raises:
            sqlite3.Error: it cannot be opened; the message names it and says why.
        """
        with self._lock:
            if self._connection is None:
                self._connection = self._open()
                self._away = False
            return self._connection

    def let_go(self) -> None:
        """Close the connection, after all others. It makes the last checkpoint."""
        with self._lock:
            if self._connection is None:
                return
            if self._displaced() is not None:
                _empty_log(self._connection)
            self._connection.close()
            self._connection = None
            _forget(self._identity)

    def check(self) -> None:
        """Look, unless somebody has just done that.

        Raises:
            sqlite3.OperationalError: something is not where it was opened, or cannot be gone on
                with; the message says what.
        """
        if self._away or monotonic() - self._seen > _FRESH:
            self.look()

    def look(self) -> None:
        """Look whether the file stands where it was opened; raises what `check` raises.

        A call of the system, 1 to 3 us, and all that it costs a transaction beside `check`. Whether
        the log and its index do is looked at with every checkpoint.
        """
        try:
            status = os.stat(self._name)  # noqa: PTH116 -- what a Path does besides takes as long
        except OSError:
            self.look_closely()
            return
        device, inode = self._identity
        if status.st_ino != inode or status.st_dev != device or self._away:
            self.look_closely()
            return
        self._seen = monotonic()

    def look_closely(self) -> None:
        """Look at everything that belongs to the file; raises what `check` raises."""
        with self._lock:
            if self._connection is None:
                return
            displaced = self._displaced()
            reason = displaced or self._changed()
            if reason is None:
                self._here_again()
                return
            if not self._away:
                self._away, self._left = True, None
                logger.error("nothing is read or written any more: %s", reason)
            if displaced and self._left is None and _empty_log(self._connection):
                self._left = _state_of_open(self._identity)
        raise sqlite3.OperationalError(reason)

    def _open(self) -> sqlite3.Connection:
        connection, identity = _connect(self._file, self._prepare)
        self._identity = identity
        self._beside = {
            each: found
            for each in (self._file.log(), self._file.index())
            if (found := _identity_of(each)) is not None
        }
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        self._configure(connection)
        # A file that is new has no log before it is read for the first time.
        connection.execute("PRAGMA schema_version").fetchone()
        # What it is asked for may be held up by others; nobody shall wait for that.
        connection.execute("PRAGMA busy_timeout = 0")

    def _displaced(self) -> str | None:
        """Say what is not where it was opened."""
        found = _identity_of(self._file.absolute)
        if found is None:
            return (
                f"{self._file} was moved or removed while it was open, and nothing is made in its "
                "place: put it back"
            )
        if found != self._identity:
            return (
                f"{self._file} was replaced while it was open: put the one before back, or restart "
                "to go on with this one"
            )
        for path, identity in self._beside.items():
            if _identity_of(path) != identity:
                return f"{path.name} was moved, removed or replaced while it was open: restart"
        return None

    def _changed(self) -> str | None:
        """Say whether a file that is back may be another one by what is in it."""
        if not self._away:
            return None
        with suppress(OSError):
            if self._left == _state(self._file.absolute.stat()):
                return None
        return f"{self._file} is back, but may have been changed while it was away: restart"

    def _here_again(self) -> None:
        if self._away:
            logger.warning("%s is back as it was, and everything goes on", self._file)
        self._away = False
        self._seen = monotonic()


def connect(
    file: SqliteFile, configure: Callable[[sqlite3.Connection], object]
) -> sqlite3.Connection:
    """Open a file for a while.

    Args:
        file: which.
        configure: what is done first; it must read the file.

    Raises:
        sqlite3.Error: it cannot be opened; the message names it and says why.
    """
    connection, identity = _connect(file, configure)
    _forget(identity)
    return connection


def _connect(
    file: SqliteFile, configure: Callable[[sqlite3.Connection], object]
) -> tuple[sqlite3.Connection, Identity]:
    """Open a file and count it as open."""
    identity = file.identity()
    with _opening:
        if not _opened[identity]:
            file.refuse_foreign_log()
        _opened[identity] += 1
    connection = None
    try:
        connection = sqlite3.connect(
            file.address,
            timeout=BUSY_TIMEOUT,
            isolation_level=None,
            check_same_thread=False,
            uri=True,
        )
        # SQLite has opened it, and does not use it before the first statement.
        _require(file, identity)
        configure(connection)
    except BaseException as error:
        if connection is not None:
            connection.close()
        _forget(identity)
        if isinstance(error, sqlite3.Error):
            raise file.explained(error) from None
        raise
    return connection, identity


def _require(file: SqliteFile, identity: Identity) -> None:
    if file.identity() != identity:
        raise sqlite3.OperationalError(f"{file} was replaced while it was opened")


def _forget(identity: Identity) -> None:
    with _opening:
        _opened[identity] -= 1
        if not _opened[identity]:
            del _opened[identity]


def _empty_log(connection: sqlite3.Connection) -> bool:
    """Bring what is in the log into the file, wherever that is by now; return whether all is.

    So the file is whole without its log, and the log, should it stay behind, is nothing to
    whatever is put there.
    """
    with suppress(sqlite3.Error):
        # Without it a connection that has not read since the last commit finds itself in the way.
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy
    return False


def _state_of_open(identity: Identity) -> State | None:
    """Return the state of a file that this process has open, if the system can tell."""
    with suppress(OSError):
        for each in _OPEN_FILES.iterdir():
            with suppress(OSError):
                status = each.stat()
                if (status.st_dev, status.st_ino) == identity:
                    return _state(status)
    return None


def _state(status: os.stat_result) -> State:
    return State(status.st_mtime_ns, status.st_size)


def _identity_of(path: Path) -> Identity | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return Identity(status.st_dev, status.st_ino)
