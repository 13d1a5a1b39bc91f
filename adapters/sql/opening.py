"""Opens the database that a URL names."""

import re
from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from adapters.sql.engine import PRIMARY, Database, ReadDatabase
from adapters.sql.sqlite import SqliteDatabase, SqliteReadDatabase

_WRITE: Final = "use sqlite:///FILE, or postgresql://USER:PASSWORD@HOST/NAME"
_POSTGRESQL: Final = "postgresql+psycopg"
_NAMES: Final = {"postgresql": _POSTGRESQL, "postgres": _POSTGRESQL}
"""The names in the URLs of PostgreSQL's own programs."""
_SEVERAL_HOSTS: Final = re.compile(r"^(\w+(?:\+\w+)?://(?:[^@/?]*@)?)([^/?]*,[^/?]*)")
"""`postgresql://USER@HOST:PORT,HOST:PORT/NAME`."""
_HOST: Final = re.compile(r"(\[[^\]]+\]|[^:\[\]]*)(?::(\d+))?")


def open_database(url: str) -> Database:
    """Open a database; nothing is connected yet.

    Args:
        url: an SQLAlchemy URL, or one that PostgreSQL's own programs take.

    Raises:
        ValueError: the URL cannot be used; the message says why.
    """
    parsed = _parsed(url)
    return SqliteDatabase(parsed) if parsed.drivername == "sqlite" else _postgresql(parsed, PRIMARY)


def open_read_database(url: str) -> ReadDatabase:
    """Open a database for reading only; nothing is connected yet.

    Args:
        url: an SQLAlchemy URL.

    Raises:
        ValueError: the URL cannot be used; the message says why.
    """
    parsed, role = _parsed(url), "the read database"
    if parsed.drivername == "sqlite":
        return SqliteReadDatabase(parsed, role)
    # All its reads run in transactions that may not write.
    return _postgresql(parsed, role)


def _parsed(url: str) -> URL:
    try:
        parsed = _several_hosts(url) or make_url(url)
    except (ArgumentError, ValueError) as error:
        raise ValueError(f"this is not a database URL; {_WRITE}.") from error
    if parsed.drivername == "sqlite" and "?" in url and not parsed.query:
        raise ValueError("a `?` in an SQLite file's name is written %3F.")
    parsed = parsed.set(drivername=_NAMES.get(parsed.drivername, parsed.drivername))
    if parsed.drivername not in {"sqlite", _POSTGRESQL}:
        raise ValueError(f"{parsed.drivername} is not supported; {_WRITE}.")
    return parsed


def _several_hosts(url: str) -> URL | None:
    """Parse a URL with several hosts, each with or without a port; None if it has at most one."""
    found = _SEVERAL_HOSTS.match(url)
    if found is None:
        return None
    before, named = found.groups()
    parts = [_HOST.fullmatch(each) for each in named.split(",")]
    if None in parts:
        raise ValueError(named)
    hosts, ports = zip(*[each.groups(default="") for each in parts if each], strict=True)
    query = {"host": ",".join(host.strip("[]") for host in hosts)}
    if any(ports):
        query["port"] = ",".join(ports)
    return make_url(before + url[found.end() :]).update_query_dict(query)


def _postgresql(url: URL, role: str) -> Database:
    # Imported only when it is used: the driver takes 8 MiB.
    from adapters.sql.postgresql import PostgresqlDatabase  # noqa: PLC0415

    password = url.query.get("password")
    if isinstance(password, str):
        # Moved to where it is hidden when the URL is shown.
        url = url.difference_update_query(["password"]).set(password=password)
    try:
        return PostgresqlDatabase(url, role)
    except (ArgumentError, ValueError) as error:
        raise ValueError(f"this is not a database URL: {error}; {_WRITE}.") from error
