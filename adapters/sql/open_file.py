"""The file that an SQLite database has open, and whether it is still where it was opened."""

import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final

from adapters.sql.descriptors import Descriptor, State
from adapters.sql.engine import BUSY_TIMEOUT
from adapters.sql.files import Identity, SqliteFile

logger = logging.getLogger(__name__)

_FRESH: Final = 0.001
"""Seconds for which a look holds. Under load, the look after a commit is only a moment old when the
next transaction begins."""

Configure = Callable[[sqlite3.Connection], object]


@dataclass
class _Held:
    """What a file was when it was opened.

    Attributes:
        beside: the log and its index, if there is a log.
        changes: the change counter of its first page, as last seen.
    """

    connection: sqlite3.Connection
    descriptor: Descriptor
    beside: Mapping[Path, Identity]
    changes: int


class OpenFile:
    """Holds a file open from first use to the end, with a connection that nobody writes with.

    While it is held, SQLite removes neither the log nor the log's index, and no other file can get
    its inode number. So three names with their numbers tell whether everything is where it was
    opened. If somebody moves the file, removes it, or puts another one in its place, SQLite would
    go on writing to a file that has no name any more, with a new log next to something else.
    """

    def __init__(self, file: SqliteFile, configure: Configure) -> None:
        """Take a file; nothing is opened yet.

        Args:
            file: the file.
            configure: called on every connection before its first use.
        """
        self._file = file
        self._configure = configure
        self._lock = threading.Lock()
        self._held: _Held | None = None
        # Bytes: encoding the text each time would be a fifth of a look.
        self._name = os.fsencode(file.absolute)
        self._identity = Identity(0, 0)
        self._modified = 0
        self._seen = 0.0
        self._away = False
        self._left: State | None = None

    def hold(self) -> sqlite3.Connection:
        """Open the file, unless it is open; return the connection that holds it.

        Raises:
            sqlite3.Error: it cannot be opened; the message names it and says why.
        """
        with self._lock:
            if self._held is None:
                self._held = self._open()
                self._identity = self._held.descriptor.identity
                self._away = False
            return self._held.connection

    def let_go(self) -> None:
        """Close the connection, after all others; this makes the last checkpoint."""
        with self._lock:
            held, self._held = self._held, None
            if held is None:
                return
            if self._displaced(held) is not None:
                _empty_log(held.connection)
            held.connection.close()
            held.descriptor.close()

    def check(self) -> None:
        """Look, unless that was done a moment ago.

        Raises:
            sqlite3.OperationalError: something is not where it was opened, or can no longer be
                used; the message says what.
        """
        if self._away or monotonic() - self._seen > _FRESH:
            self.look()

    def look(self) -> None:
        """Look whether the file is where it was opened; raises what `check` raises.

        One system call, 1 to 3 us, which is all that a transaction pays besides `check`. It takes
        longer only if the file was written to, as every checkpoint does.
        """
        try:
            status = os.stat(self._name)  # noqa: PTH116 -- a Path takes twice as long
        except OSError:
            self.look_closely()
            return
        device, inode = self._identity
        if (
            status.st_ino != inode
            or status.st_dev != device
            or status.st_mtime_ns != self._modified
            or self._away
        ):
            self.look_closely()
            return
        self._seen = monotonic()

    def look_closely(self) -> None:
        """Look at everything that belongs to the file; raises what `check` raises."""
        with self._lock:
            held = self._held
            if held is None:
                return
            # First, so that the next look notices whatever is written from now on.
            state = held.descriptor.state()
            displaced = self._displaced(held)
            reason = displaced or self._overwritten(held) or self._changed(state)
            if reason is None:
                self._here(state)
                return
            if not self._away:
                self._away, self._left = True, None
                logger.error("reads and writes have stopped: %s", reason)
            if displaced and self._left is None and _empty_log(held.connection):
                self._left = held.descriptor.state()
        raise sqlite3.OperationalError(reason)

    def _open(self) -> _Held:
        descriptor = Descriptor(self._file)
        try:
            connection = _connect(self._file, descriptor, self._prepare)
        except BaseException:
            descriptor.close()
            raise
        beside = {
            each: found
            for each in (self._file.log(), self._file.index())
            if (found := _identity_of(each)) is not None
        }
        return _Held(connection, descriptor, beside, descriptor.header().changes)

    def _prepare(self, connection: sqlite3.Connection) -> None:
        self._configure(connection)
        # A new file has no log before it is read for the first time.
        connection.execute("PRAGMA schema_version").fetchone()
        # Others may block what is asked of this connection; nobody should wait for that.
        connection.execute("PRAGMA busy_timeout = 0")

    def _displaced(self, held: _Held) -> str | None:
        """Say what is not where it was opened."""
        found = _identity_of(self._file.absolute)
        if found is None:
            return (
                f"{self._file} was moved or removed while it was open, and no new file is made in "
                "its place: put it back"
            )
        if found != self._identity:
            return (
                f"{self._file} was replaced while it was open: put the previous file back, or "
                "restart to use this one"
            )
        for path, identity in held.beside.items():
            if _identity_of(path) != identity:
                return f"{path.name} was moved, removed or replaced while it was open: restart"
        return None

    def _overwritten(self, held: _Held) -> str | None:
        """Say whether another database was written over this one.

        SQLite does not notice before it finds pages that do not belong together. Any copy that is
        not of this moment has another counter, and a backup keeps no log.
        """
        header = held.descriptor.header()
        if held.beside and (not header.keeps_log or header.changes < held.changes):
            return (
                f"{self._file} was overwritten while it was open, and is damaged: stop the "
                "service, move the file away, and restore a backup"
            )
        held.changes = header.changes
        return None

    def _changed(self, state: State) -> str | None:
        """Say whether a file that is back was written to while it was away."""
        if not self._away or state == self._left:
            return None
        return f"{self._file} is back, but may have been changed while it was away: restart"

    def _here(self, state: State) -> None:
        if self._away:
            logger.warning("%s is back as it was; reads and writes resume", self._file)
        self._away = False
        self._modified = state.modified
        self._seen = monotonic()


