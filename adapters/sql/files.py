"""The file of an SQLite database: its names, how it is created, and why it cannot be opened."""

import os
import sqlite3
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlencode

from sqlalchemy import URL

from adapters.sql.troubles import trouble_with

BESIDE: Final = ("-wal", "-shm", "-journal")
"""What SQLite appends to a file's name: for its log, the log's index, and the journal of a database
that has no log. What is in them is part of that database, and of no other."""

_OPTIONS: Final = frozenset({"uri", "mode", "vfs", "psow", "nolock", "cache", "immutable"})
_MODES: Final = frozenset({"ro", "rw", "rwc"})


class Identity(NamedTuple):
    """Which file it is, whatever its name."""

    device: int
    inode: int


class SqliteFile:
    """A file by the name that people gave it; nothing is opened or created by itself.

    Attributes:
        path: as it was named, for messages.
        absolute: as it was named, even if the current folder changes.
    """

    def __init__(self, path: Path, options: Mapping[str, str] | None = None) -> None:
        """Take a name.

        Args:
            path: the file's.
            options: SQLite's own, such as `mode`.
        """
        self.path = path
        self.absolute = path.absolute()
        self._options = {"mode": "rw"} | dict(options or {})
        self._read_only = self._options["mode"] == "ro"

    @classmethod
    def of(cls, url: URL) -> "SqliteFile":
        """Take the file that an SQLAlchemy URL names, by a path or as `file:`.

        Raises:
            ValueError: it names none; the message says how to name one.
        """
        name = url.database or ""
        if url.host or url.username or url.password or url.port:
            raise ValueError(
                "an SQLite URL has three slashes: sqlite:///FILE, or four for an absolute path."
            )
        if name.startswith("file:"):
            name = name.removeprefix("file:").removeprefix("//localhost")
            name = name.removeprefix("//") if name.startswith("///") else name
        mode = url.query.get("mode", "rw")
        if name in {"", ":memory:"} or mode == "memory":
            raise ValueError(
                "an SQLite database needs a file: sqlite:///fairlead.db, or use memory://."
            )
        if mode not in _MODES:
            raise ValueError("an SQLite URL can have mode=ro or mode=rw.")
        unknown = sorted(url.query.keys() - _OPTIONS)
        if unknown:
            raise ValueError(
                f"an SQLite URL has no option {unknown[0]}; a `?` in a file's name is written %3F."
            )
        if "\0" in name:
            raise ValueError("a file's name cannot have %00 in it.")
        options = {key: str(value) for key, value in url.query.items() if key != "uri"}
        return cls(Path(name), options | {"mode": "ro" if mode == "ro" else "rw"})

    def __str__(self) -> str:
        """Return the name on one line, in printable characters."""
        name = str(self.path)
        return name if name.isprintable() else ascii(name)[1:-1]

    @property
    def real(self) -> Path:
        """Where it is, or would be; links are followed, as SQLite follows them."""
        return Path(os.path.realpath(self.absolute))

    @property
    def address(self) -> str:
        """What SQLite opens; opening it creates nothing."""
        return f"{self.absolute.as_uri()}?{urlencode(self._options)}"

    def beside(self) -> list[Path]:
        """Return which of the names that SQLite makes of this one exist."""
        return [each for suffix in BESIDE if os.path.lexists(each := self._beside(suffix))]

    def log(self) -> Path:
        """Return where the log of commits is, or would be."""
        return self._beside("-wal")

    def index(self) -> Path:
        """Return where the log's index is, or would be."""
        return self._beside("-shm")

    def identity(self) -> Identity:
        """Return which file it is.

        Raises:
            sqlite3.OperationalError: there is no file that could be a database.
        """
        try:
            status = self.absolute.stat()
        except FileNotFoundError as error:
            if not self.real.parent.is_dir():
                raise self.unusable(error) from error
            raise sqlite3.OperationalError(self._missing()) from error
        except OSError as error:
            raise self.unusable(error) from error
        if not stat.S_ISREG(status.st_mode):
            raise self.unusable(OSError("it is not a regular file"))
        return Identity(status.st_dev, status.st_ino)

    def create(self) -> None:
        """Create an empty file, if there is none, that only its owner can read.

        SQLite gives the files that it keeps next to it the same permissions.

        Raises:
            sqlite3.OperationalError: it cannot be created, or another database of that name has
                left something behind, which would be mixed with the new one.
        """
        # In this order: a process that has just created one has created a log, too.
        left = self.beside()
        if self.absolute.exists() or self._read_only:
            return
        if left:
            raise sqlite3.OperationalError(self._missing())
        try:
            os.close(os.open(self.real, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            """Somebody else has just created it."""
        except OSError as error:
            raise self.unusable(error, "created") from error

    def remove(self) -> None:
        """Remove it, with all that SQLite keeps next to it, if it exists."""
        for each in (*self.beside(), self.real):
            # On a disk that cannot be written, unlinking fails even if there is nothing.
            if os.path.lexists(each):
                each.unlink(missing_ok=True)

    def explained(self, error: sqlite3.Error) -> sqlite3.Error:
        """Add to SQLite's error which file it was, and why, if SQLite does not say so."""
        kind, code = type(error), getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_CANTOPEN:
            return self.unusable(error)
        if code == sqlite3.SQLITE_READONLY:
            return self.unusable(error, "written")
        if code == sqlite3.SQLITE_NOTADB:
            return kind(f"{self} is not an SQLite database")
        if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}:
            return kind(f"{self}: {error}")
        return error

    def unusable(self, error: BaseException, done: str = "opened") -> sqlite3.OperationalError:
        """Say that the file cannot be used, and what stands in the way.

        Args:
            error: what was raised.
            done: what should have been done to it.
        """
        reason = trouble_with(self.absolute, read_only=self._read_only)
        if reason is None:
            reason = getattr(error, "strerror", None) or str(error)
        return sqlite3.OperationalError(f"{self} cannot be {done}: {reason}")

    def _missing(self) -> str:
        left = [each.name for each in self.beside()]
        if not left:
            advice = "run `fairlead migrate` for a new one, or `fairlead restore` for a backup"
            return f"{self} does not exist" + ("" if self._read_only else f"; {advice}")
        are = "do, and belong" if left[1:] else "does, and belongs"
        return (
            f"{self} does not exist, but {' and '.join(left)} {are} to a database that was moved "
            f"or removed: put that back, or move {'them' if left[1:] else 'it'} to where it is"
        )

    def _beside(self, suffix: str) -> Path:
        return Path(f"{self.real}{suffix}")
