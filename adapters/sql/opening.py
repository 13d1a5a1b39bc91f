"""Which database a URL names."""

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from adapters.sql.engine import Database
from adapters.sql.sqlite import SqliteDatabase

_WRITE = "write sqlite:///FILE, or postgresql+psycopg://USER:PASSWORD@HOST/NAME"


def open_database(url: str) -> Database:
    """Open a database; nothing is connected yet.

    Args:
        url: an SQLAlchemy URL.

    Raises:
        ValueError: the URL cannot be used; the message says why.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ValueError(f"this is no database URL; {_WRITE}.") from error
    if parsed.drivername == "sqlite":
        return SqliteDatabase(parsed)
    if parsed.drivername == "postgresql+psycopg":
        # Imported only where it is used: the driver takes 10 MiB.
        from adapters.sql.postgresql import PostgresqlDatabase  # noqa: PLC0415

        return PostgresqlDatabase(parsed)
    raise ValueError(f"{parsed.drivername} is not supported; {_WRITE}.")
