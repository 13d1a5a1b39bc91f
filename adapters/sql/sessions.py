"""PostgreSQL sessions: how they are opened, and what every transaction sets for itself.

Nothing depends on the settings of a server, a database, a role or the environment: dates in another
style cannot be read, numbers with fewer digits are wrong, and a time-out for somebody's reports
ends a copy. Settings are made for the transaction, never for the session, which a pooler may hand
to other clients.
"""

import time
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
"""The oldest version of PostgreSQL that knows every statement of the migrations."""

CONNECTIONS: Final = 24
"""Of one process. A server lets in 97 by default, which is enough for four processes; a thread that
finds none free waits for one."""

_FULL: Final = (
    "too many clients",
    "too many connections",
    "connection slots are reserved",
    "no more connections allowed",
)
"""What PostgreSQL and PgBouncer say when they have no connection to give. There is no code to go
by: a session that was not begun has none."""
_FIRST_PAUSE: Final = 0.05
_LAST_PAUSE: Final = 0.8
"""Seconds between two tries."""

_OF: Final = "fairlead_pool"
"""The key in a connection's info for the pool that it was opened for."""

SCHEMA: Final = "schema"
"""In a URL's query: the schema that holds the tables."""
_PREPARE: Final = "prepare_threshold"
"""In a URL's query: `none` turns prepared statements off."""
_ATTRIBUTES: Final = "target_session_attrs"

_CONNECTING: Final[dict[str, int]] = {
    "connect_timeout": 5,
    # A network that swallows everything reports no error; these find out within ten seconds.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""A URL may override these."""

_ALWAYS: Final = {
    "DateStyle": "ISO",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "extra_float_digits": "1",
    "standard_conforming_strings": "on",
    # Otherwise nulls that are sent in arrays arrive as the text NULL.
    "array_nulls": "on",
    "statement_timeout": "0",
}
_WRITING: Final = _ALWAYS | {
    "lock_timeout": f"{BUSY_TIMEOUT:.0f}s",
    # A host that has gone cannot release the lock; every writer would wait for it for hours.
    "idle_in_transaction_session_timeout": f"{BUSY_TIMEOUT:.0f}s",
    # A host that went away while sending does not count as idle. Its silence ends the session after
    # 11 s, unless something answers the probes for it: a pooler, or the operating system of a
    # stopped process. See _LIMIT.
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    # Every statement of a writer finds its rows by an index. A plan made while the tables were
    # small would keep scanning them until PostgreSQL looks at their sizes again.
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    # The lock is released before everything is on disk; see PostgresqlDatabase.commit.
    "synchronous_commit": "off",
}
_READING: Final = _ALWAYS | {
    # A migration waits for other migrations. A copy reads for minutes, and is idle while the other
    # side writes.
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}
_LIMIT: Final = f"{3 * BUSY_TIMEOUT:.0f}s"
"""How long a transaction may take while it is one pipeline, whatever its client does or does not
do. Only what comes by the thousand remains one to the end. Everything else waits for each
statement, counts as idle in between, and may take as long as it needs: a copy of everything."""

_READ_ONLY: Final = """SELECT pg_catalog.pg_is_in_recovery(),
pg_catalog.current_setting('transaction_read_only') = 'on'"""


class OnlyRead(StorageAway):
    """The server can be read but not written."""


def engine_of(url: URL, role: str) -> Engine:
    """Make the engine of a server's sessions; nothing is connected yet.

    Args:
        url: its query may name a schema, which the driver must not see.
        role: what messages call the database.
    """
    engine = create_engine(
        url.difference_update_query([_PREPARE, SCHEMA]),
        pool_size=CONNECTIONS,
        pool_timeout=BUSY_TIMEOUT,
        max_overflow=0,
        paramstyle="format",
        connect_args=_arguments(url, role),
        # Whatever the server's own default is: a writer that waits for the lock has to see what
        # the last holder wrote.
        isolation_level="READ COMMITTED",
    )

    @event.listens_for(engine, "checkout")
    def forget_reading(driver: Any, *_: object) -> None:
        # A connection that was used for reading would next ask for READ WRITE, which a server set
        # to read-only would grant: the server's own default has to hold again.
        driver.read_only = None

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: object, record: Any, given: list[Any], named: dict[str, Any]) -> Any:
        record.info[_OF] = engine.pool
        return _connected(*given, **named)

    @event.listens_for(engine, "checkin")
    def close_if_disposed(_driver: object, record: Any) -> None:
        # Disposing of a pool does not close the connections in use; they would go back to it.
        if record.info.get(_OF) is not engine.pool:
            record.invalidate()

    @event.listens_for(engine, "before_cursor_execute")
    def execute(connection: Connection, *_: object) -> None:
        # SQLAlchemy reads the answer to every statement that it executes itself. From then on
        # silence counts as idle, so the limit, which long work could hit, is no longer needed.
        if in_pipeline(connection):
            driver: Any = connection.connection.driver_connection
            if _has_limit(driver.info.server_version):
                driver.execute(_LIFT_LIMIT)
            end_pipeline(connection)

    @event.listens_for(engine, "rollback")
    def roll_back(connection: Connection) -> None:
        # The error is already known, or no longer matters to anyone.
        with suppress(psycopg.Error):
            end_pipeline(connection)

    return engine


