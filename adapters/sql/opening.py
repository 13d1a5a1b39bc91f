"""Which database a URL names."""

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from adapters.sql.engine import PRIMARY, Database, ReadDatabase
from adapters.sql.sqlite import SqliteDatabase, SqliteReadDatabase

_WRITE = "write sqlite:///FILE, or postgresql+psycopg://USER:PASSWORD@HOST/NAME"


def open_database(url: str) -> Database:
    """Open a database; nothing is connected yet.

    Args:
        url: an SQLAlchemy URL.

    Raises:
        ValueError: the URL cannot be used; the message says why.
    """
    parsed = _parsed(url)
    return SqliteDatabase(parsed) if parsed.drivername == "sqlite" else _postgresql(parsed, PRIMARY)


def open_read_database(url: str) -> ReadDatabase:
    """Open a database that is only read; nothing is connected yet.

    Args:
        url: an SQLAlchemy URL.

    Raises:
        ValueError: the URL cannot be used; the message says why.
    """
    parsed, role = _parsed(url), "the read database"
    if parsed.drivername == "sqlite":
        return SqliteReadDatabase(parsed, role)
    # Whatever is read there is read in transactions that may not write.
    return _postgresql(parsed, role)


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ValueError(f"this is no database URL; {_WRITE}.") from error
    if parsed.drivername not in {"sqlite", "postgresql+psycopg"}:
        raise ValueError(f"{parsed.drivername} is not supported; {_WRITE}.")
    return parsed


def _postgresql(url: URL, role: str) -> Database:
    # Imported only where it is used: the driver takes 10 MiB.
    from adapters.sql.postgresql import PostgresqlDatabase  # noqa: PLC0415

    return PostgresqlDatabase(url, role)
