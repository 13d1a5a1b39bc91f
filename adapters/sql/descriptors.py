"""Files that this process has open besides SQLite, to look at their current state."""

import os
import sqlite3
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, NamedTuple

from adapters.sql.files import Identity, SqliteFile

_HEADER: Final = 28
"""Bytes: up to the counter that goes up with every change of the first page."""


_MAGIC: Final = b"SQLite format 3\0"
_LOG: Final = b"\x02\x02"
"""Bytes 18 and 19 of a database that keeps a log; they are 1 and 1 in one that keeps a journal, as
every backup does."""


class Header(NamedTuple):
    """What the header of a database says.

    Attributes:
        empty: whether there is none.
        keeps_log: whether the database keeps a log, and not a journal.
        changes: how often its first page was changed, as far as the changes are in the file.
    """

    empty: bool
    keeps_log: bool
    changes: int


class State(NamedTuple):
    """What changes whenever somebody writes to a file."""

    modified: int
    size: int


@dataclass
class _Shared:
    descriptor: int
    users: int = 0


_lock = threading.Lock()
_shared: Final[dict[Identity, _Shared]] = {}


class Descriptor:
    """A file that is open for reading, once in this process.

    Closing a file drops every lock on it that SQLite holds for the whole process. So it is opened
    for its first user in the process, and closed only after the last user has closed SQLite's
    connections.
    """

    def __init__(self, file: SqliteFile) -> None:
        """Open a file, unless this process has it open.

        Raises:
            sqlite3.OperationalError: it cannot be opened; the message names it and says why.
        """
        self._file = file
        self.identity = file.identity()
        with _lock:
            if self.identity not in _shared:
                _shared[self.identity] = _Shared(_opened(file, self.identity))
            _shared[self.identity].users += 1
            self._number = _shared[self.identity].descriptor

    def state(self) -> State:
        """Return its current state, wherever it is."""
        status = os.fstat(self._number)
        return State(status.st_mtime_ns, status.st_size)

    def header(self) -> Header:
        """Return its header."""
        found = os.pread(self._number, _HEADER, 0)
        known = found.startswith(_MAGIC)
        return Header(
            not found, known and found[18:20] == _LOG, int.from_bytes(found[24:]) if known else 0
        )

    def require_at_its_place(self) -> None:
        """Raise sqlite3.OperationalError if another file has taken its place."""
        if self._file.identity() != self.identity:
            raise sqlite3.OperationalError(f"{self._file} was replaced while it was being opened")

    def close(self) -> None:
        """Close it, unless something else in this process uses it."""
        with _lock:
            shared = _shared[self.identity]
            shared.users -= 1
            if not shared.users:
                del _shared[self.identity]
                os.close(shared.descriptor)


def _opened(file: SqliteFile, identity: Identity) -> int:
    try:
        number = os.open(file.absolute, os.O_RDONLY)
    except OSError as error:
        raise file.unusable(error) from error
    status = os.fstat(number)
    if (status.st_dev, status.st_ino) != identity:
        with suppress(OSError):
            os.close(number)
        raise sqlite3.OperationalError(f"{file} was replaced while it was being opened")
    return number
