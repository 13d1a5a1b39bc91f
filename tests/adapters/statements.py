"""A recorder of the statements that actually reach SQLite.

SQLite's own trace callback fires once for every row of an executemany and shows the text with its
values filled in, so it cannot tell one statement run for 500 rows from 500 statements. The recorder
works one step above it: it is the connection class that the driver is told to use, and it notes
each call of execute and executemany on its cursors. It sees what SQLAlchemy executes and what goes
to the cursor directly.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import event

from adapters.sql.sqlite import SqliteDatabase
from application.ports.storage import Storage


class Statement(NamedTuple):
    """One call of execute or executemany."""

    sql: str
    parameters: Any

    @property
    def verb(self) -> str:
        return self.sql.split(None, 1)[0].upper()


class _Cursor(sqlite3.Cursor):
    recorded: list[Statement]

    def execute(self, sql: str, parameters: Any = (), /) -> "_Cursor":
        self.recorded.append(Statement(sql, parameters))
        super().execute(sql, parameters)
        return self

    def executemany(self, sql: str, rows: Any, /) -> "_Cursor":
        listed: Sequence[Any] = list(rows)
        self.recorded.append(Statement(sql, listed[0]))
        super().executemany(sql, listed)
        return self


class _Connection(sqlite3.Connection):
    recorded: list[Statement]

    def execute(self, sql: str, parameters: Any = (), /) -> Any:
        return self.cursor().execute(sql, parameters)

    def cursor(self, factory: Any = _Cursor) -> Any:
        cursor = super().cursor(factory)
        cursor.recorded = self.recorded
        return cursor


def database_of(storage: Storage) -> SqliteDatabase:
    """Return the file behind a storage in SQLite."""
    factory = storage.unit_of_work
    assert isinstance(factory, partial)
    database = factory.args[0]
    assert isinstance(database, SqliteDatabase)
    return database


@contextmanager
def recording(storage: Storage) -> Iterator[list[Statement]]:
    """Record the statements of everything that runs inside, on connections opened inside."""
    database, recorded = database_of(storage), list[Statement]()

    class Connection(_Connection):
        pass

    Connection.recorded = recorded

    def connect(_dialect: object, _record: object, _args: object, options: Any) -> None:
        options["factory"] = Connection

    engines = (database.write, database.read)
    database.dispose()
    for engine in engines:
        event.listen(engine, "do_connect", connect)
    try:
        yield recorded
    finally:
        for engine in engines:
            event.remove(engine, "do_connect", connect)
        database.dispose()