def _connected(*given: Any, **named: Any) -> Any:
    """Connect; while the server has no connection to give, try again for as long as for a lock."""
    end, pause = time.monotonic() + BUSY_TIMEOUT, _FIRST_PAUSE
    while True:
        try:
            return psycopg.connect(*given, **named)
        except psycopg.OperationalError as error:
            full = any(each in str(error) for each in _FULL)
            if not full or time.monotonic() + pause > end:
                raise
        time.sleep(pause)
        pause = min(2 * pause, _LAST_PAUSE)


def give_back(connection: Connection) -> None:
    """Return a connection to the pool, which discards it if the server has gone."""
    if not connection.invalidated:
        driver: Any = connection.connection.driver_connection
        if driver.closed:
            connection.invalidate()
    # Closing rolls back. If not even that gets through because the server has just gone, the pool
    # discards the connection. What was not committed is rolled back anyway, and the caller already
    # knows what to answer.
    with suppress(DBAPIError):
        connection.close()


def setting(settings: Mapping[str, str]) -> str:
    """Return the statement that makes these settings for a transaction."""
    each = ", ".join(
        f"pg_catalog.set_config('{name}', {_literal(value)}, true)"
        for name, value in settings.items()
    )
    return f"SELECT {each}"


@cache
def to_write(version: int, schema: str | None = None) -> str:
    """Return the statement that begins a transaction that writes.

    Args:
        version: the server's, such as 180004.
        schema: the tables'; None keeps the session's own search path.
    """
    limit = {"transaction_timeout": _LIMIT} if _has_limit(version) else {}
    return setting(search_path(schema) | _WRITING | limit)


@cache
def to_read(version: int, schema: str | None = None) -> str:
    """Return the statement that begins a transaction that reads or migrates."""
    limit = {"transaction_timeout": "0"} if _has_limit(version) else {}
    return setting(search_path(schema) | _READING | limit)


def set_up(
    connection: Connection,
    statement: Callable[[int, str | None], str],
    schema: str | None = None,
) -> None:
    """Begin a transaction with one of these statements; if it has begun, only run the statement.

    BEGIN and the statement are sent in one message: between two, the session's own time-outs would
    hold.
    """
    if not connection.in_transaction():
        connection.begin()
    driver: Any = connection.connection.driver_connection
    with driver.pipeline():
        driver.execute(statement(driver.info.server_version, schema))


def search_path(schema: str | None) -> dict[str, str]:
    """Return the setting that leads to a schema and nowhere else; no setting if it is None."""
    if schema is None:
        return {}
    quoted = schema.replace('"', '""')
    # Unless pg_temp is named, temporary tables come first.
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
            "name, and Fairlead needs UTF8; create another with `createdb -E UTF8 -T template0 "
            "NAME`, and bring over what this one holds with `fairlead copy`."
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
            "the server is a standby, which can only be read; name the primary, or promote this "
            "one."
        )
    if only_read:
        raise OnlyRead(
            "the server only lets this role read: default_transaction_read_only is on, set by hand "
            "or because the disk is nearly full."
        )


def is_gone(error: Exception) -> bool:
    """Whether an error means that the server has gone, or can only be read."""
    if isinstance(error, OnlyRead):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    cause = getattr(error, "orig", error)
    if isinstance(cause, psycopg.errors.ReadOnlySqlTransaction):
        return True
    # An error that SQLAlchemy wraps, with the connection not broken, is a failure to connect or a
    # refusal. When a connection breaks, no server is left to name a state.
    return (
        cause is error
        and isinstance(cause, psycopg.OperationalError)
        and (cause.sqlstate is None or cause.sqlstate.startswith(("08", "57P")))
    )


def _arguments(url: URL, role: str) -> dict[str, Any]:
    """Return the driver's arguments, besides those in the URL."""
    arguments: dict[str, Any] = {
        name: value for name, value in _CONNECTING.items() if name not in url.query
    }
    # Sent when the session starts: it overrides the environment, the role and the database, and
    # every pooler knows it.
    arguments["client_encoding"] = "UTF8"
    if url.query.get(_PREPARE) == "none":
        arguments[_PREPARE] = None
    hosts = url.query.get("host", url.host or "")
    several = not isinstance(hosts, str) or "," in hosts
    if several and role == PRIMARY and _ATTRIBUTES not in url.query:
        # Whichever of them is the primary at the moment.
        arguments[_ATTRIBUTES] = "read-write"
    return arguments


def _has_limit(version: int) -> bool:
    """Whether a server of this version can limit how long a transaction takes."""
    return version >= 170000


def _literal(value: str) -> str:
    """Quote a value so that it means the same whatever `standard_conforming_strings` is."""
    doubled = value.replace("\\", "\\\\").replace("'", "''")
    return f"E'{doubled}'"


_LIFT_LIMIT: Final = setting({"transaction_timeout": "0"})
