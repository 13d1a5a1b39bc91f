"""Migrations: bring a database to the schema of this release, or report that it is not there."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection

from adapters.sql.engine import PRIMARY, Database, ReadDatabase, storage_unavailable
from adapters.sql.reading import reading
from application.ports.failures import StorageUnavailable
from application.ports.storage import Health

_SCRIPTS = Path(__file__).parent / "migrations"

_one_at_a_time = threading.Lock()
"""Alembic keeps what it migrates in globals: two threads that open databases at the same time would
each work on the other's."""


def migrate(database: Database, revision: str = "head") -> None:
    """Bring a database up to `revision`; a missing file is created, here and nowhere else.

    Several processes may call this at once: the first does the work, the others wait and find
    nothing left to do.

    Raises:
        StorageUnavailable: the database cannot be reached or written.
    """
    try:
        database.create()
    except database.errors as error:
        raise storage_unavailable(database.explained(error)) from error
    with _migrating(database) as config:
        command.upgrade(config, revision)


def unmigrate(database: Database, revision: str) -> None:
    """Take a database back to `revision`; what the later schema added is lost."""
    with _migrating(database) as config:
        command.downgrade(config, revision)


@contextmanager
def _migrating(database: Database) -> Iterator[Config]:
    try:
        with _one_at_a_time, database.migrating() as connection:
            config = _config()
            config.attributes["connection"] = connection
            yield config
    except CommandError as error:
        raise StorageUnavailable(
            f"the database has a schema that this release does not know: {error}; use the release "
            "that migrated it, or a later one."
        ) from error
    except database.errors as error:
        raise storage_unavailable(database.explained(error)) from error


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    return config


class SqlReadHealth(Health):
    """See `application.ports.storage.Health`; for a database that is only read."""

    def __init__(self, database: ReadDatabase) -> None:
        self._database = database

    def ready(self) -> None:
        self.readable()

    def readable(self) -> None:
        with reading(self._database) as connection:
            check_schema(connection, self._database.role)


class SqlHealth(SqlReadHealth):
    """See `application.ports.storage.Health`."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._primary = database

    def ready(self) -> None:
        self.readable()
        self._primary.writable()


def check_schema(connection: Connection, role: str = PRIMARY) -> None:
    """Return if the schema is that of this release.

    Raises:
        StorageUnavailable: it is not; the message says what to do.
    """
    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in _revisions():
        raise StorageUnavailable(
            f"{role} has schema {found}, which this release does not know; use the release that "
            "migrated it, or a later one."
        )
    if found != _head():
        own = role == PRIMARY
        raise StorageUnavailable(
            f"{role} has schema {found or 'none'} and this release needs {_head()}; "
            f"{'run `fairlead migrate`' if own else 'it follows the migration of its primary'}."
        )


@cache
def _head() -> str | None:
    """Return the newest revision; cached, since looking for it reads every script."""
    return ScriptDirectory.from_config(_config()).get_current_head()


@cache
def _revisions() -> frozenset[str]:
    """Return every revision that this release knows."""
    found = ScriptDirectory.from_config(_config()).walk_revisions()
    return frozenset(each.revision for each in found)
