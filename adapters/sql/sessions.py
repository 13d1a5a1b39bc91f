"""Sessions of PostgreSQL: how they are opened, and what every transaction sets for itself.

Nothing is left to what a server, a database, a role or the environment says: dates in another
style cannot be read, numbers with fewer digits are wrong, and a time-out for somebody's reports
ends a copy. It is set for the transaction, never for the session, which a pool may hand to others.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from typing import Any, Final

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from adapters.sql.engine import BUSY_TIMEOUT, PRIMARY
from adapters.sql.pipeline import end_pipeline, in_pipeline
from application.ports.failures import StorageAway

OLDEST: Final = 11
"""PostgreSQL's oldest version that knows every statement of the migrations."""

_POOL: Final = 64
"""Connections, more than the server has threads: nobody waits for one."""

_OF: Final = "fairlead_pool"
"""Where it stands in a connection's info: the pool that it was opened for."""

SCHEMA: Final = "schema"
"""In a URL's query: the schema in which the tables are."""
_PREPARE: Final = "prepare_threshold"
"""In a URL's query: `none` prepares no statements."""
_ATTRIBUTES: Final = "target_session_attrs"

_CONNECTING: Final[dict[str, int]] = {
    "connect_timeout": 5,
    # Where the network swallows everything nobody is told; these find out within ten seconds.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""A URL may say otherwise."""

_ALWAYS: Final = {
    "DateStyle": "ISO",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "extra_float_digits": "1",
    "standard_conforming_strings": "on",
    # If not, what is not there arrives as the text NULL where arrays are sent.
    "array_nulls": "on",
    "statement_timeout": "0",
}
_WRITING: Final = _ALWAYS | {
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
    # The lock is given back before the disk has everything; see PostgresqlDatabase.commit.
    "synchronous_commit": "off",
}
_READING: Final = _ALWAYS | {
    # Whoever migrates waits for others who do; whoever copies reads for minutes, and rests while
    # the other side writes.
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}
_LIMIT: Final = f"{3 * BUSY_TIMEOUT:.0f}s"
"""How long a transaction may take as long as it is one pipeline, whatever its client does or does
not do. Only registrations are that to their end. Whatever else is waited for, statement by
statement, is idle in between, and may take as long as it takes: a copy of everything, a queue."""

_READ_ONLY: Final = """SELECT pg_catalog.pg_is_in_recovery(),
pg_catalog.current_setting('transaction_read_only') = 'on'"""


class OnlyRead(StorageAway):
    """The server can be read, and not written."""


def engine_of(url: URL, role: str) -> Engine:
    """Make the engine of a server's sessions; nothing is connected yet.

    Args:
        url: its query may name a schema, which is not the driver's to know.
        role: what the database is called.
    """
    engine = create_engine(
        url.difference_update_query([_PREPARE, SCHEMA]),
        pool_size=_POOL,
        max_overflow=0,
        paramstyle="format",
        connect_args=_arguments(url, role),
        # Whatever the server's own default is: who waits for the lock has to see what its last
        # holder wrote.
        isolation_level="READ COMMITTED",
    )

    @event.listens_for(engine, "checkout")
    def forget_reading(driver: Any, *_: object) -> None:
        # A connection that was read from comes back as one that asks for READ WRITE, which a server
        # that is to be read only would grant: its own default has to hold again.
        driver.read_only = None

    @event.listens_for(engine, "do_connect")
    def remember_pool(_dialect: object, record: Any, *_: object) -> None:
        record.info[_OF] = engine.pool

    @event.listens_for(engine, "checkin")
    def close_if_disposed(_driver: object, record: Any) -> None:
        # Those in use are not closed when a pool is given up, but would go back to it.
        if record.info.get(_OF) is not engine.pool:
            record.invalidate()

    @event.listens_for(engine, "before_cursor_execute")
    def execute(connection: Connection, *_: object) -> None:
        # SQLAlchemy wants to see the answer of every statement that it executes itself. From then
        # on silence is idle, and no limit is needed that work could run into.
        if in_pipeline(connection):
            driver: Any = connection.connection.driver_connection
            if _has_limit(driver.info.server_version):
                driver.execute(_LIFT_LIMIT)
            end_pipeline(connection)

    @event.listens_for(engine, "rollback")
    def roll_back(connection: Connection) -> None:
        # What went wrong is known already, or nobody wants to know it any more.
        with suppress(psycopg.Error):
            end_pipeline(connection)

    return engine


def give_back(connection: Connection) -> None:
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


def setting(settings: Mapping[str, str]) -> str:
    """Return the statement that sets these for a transaction."""
    each = ", ".join(
        f"pg_catalog.set_config('{name}', {_literal(value)}, true)"
        for name, value in settings.items()
    )
    return f"SELECT {each}"


@cache
def to_write(version: int, schema: str | None = None) -> str:
    """Return the statement with which a transaction begins that writes.

    Args:
        version: of the server, such as 180004.
        schema: of the tables; the session's own search path holds if None.
    """
    limit = {"transaction_timeout": _LIMIT} if _has_limit(version) else {}
    return setting(search_path(schema) | _WRITING | limit)


@cache
def to_read(version: int, schema: str | None = None) -> str:
    """Return the statement with which a transaction begins that reads, or migrates."""
    limit = {"transaction_timeout": "0"} if _has_limit(version) else {}
    return setting(search_path(schema) | _READING | limit)


def set_up(
    connection: Connection,
    statement: Callable[[int, str | None], str],
    schema: str | None = None,
) -> None:
    """Begin a transaction by one of these statements; if it has begun, set that, too.

    The beginning is sent with the statement, in one message: in between, the session's own
    time-outs would hold.
    """
    if not connection.in_transaction():
        connection.begin()
    driver: Any = connection.connection.driver_connection
    with driver.pipeline():
        driver.execute(statement(driver.info.server_version, schema))


def search_path(schema: str | None) -> dict[str, str]:
    """Return the setting that leads to a schema and nowhere else; none if it is None."""
    if schema is None:
        return {}
    quoted = schema.replace('"', '""')
    # Temporary tables would come first if they were not named.
    return {"search_path": f'"{quoted}", pg_temp'}


def require_fit(connection: Connection) -> int:
    """Return the server's version, if Fairlead's data can be stored there.

    Raises:
        StorageAway: it is too old, or the database stores text in a way that cannot hold all of
            Unicode; the message says what to do.
    """
    driver: Any = connection.connection.driver_connection
    info = driver.info
    version: int = info.server_version
    if version < OLDEST * 10_000:
        raise StorageAway(
            f"the server is PostgreSQL {version // 10_000}, which is too old: Fairlead needs "
            f"{OLDEST} or newer."
        )
    encoding = info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise StorageAway(
            f"the database {info.dbname} has the encoding {encoding}, which cannot store every "
            "name, and Fairlead needs UTF8; make another one by `createdb -E UTF8 -T template0 "
            "NAME`, into which `fairlead copy` brings what this one holds."
        )
    return version


def require_writing(connection: Connection) -> None:
    """Return if the server lets this transaction write.

    Raises:
        OnlyRead: it does not.
    """
    standby, only_read = connection.exec_driver_sql(_READ_ONLY).one()
    if standby:
        raise OnlyRead(
            "the server is a standby, which can only be read; name the primary, or make this one "
            "the primary."
        )
    if only_read:
        raise OnlyRead(
            "the server lets this role only read: default_transaction_read_only is on, by hand or "
            "since its disk is nearly full."
        )


def is_gone(error: Exception) -> bool:
    """Whether a session has failed because its server has gone, or can only be read."""
    if isinstance(error, OnlyRead):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    cause = getattr(error, "orig", error)
    if isinstance(cause, psycopg.errors.ReadOnlySqlTransaction):
        return True
    # What SQLAlchemy has seen and not found broken could not be connected, or was refused. A
    # connection that breaks has nobody left who could name a state.
    return (
        cause is error
        and isinstance(cause, psycopg.OperationalError)
        and (cause.sqlstate is None or cause.sqlstate.startswith(("08", "57P")))
    )


def _arguments(url: URL, role: str) -> dict[str, Any]:
    """Return the driver's arguments, beside what the URL says."""
    arguments: dict[str, Any] = {
        name: value for name, value in _CONNECTING.items() if name not in url.query
    }
    # With the start of the session, so that it holds against the environment, the role and the
    # database, and every pool knows it.
    arguments["client_encoding"] = "UTF8"
    if url.query.get(_PREPARE) == "none":
        arguments[_PREPARE] = None
    hosts = url.query.get("host", url.host or "")
    several = not isinstance(hosts, str) or "," in hosts
    if several and role == PRIMARY and _ATTRIBUTES not in url.query:
        # Whichever of them is the primary just now.
        arguments[_ATTRIBUTES] = "read-write"
    return arguments


def _has_limit(version: int) -> bool:
    """Whether a server of this version can limit how long a transaction takes."""
    return version >= 170000


def _literal(value: str) -> str:
    """Quote a value in a way that means the same whatever `standard_conforming_strings` is."""
    doubled = value.replace("\\", "\\\\").replace("'", "''")
    return f"E'{doubled}'"


_LIFT_LIMIT: Final = setting({"transaction_timeout": "0"})
