"""Copies everything from one database into another, of any engine.

Tables are taken from the metadata, not by name, so a new one is copied without anyone having to
remember it. Values go through the tables' types on both sides, so each engine has them in its own
form.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, cast, func, inspect, literal, select

from adapters.sql.engine import Database, storage_unavailable
from adapters.sql.migrate import check_schema, migrate
from adapters.sql.prepared import PreparedInsert
from adapters.sql.tables import (
    ApiKeyRow,
    ContactRow,
    LeadRow,
    OperatorRow,
    RegisteredCountRow,
    Row,
    SourceRow,
)
from application.ports.failures import StorageUnavailable
from application.ports.storage import Missed, Snapshot

_BATCH: Final = 1000
"""Rows held in memory at a time."""

_HELD: Final = (OperatorRow, SourceRow, LeadRow, ContactRow, ApiKeyRow)
"""A database without any of these is empty: all other rows are about one of them."""

_registered = select(
    cast(func.coalesce(func.sum(RegisteredCountRow.contacts), 0), BigInteger)
).where(RegisteredCountRow.hours == 24)
"""Contacts registered in total, including those purged."""


@contextmanager
def snapshot(database: Database) -> Iterator[Snapshot]:
    """See `application.ports.storage.Storage.snapshot`."""
    with _of(database), database.snapshot() as connection:
        yield SqlSnapshot(database, connection)


def fill(
    database: Database, origin: Snapshot, progress: Callable[[int], None]
) -> Mapping[str, int]:
    """See `application.ports.storage.Storage.fill`."""
    # Counted first, so that nobody waits for the count while the target is locked for writing.
    expected = origin.sizes()
    with _of(database):
        database.create()
        # A database that holds anything is not even migrated.
        with database.snapshot() as connection:
            _refuse_held(database, connection)
        migrate(database)
        turn = database.begin()
        try:
            _refuse_held(database, turn.connection)
            _write(turn.connection, origin, expected, progress)
            found = _sizes(turn.connection)
            if found != expected:
                raise ValueError(f"{_differences(expected, found)}; the copy was abandoned.")
            database.commit(turn)
        finally:
            # Rolls back what is not committed.
            database.end(turn)
    return found


class SqlSnapshot(Snapshot):
    """See `application.ports.storage.Snapshot`; one transaction on one connection."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self._database = database
        self._connection = connection
        check_schema(connection)
        # Both are as of the same moment as every row: the snapshot began with the line above.
        self._version = database.version(connection)
        self._registered: int = connection.execute(_registered).scalar_one()

    def sizes(self) -> Mapping[str, int]:
        with _of(self._database):
            return _sizes(self._connection)

    def rows(self, table: str) -> Generator[Sequence[Sequence[Any]]]:
        columns = Row.metadata.tables[table].columns
        with (
            _of(self._database),
            self._connection.execute(
                select(*columns), execution_options={"yield_per": _BATCH}
            ) as found,
        ):
            yield from found.partitions()

    def let_go(self) -> None:
        with _of(self._database):
            self._connection.rollback()

    def missed(self) -> Missed:
        with _of(self._database):
            # It must be the same connection: only there does SQLite tell what others committed.
            written = self._database.version(self._connection) != self._version
            registered: int = self._connection.execute(_registered).scalar_one()
        return Missed(written, registered - self._registered)


def _write(
    connection: Connection,
    origin: Snapshot,
    expected: Mapping[str, int],
    progress: Callable[[int], None],
) -> None:
    copied = 0
    for name in expected:
        table = Row.metadata.tables[name]
        insert = PreparedInsert(table, *(column.name for column in table.columns))
        with closing(origin.rows(name)) as batches:
            for rows in batches:
                insert.run(connection, rows)
                copied += len(rows)
                progress(copied)


def _sizes(connection: Connection) -> dict[str, int]:
    """Count the rows of every table; each comes after those that it refers to."""
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in Row.metadata.sorted_tables
    }


def _refuse_held(database: Database, connection: Connection) -> None:
    """Raise ValueError if there is anything in the target."""
    there = inspect(connection).get_table_names()
    held = [
        name
        for row in _HELD
        if (name := row.__tablename__) in there
        and connection.execute(select(literal(1)).select_from(row).limit(1)).first()
    ]
    if held:
        raise ValueError(
            f"{_shown(database)} holds {', '.join(held)} already and is left as it is; copy "
            "into an empty database: one that was only created, or a file that does not exist."
        )


def _differences(expected: Mapping[str, int], found: Mapping[str, int]) -> str:
    return "; ".join(
        f"{name} has {number:,} rows and {found[name]:,} of them arrived"
        for name, number in expected.items()
        if found[name] != number
    )


@contextmanager
def _of(database: Database) -> Iterator[None]:
    """Name the one of the two databases that failed."""
    try:
        yield
    except _Named:
        raise
    except StorageUnavailable as error:
        raise _Named(f"{_shown(database)}: {error}") from error
    except database.errors as error:
        raise _Named(
            f"{_shown(database)}: {storage_unavailable(database.explained(error))}"
        ) from error


class _Named(StorageUnavailable):
    """Says which database it was."""


def _shown(database: Database) -> str:
    return database.url.render_as_string(hide_password=True)
