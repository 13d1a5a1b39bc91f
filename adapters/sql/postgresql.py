"""PostgreSQL: many processes on many hosts, one of which writes at a time."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import sleep
from typing import Any, Final, TypeVar

import psycopg
from sqlalchemy import URL, BigInteger, Column, Connection, MetaData, Table, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from adapters.sql.engine import PRIMARY, Database, Turn, storage_unavailable
from adapters.sql.pipeline import begin_pipeline, end_pipeline, synchronise
from adapters.sql.schemas import home, home_to_migrate
from adapters.sql.sessions import (
    SCHEMA,
    OnlyRead,
    engine_of,
    give_back,
    is_gone,
    require_fit,
    require_writing,
    search_path,
    set_up,
    setting,
    to_read,
    to_write,
)
from application.ports.failures import OutcomeUnknown, StorageAway, StorageUnavailable

Result = TypeVar("Result")

lock_metadata = MetaData()
write_lock = Table(
    "write_lock",
    lock_metadata,
    Column("version", BigInteger, nullable=False),
    Column("settings", BigInteger, nullable=False, server_default="0"),
)
"""One row. Every writer first locks it and counts up the version: a transaction that finds the
number that another one left knows that nobody has written between the two. `settings` is counted up
by those who change what people set in operators, sources and weights."""

_STEPS: Final = range(1 << 16, 1 << 20)
"""By how much a process counts up; each draws its own. A standby that takes over may lack what was
written last. If all counted by one, they would soon reach the same numbers again, and a process
that has in memory what those once stood for would go on using it."""

_TAKE_LOCK: Final = "UPDATE write_lock SET version = version + {step} RETURNING version, settings"
_SET: Final = "UPDATE write_lock SET settings = settings + {step}"
_CHANGES: Final = "SELECT version FROM write_lock"

_COMMIT: Final = """COMMIT; SELECT CASE pg_catalog.current_setting('synchronous_commit') WHEN 'off'
THEN pg_catalog.set_config('synchronous_commit', 'local', true) END,
pg_catalog.pg_logical_emit_message(true, 'fairlead', '')"""
"""One message, two transactions. The first ends without waiting for the disk, so that the next
writer can begin; the second is only that wait, and writers share it. Later commits stand later in
the log, so none is ever on disk without those that it builds on. The server's synchronous_commit
decides what else to wait for, but cannot turn the wait off."""

_WRITTEN: Final = """SELECT CASE WHEN NOT pg_catalog.pg_is_in_recovery()
THEN pg_catalog.pg_current_wal_insert_lsn() END"""
"""Null on a standby, which is sent nothing that is not on the primary's disk."""
_ON_DISK: Final = "SELECT pg_catalog.pg_current_wal_flush_lsn() >= CAST(%s AS pg_lsn)"
_FLUSH: Final = """SELECT pg_catalog.set_config('synchronous_commit', 'local', true),
pg_catalog.pg_logical_emit_message(true, 'fairlead', '')"""
_LOOK: Final = 0.002
_LOOKS: Final = 10

_MIGRATING: Final = "SELECT pg_catalog.pg_advisory_xact_lock(7311145)"
"""Any number, as long as every process takes the same; `write_lock` may not exist yet."""

_ALLOWED: Final = """SELECT pg_catalog.has_table_privilege('write_lock', 'UPDATE')
AND pg_catalog.has_table_privilege('contacts', 'INSERT')"""
_IMPATIENT: Final = setting({"lock_timeout": "1s"})
"""For a caller that only wants to know whether it can get the lock."""