@contextmanager
def opened(file: SqliteFile) -> Iterator[sqlite3.Connection]:
    """Open a file, and close it at the end of the block.

    Raises:
        sqlite3.Error: it cannot be opened; the message names it and says why.
    """
    descriptor = Descriptor(file)
    try:
        connection = _connect(file, descriptor, lambda each: each.execute("PRAGMA schema_version"))
        try:
            yield connection
        finally:
            connection.close()
    finally:
        descriptor.close()


def _connect(file: SqliteFile, descriptor: Descriptor, configure: Configure) -> sqlite3.Connection:
    try:
        _refuse_foreign_log(file, descriptor)
        connection = sqlite3.connect(
            file.address,
            timeout=BUSY_TIMEOUT,
            isolation_level=None,
            check_same_thread=False,
            uri=True,
        )
        try:
            # SQLite has opened it, but does not use it before the first statement.
            descriptor.require_at_its_place()
            configure(connection)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise file.explained(error) from None
    return connection


def _refuse_foreign_log(file: SqliteFile, descriptor: Descriptor) -> None:
    """Refuse the log of another database: SQLite would apply what is in it."""
    if not _size_of(file.log()):
        return
    # Read after the log's size: a process that is making a database writes the header first.
    header = descriptor.header()
    if not header.keeps_log:
        raise sqlite3.OperationalError(
            f"{file} is {'empty' if header.empty else 'a backup'} and has no log of its own, but "
            f"{file.log().name} is next to it and belongs to an earlier database: move that away"
        )


def _empty_log(connection: sqlite3.Connection) -> bool:
    """Bring what is in the log into the file, wherever it is by now; return whether all of it is.

    The file is then whole without its log, and a log that stays behind does no harm to whatever is
    put there.
    """
    with suppress(sqlite3.Error):
        # Without this, a connection that has not read since the last commit blocks itself.
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy
    return False


def _identity_of(path: Path) -> Identity | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return Identity(status.st_dev, status.st_ino)


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
