"""PostgreSQL: many processes on many hosts, one of which writes at a time."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final

import psycopg
from sqlalchemy import (
    URL,
    BigInteger,
    Column,
    Connection,
    Engine,
    MetaData,
    Table,
    create_engine,
    event,
    select,
)
from sqlalchemy.exc import DBAPIError

from adapters.sql.engine import BUSY_TIMEOUT, PRIMARY, Database, Turn, storage_unavailable
from adapters.sql.pipeline import begin_pipeline, end_pipeline, in_pipeline, synchronise
from application.ports import OutcomeUnknown, StorageAway

_POOL: Final = 64
"""Connections, more than the server has threads: nobody waits for one."""

_PREPARE: Final = "prepare_threshold"
"""In a URL's query: `none` prepares no statements."""

_CONNECTING: Final[dict[str, int | None]] = {
    "connect_timeout": 5,
    # Where the network swallows everything nobody is told; these find out within ten seconds.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}

lock_metadata = MetaData()
write_lock = Table("write_lock", lock_metadata, Column("version", BigInteger, nullable=False))
"""One row. Whoever writes locks it first, and counts one up: a transaction that finds the number
that another has left knows that nobody has written between the two."""

_TAKE_LOCK: Final = "UPDATE write_lock SET version = version + 1 RETURNING version"
_CHANGES: Final = "SELECT version FROM write_lock"
_SETTINGS: Final = {
    "lock_timeout": f"{BUSY_TIMEOUT:.0f}s",
    # A host that has gone cannot give the lock back; everybody would wait for it for hours.
    "idle_in_transaction_session_timeout": f"{BUSY_TIMEOUT:.0f}s",
    # One that went in the midst of sending does not count as idle; its silence does, after 11 s,
    # unless something answers the probes for it: a pool, or the system of a process that is
    # stopped. See _LIMIT.
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    # Every statement of a writer finds its rows by an index. A plan made while the tables were
    # small would go on to walk them until PostgreSQL looks at their sizes again.
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    # The lock is given back before the disk has everything; see _COMMIT.
    "synchronous_commit": "off",
}
_LIMIT: Final = f"{3 * BUSY_TIMEOUT:.0f}s"
"""How long a transaction may take as long as it is one pipeline, whatever its client does or does
not do. Only registrations are that to their end. Whatever else is waited for, statement by
statement, is idle in between, and may take as long as it takes: a copy of everything, a queue."""


def _setting(settings: Mapping[str, str]) -> str:
    """Return the statement that sets these for a transaction."""
    each = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in settings.items())
    return f"SELECT {each}"


_SET: Final = _setting(_SETTINGS)
_SET_LIMITED: Final = _setting(_SETTINGS | {"transaction_timeout": _LIMIT})
_LIFT_LIMIT: Final = _setting({"transaction_timeout": "0"})

_COMMIT: Final = "COMMIT; SELECT pg_logical_emit_message(true, 'fairlead', '')"
"""One message, two transactions. The first ends without waiting for the disk, so that the next
writer begins; the second is nothing but that wait, and writers share it. What was committed later
stands later in the log: whoever builds on it is never on the disk without it."""

_MIGRATING: Final = "SELECT pg_advisory_xact_lock(7311145)"
"""Any number, as long as everybody takes the same; `write_lock` may not be there yet."""