class PostgresqlDatabase(Database):
    """A server; see `Database`.

    No setting and no lock outlives a transaction, so a pooler that hands out connections per
    transaction may stand in between. One that does not know prepared statements needs
    `?prepare_threshold=none` in the URL.
    """

    def __init__(self, url: URL, role: str = PRIMARY) -> None:
        """Take the URL of a database; nothing is connected yet."""
        self.url = url
        self.role = role
        self.write = engine_of(url, role)
        self.read = self.write.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        named = url.query.get(SCHEMA)
        self._named = None if named is None else str(named)
        self._schema: str | None = None
        self._step = secrets.choice(_STEPS)
        self._take_lock = _TAKE_LOCK.format(step=self._step)
        # Whether the last attempt to begin a writing transaction failed.
        self._failed = False

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        return DBAPIError, psycopg.Error, NoConnection

    @property
    def _troubles(self) -> tuple[type[Exception], ...]:
        return (*self.errors, StorageAway)

    def explained(self, error: BaseException) -> BaseException:
        return _explained(error)

    def create(self) -> None:
        """Do nothing: the server's administrator creates the database."""

    def snapshot(self) -> Connection:
        return self._once_more(self._snapshot)

    def begin(self) -> Turn:
        try:
            turn = self._once_more(self._begin)
        except self._troubles as error:
            self._failed = True
            raise _away(error) from error
        self._failed = False
        return turn

    def begin_at_once(self) -> Turn | None:
        # Every statement waits for the network.
        return None

    def end(self, turn: Turn) -> None:
        give_back(turn.connection)

    def wait_until_durable(self, connection: Connection) -> None:
        # A commit is seen before it is on disk; whoever made it is waiting for that, too.
        written = connection.exec_driver_sql(_WRITTEN).scalar_one()
        if written is None:
            return
        for _ in range(_LOOKS):
            if connection.exec_driver_sql(_ON_DISK, (written,)).scalar_one():
                return
            sleep(_LOOK)
        # The log may end with what nobody waits for, and may then stay in memory for long.
        with self.write.connect() as flushing, flushing.begin():
            flushing.exec_driver_sql(_FLUSH)

    def set_differently(self, turn: Turn) -> object:
        driver: Any = turn.connection.connection.driver_connection
        driver.execute(_SET.format(step=self._step))
        settings: Any = turn.settings
        return settings + self._step

    def wipe(self) -> None:
        """Do nothing: the log belongs to the server."""

    def commit(self, turn: Turn) -> None:
        connection = turn.connection
        # If this fails, nothing has been committed.
        end_pipeline(connection)
        driver: Any = connection.connection.driver_connection
        try:
            driver.execute(_COMMIT)
            # Already committed; this only updates SQLAlchemy's own state.
            connection.commit()
        except self.errors as error:
            raise storage_unavailable(error, OutcomeUnknown) from error

    def changes(self) -> object:
        with self.snapshot() as connection:
            return connection.exec_driver_sql(_CHANGES).scalar_one()

    def version(self, connection: Connection) -> object:
        return connection.execute(select(write_lock.c.version)).scalar_one()

    def writable(self) -> None:
        try:
            self._once_more(self._prove_writable)
        except self._troubles as error:
            raise _away(error) from error

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        with self.write.begin() as connection:
            require_fit(connection)
            set_up(connection, to_read)
            require_writing(connection)
            connection.exec_driver_sql(_MIGRATING)
            schema = home_to_migrate(connection, self._named)
            set_up(connection, lambda *_: setting(search_path(schema)))
            yield connection
        self._schema = None

    def dispose(self) -> None:
        self.write.dispose()

    def _snapshot(self) -> Connection:
        connection = self.read.connect()
        try:
            self._find_tables(connection)
            set_up(connection, to_read, self._schema)
        except BaseException:
            connection.close()
            raise
        return connection

    def _begin(self) -> Turn:
        connection = self.write.connect()
        try:
            version = require_fit(connection)
            connection.begin()
            self._find_tables(connection)
            driver: Any = connection.connection.driver_connection
            begin_pipeline(connection)
            driver.execute(to_write(version, self._schema))
            taken = driver.execute(self._take_lock)
            synchronise(connection)
            left, settings = taken.fetchone()
        except BaseException:
            give_back(connection)
            raise
        return Turn(connection, left - self._step, left, settings)

    def _prove_writable(self) -> None:
        with self.write.connect() as connection:
            require_fit(connection)
            self._find_tables(connection)
            set_up(connection, to_write, self._schema)
            require_writing(connection)
            if not connection.exec_driver_sql(_ALLOWED).scalar_one():
                raise StorageAway(
                    "the database does not let this role write to Fairlead's tables; grant it "
                    "SELECT, INSERT, UPDATE and DELETE on all of them."
                )
            if self._failed:
                connection.exec_driver_sql(_IMPATIENT)
                connection.exec_driver_sql(self._take_lock)
                # Releases the lock; nothing was written.
                connection.rollback()
                self._failed = False

    def _find_tables(self, connection: Connection) -> None:
        """Find the schema that holds the tables, unless it is known."""
        if self._schema is None:
            set_up(connection, to_read)
            self._schema = home(connection, self._named)

    def _once_more(self, attempt: Callable[[], Result]) -> Result:
        """Try once more if the first attempt met a server, or a schema, that has gone.

        Usually the server was restarted, or another has taken its place.
        """
        try:
            return self._forgetting(attempt)
        except (DBAPIError, psycopg.Error, OnlyRead) as error:
            if not (is_gone(error) or _is_moved(error)):
                raise
        return self._forgetting(attempt)

    def _forgetting(self, attempt: Callable[[], Result]) -> Result:
        """Try; on failure forget the schema, and the sessions of a server that has gone."""
        try:
            return attempt()
        except (DBAPIError, psycopg.Error, OnlyRead) as error:
            if is_gone(error):
                self.write.dispose()
            self._schema = None
            raise


def _is_moved(error: Exception) -> bool:
    """Whether the tables are no longer where they were."""
    return isinstance(getattr(error, "orig", error), psycopg.errors.UndefinedTable)


def _explained(error: BaseException) -> BaseException:
    # SQLAlchemy's own sentence is for whoever wrote this.
    return (
        NoConnection("all connections of this process are in use")
        if isinstance(error, NoConnection)
        else error
    )


def _away(error: Exception) -> StorageUnavailable:
    if isinstance(error, StorageAway):
        return error
    return storage_unavailable(_explained(error), StorageAway)
