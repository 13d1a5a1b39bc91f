"""Backups of an SQLite file, made while the service runs."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from adapters.sql.engine import Database, storage_unavailable
from adapters.sql.sqlite import SqliteDatabase


def back_up(database: Database, file: Path) -> None:
    """See `application.ports.Storage.backup`."""
    source = _file_of(database)
    if not source.exists():
        raise ValueError(f"{source} is not there, so there is nothing to back up.")
    _copy(source, file)


def restore(database: Database, file: Path) -> None:
    """See `application.ports.Storage.restore`."""
    target = _file_of(database)
    if not file.exists():
        raise ValueError(f"{file} is not there.")
    _copy(file, target)


def _file_of(database: Database) -> Path:
    if not isinstance(database, SqliteDatabase):
        raise ValueError(  # noqa: TRY004 -- of a URL, not of a type
            "PostgreSQL has its own means, such as pg_dump and pg_restore; this is for SQLite."
        )
    return Path(str(database.url.database))


def _copy(source: Path, target: Path) -> None:
    """Copy a database as it is at one moment; there is a whole file at the end, or none.

    Nobody waits for it: in SQLite's WAL a reader holds no writer up.
    """
    if target.exists():
        raise ValueError(f"{target} is there already; move it away, or name another file.")
    unfinished = target.with_name(f"{target.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        with _opened(source, "ro") as reading, _opened(unfinished, "rwc") as writing:
            reading.backup(writing)
            ((verdict, *_), *_) = writing.execute("PRAGMA quick_check")
            if verdict != "ok":
                raise ValueError(f"{source} is damaged: {verdict}.")
            if not writing.execute(_HAS_SCHEMA).fetchone():
                raise ValueError(f"{source} is no database of Fairlead.")
            # The copy is one file, without a log beside it.
            writing.execute("PRAGMA journal_mode = DELETE")
        with unfinished.open("rb") as written:
            os.fsync(written.fileno())
        unfinished.replace(target)
    except sqlite3.DatabaseError as error:
        raise storage_unavailable(error) from error
    finally:
        unfinished.unlink(missing_ok=True)


_HAS_SCHEMA = "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"


@contextmanager
def _opened(file: Path, mode: str) -> Iterator[sqlite3.Connection]:
    address = f"{file.absolute().as_uri()}?mode={mode}"
    with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
        yield connection
