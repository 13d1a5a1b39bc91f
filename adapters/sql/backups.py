"""Backups of an SQLite file, made while the service runs."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from adapters.sql.engine import Database
from adapters.sql.files import SqliteFile
from adapters.sql.open_file import opened
from adapters.sql.sqlite import SqliteDatabase
from application.ports.failures import StorageUnavailable


def back_up(database: Database, file: Path) -> None:
    """See `application.ports.storage.Storage.backup`."""
    _copy(_file_of(database), SqliteFile(file))


def restore(database: Database, file: Path) -> None:
    """See `application.ports.storage.Storage.restore`."""
    target = _file_of(database)
    if not file.exists():
        raise ValueError(f"{file} does not exist.")
    _copy(SqliteFile(file), target)


def _file_of(database: Database) -> SqliteFile:
    if not isinstance(database, SqliteDatabase):
        raise ValueError(  # noqa: TRY004 -- about a URL, not a type
            "PostgreSQL has its own tools, such as pg_dump and pg_restore; this is for SQLite."
        )
    return database.file


def _copy(source: SqliteFile, target: SqliteFile) -> None:
    """Copy a database as of one moment; at the end there is a whole file, or none.

    Nobody waits for it: in SQLite's WAL mode a reader holds up no writer.
    """
    _require_nothing_there(target)
    unfinished = SqliteFile(Path(f"{target.real}.unfinished"))
    try:
        with _opened(source) as reading, _made(unfinished) as writing:
            reading.backup(writing)
            ((verdict, *_), *_) = writing.execute("PRAGMA quick_check")
            if verdict != "ok":
                raise ValueError(f"{source} is damaged: {verdict}.")
            if not writing.execute(_HAS_SCHEMA).fetchone():
                raise ValueError(f"{source} is not a Fairlead database.")
            # The copy is one file, without a log next to it.
            writing.execute("PRAGMA journal_mode = DELETE")
        with unfinished.real.open("rb") as written:
            os.fsync(written.fileno())
        _name(unfinished, target)
    except (sqlite3.Error, OSError) as error:
        raise StorageUnavailable(f"{target.unusable(error, 'created')}.") from error
    finally:
        unfinished.remove()


_HAS_SCHEMA = "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"


def _require_nothing_there(target: SqliteFile) -> None:
    """Raise ValueError if there is a file, or what is left of one.

    SQLite would apply the previous database's log to whatever is put there, and a service that
    still has that database open would write into it.
    """
    left = " and ".join(each.name for each in target.beside())
    if os.path.lexists(target.real):
        moved = f"move it away together with {left}" if left else "move it away"
        raise ValueError(f"{target} already exists; {moved}, or name another file.")
    if left:
        raise ValueError(
            f"{target} does not exist, but an earlier database has left {left} behind: move what "
            "is left to where that database is, or away, or name another file."
        )


def _name(finished: SqliteFile, target: SqliteFile) -> None:
    """Give a copy its name, unless that has been taken meanwhile."""
    _require_nothing_there(target)
    try:
        os.link(finished.real, target.real)
    except FileExistsError as error:
        raise ValueError(f"{target} exists by now; name another file.") from error
    except OSError:
        # On some disks a file can have only one name.
        finished.real.replace(target.real)


@contextmanager
def _opened(file: SqliteFile) -> Iterator[sqlite3.Connection]:
    with ExitStack() as stack:
        try:
            connection = stack.enter_context(opened(file))
        except sqlite3.Error as error:
            raise StorageUnavailable(f"{error}.") from error
        yield connection


@contextmanager
def _made(file: SqliteFile) -> Iterator[sqlite3.Connection]:
    # What an interrupted attempt has left.
    file.remove()
    file.create()
    with _opened(file) as connection:
        yield connection