class PostgresqlDatabase(Database):
    """A server; see `Database`.

    Nothing is set for a session, and nothing is locked beyond a transaction: a pool that hands out
    connections by the transaction may stand between. One that does not know prepared statements
    needs `?prepare_threshold=none` in the URL.
    """

    def __init__(self, url: URL, role: str = PRIMARY) -> None:
        """Take the URL of a database; nothing is connected yet."""
        self.url = url
        self.role = role
        self.write = _engine(url)
        self.read = self.write.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        return DBAPIError, psycopg.Error

    def snapshot(self) -> Connection:
        connection = self.read.connect()
        try:
            connection.exec_driver_sql("SELECT")
        except DBAPIError as error:
            connection.close()
            if not error.connection_invalidated:
                raise
            # A connection from before the server was restarted; the pool has dropped them all.
            return self.read.connect()
        return connection

    def begin(self) -> Turn:
        try:
            try:
                return self._begin()
            except psycopg.OperationalError as error:
                if error.sqlstate == _LOCK_TIMEOUT:
                    raise
                # As a rule the server was restarted, and this was a connection from before.
                self.write.dispose()
                return self._begin()
        except self.errors as error:
            raise storage_unavailable(error, StorageAway) from error

    def begin_at_once(self) -> Turn | None:
        # Every statement waits for the network.
        return None

    def end(self, turn: Turn) -> None:
        _give_back(turn.connection)

    def commit(self, turn: Turn) -> None:
        connection = turn.connection
        # Whatever fails here has not been committed.
        end_pipeline(connection)
        driver: Any = connection.connection.driver_connection
        try:
            driver.execute(_COMMIT)
            # Nothing is left to do but for SQLAlchemy's own account.
            connection.commit()
        except self.errors as error:
            raise storage_unavailable(error, OutcomeUnknown) from error

    def changes(self) -> object:
        with self.snapshot() as connection:
            return connection.exec_driver_sql(_CHANGES).scalar_one()

    def version(self, connection: Connection) -> object:
        return connection.execute(select(write_lock.c.version)).scalar_one()

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        with self.write.begin() as connection:
            connection.exec_driver_sql(_MIGRATING)
            yield connection

    def dispose(self) -> None:
        self.write.dispose()

    def _begin(self) -> Turn:
        connection = self.write.connect()
        try:
            connection.begin()
            driver: Any = connection.connection.driver_connection
            begin_pipeline(connection)
            driver.execute(_SET_LIMITED if _limits(connection) else _SET)
            taken = driver.execute(_TAKE_LOCK)
            synchronise(connection)
            (version,) = taken.fetchone()
        except BaseException:
            _give_back(connection)
            raise
        return Turn(connection, version - 1, version)


def _limits(connection: Connection) -> bool:
    """Whether the server can limit how long a transaction takes."""
    driver: Any = connection.connection.driver_connection
    version: int = driver.info.server_version
    return version >= 170000


_LOCK_TIMEOUT: Final = psycopg.errors.LockNotAvailable.sqlstate


def _engine(url: URL) -> Engine:
    connecting = dict(_CONNECTING)
    if url.query.get(_PREPARE) == "none":
        connecting[_PREPARE] = None
    engine = create_engine(
        url.difference_update_query([_PREPARE]),
        pool_size=_POOL,
        max_overflow=0,
        paramstyle="format",
        connect_args=connecting,
    )

    @event.listens_for(engine, "checkout")
    def forget_reading(driver: Any, *_: object) -> None:
        # A connection that was read from comes back as one that asks for READ WRITE, which a server
        # that is to be read only would grant: its own default has to hold again.
        driver.read_only = None

    @event.listens_for(engine, "before_cursor_execute")
    def execute(connection: Connection, *_: object) -> None:
        # SQLAlchemy wants to see the answer of every statement that it executes itself. From then
        # on silence is idle, and no limit is needed that work could run into.
        if in_pipeline(connection):
            if _limits(connection):
                driver: Any = connection.connection.driver_connection
                driver.execute(_LIFT_LIMIT)
            end_pipeline(connection)

    @event.listens_for(engine, "rollback")
    def roll_back(connection: Connection) -> None:
        # What went wrong is known already, or nobody wants to know it any more.
        with suppress(psycopg.Error):
            end_pipeline(connection)

    return engine


def _give_back(connection: Connection) -> None:
    """Return a connection to the pool, which throws it away if the server has gone."""
    if not connection.invalidated:
        driver: Any = connection.connection.driver_connection
        if driver.closed:
            connection.invalidate()
    # Closing rolls back. If not even that gets through, since the server has just gone, the pool
    # throws the connection away; what was not committed is taken back without it, and whoever used
    # the connection knows already what to answer.
    with suppress(DBAPIError):
        connection.close()
