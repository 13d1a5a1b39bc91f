"""Fairlead inside a Python program: no server, no HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager

from application.fairlead import Fairlead
from entrypoints.container import build_container
from entrypoints.settings import Settings


@contextmanager
def open_fairlead(database_url: str | None = None) -> Iterator[Fairlead]:
    """Open a database, bring its schema up to date, and close it at the end.

    A missing file is created at the start, and never later.

    Args:
        database_url: `sqlite:///FILE`, `postgresql://...` or `memory://`; if None, the value of
            FAIRLEAD_DATABASE_URL.

    Raises:
        ValueError: the URL cannot be used.
        StorageUnavailable: the database cannot be reached or written.
    """
    container = build_container(
        Settings() if database_url is None else Settings(database_url=database_url)
    )
    storage = container.storage()
    try:
        storage.migrate()
        yield container.fairlead()
    finally:
        storage.close()
