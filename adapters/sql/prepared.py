"""Statements of the hot path: compiled once, run on the DBAPI cursor of SQLAlchemy's connection.

SQLAlchemy's own execution costs some 50 us a statement and 10 us a row, more than SQLite needs to
run it; a registration shares a dozen statements. SQLAlchemy still does what matters: it writes and
compiles the statement, its types convert the values, and it owns the connection and the
transaction.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Connection,
    Dialect,
    Executable,
    LargeBinary,
    Table,
    Text,
    TypeDecorator,
    Uuid,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from adapters.sql.pipeline import synchronise
from adapters.sql.tables import Row

Converter = Callable[[Any], Any] | None


class Prepared:
    """A statement whose parameters are given as a tuple, in an order fixed here.

    Args:
        statement: any SQLAlchemy statement without expanding parameters.
        names: those of its parameters, in the order in which they are given.
    """

    def __init__(self, statement: Executable, *names: str) -> None:
        self._statement = statement
        self._names = names
        self._compiled = cache(self._compile)

    def run(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Run it for every row of parameters."""
        if rows:
            self._run(connection, rows).close()

    def touched(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> int:
        """Run it for every row of parameters; return how many rows of the table it touched."""
        if not rows:
            return 0
        cursor = self._run(connection, rows)
        try:
            synchronise(connection)
            touched: int = cursor.rowcount
            return touched
        finally:
            cursor.close()

    def _run(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> Any:
        sql, binds, _ = self._compiled(connection.dialect)
        cursor = _cursor(connection)
        cursor.executemany(sql, _converted(rows, binds))
        return cursor

    def fetch(self, connection: Connection, *parameters: Any) -> list[Sequence[Any]]:
        """Run it once and return all rows, with their values converted."""
        (rows,) = fetch_all(connection, (self, parameters))
        return rows

    def _send(self, connection: Connection, parameters: Sequence[Any]) -> tuple[Any, "_Columns"]:
        sql, binds, results = self._compiled(connection.dialect)
        cursor = _cursor(connection)
        cursor.execute(sql, *_converted([parameters], binds))
        return cursor, results

    def _compile(self, dialect: Dialect) -> "_Compiled":
        return _compile(self._statement, self._names, dialect)


def fetch_all(
    connection: Connection, *statements: tuple[Prepared, Sequence[Any]]
) -> list[list[Sequence[Any]]]:
    """Run each statement once, with its parameters, and return all rows of each, converted.

    This waits for the database once, not once per statement.
    """
    sent = [statement._send(connection, parameters) for statement, parameters in statements]  # noqa: SLF001 -- the same module
    synchronise(connection)
    found: list[list[Sequence[Any]]] = []
    for cursor, results in sent:
        found.append([*_converted(cursor.fetchall(), results)])
        cursor.close()
    return found


class PreparedInsert:
    """Adds rows to a table in one statement, or as close to that as the database allows.

    SQLite runs one statement per row and is done in microseconds. Elsewhere each would be planned,
    sent and answered, so all rows go as one array per column.

    Args:
        table: where the rows go.
        names: those of the columns, in the order in which their values are given.
        existing: what to do if the primary key already exists: None raises an error, "kept" keeps
            the stored row, and names of numeric columns add the new row's numbers to them.
    """

    def __init__(
        self,
        table: type[Row] | Table,
        *names: str,
        existing: Literal["kept"] | Sequence[str] | None = None,
    ) -> None:
        self._table: Any = getattr(table, "__table__", table)
        self._names = names
        self._existing = existing
        self._compiled = cache(self._compile)

    def run(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows."""
        if not rows:
            return
        dialect = connection.dialect
        sql, binds, _ = self._compiled(dialect)
        cursor = _cursor(connection)
        try:
            if dialect.name == "sqlite":
                cursor.executemany(sql, _converted(rows, binds))
            else:
                columns = zip(*_converted(rows, binds), strict=True)
                cursor.execute(sql, [list(each) for each in columns])
        finally:
            cursor.close()

    def _compile(self, dialect: Dialect) -> "_Compiled":
        table = self._table
        statement: Any
        if dialect.name == "sqlite":
            statement = sqlite.insert(table)
        else:
            arrays = [bindparam(name, type_=ARRAY(table.c[name].type)) for name in self._names]
            rows = func.unnest(*arrays).table_valued(*self._names).render_derived()
            statement = postgresql.insert(table).from_select(self._names, select(rows))
        if self._existing == "kept":
            statement = statement.on_conflict_do_nothing()
        elif self._existing is not None:
            statement = statement.on_conflict_do_update(
                index_elements=list(table.primary_key),
                set_={name: table.c[name] + statement.excluded[name] for name in self._existing},
            )
        return _compile(statement, self._names, dialect)


_Columns = Sequence[tuple[int, Converter]]
_Compiled = tuple[str, _Columns, _Columns]


def _compile(statement: Any, names: Sequence[str], dialect: Dialect) -> _Compiled:
    """Return the SQL, and the converters of values to parameters and of columns to values."""
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    if not isinstance(compiled, SQLCompiler) or compiled.positiontup is None:
        raise TypeError(f"{dialect.name} does not take positional parameters")
    binds = [
        (names.index(name), _bind_processor(compiled.binds[name].type, dialect))
        for name in compiled.positiontup
    ]
    results = [
        (position, _result_processor(each.type, dialect))
        for position, each in enumerate(getattr(statement, "selected_columns", ()))
    ]
    # PostgreSQL also takes values in its own binary form, for half the work; as text, arrays of
    # bytes would take longer than everything else.
    return compiled.string.replace("%s", "%b"), binds, results


def _converted(rows: Sequence[Sequence[Any]], columns: _Columns) -> Iterable[tuple[Any, ...]]:
    """Yield rows with the values from these positions, converted.

    Converts column by column: a call per row would take longer than most conversions.
    """
    if not rows:
        return ()
    given = list(zip(*rows, strict=True))
    return zip(
        *(
            given[position] if converter is None else map(converter, given[position])
            for position, converter in columns
        ),
        strict=True,
    )


def _bind_processor(kind: TypeEngine[Any], dialect: Dialect) -> Converter:
    # An array's values are converted before the array is built.
    kind = kind.item_type if isinstance(kind, ARRAY) else kind
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _result_processor(kind: TypeEngine[Any], dialect: Dialect) -> Converter:
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def _cursor(connection: Connection) -> Any:
    return connection.connection.cursor()


class _Texts(TypeDecorator[Sequence[str]]):
    """A list of texts as one parameter: JSON in SQLite, which has no arrays."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(Text))

    def bind_processor(self, dialect: Dialect) -> Converter:
        return json.dumps if dialect.name == "sqlite" else None


class _Among(FunctionElement[Any]):
    """Whether a column has one of many texts, written so that the column's index is used."""

    inherit_cache = True


@compiles(_Among, "sqlite")
def _among_json(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    of, texts = (compiler.process(each, **options) for each in element.clauses)
    return f"{of} IN (SELECT value FROM json_each({texts}))"  # noqa: S608 -- both are compiled


@compiles(_Among, "postgresql")
def _among_array(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    # Not a join with the array's texts: a plan made while the table was small would scan it.
    of, texts = (compiler.process(each, **options) for each in element.clauses)
    return f"{of} = ANY (CAST({texts} AS TEXT[]))"


class _Ids(TypeDecorator[Sequence[UUID]]):
    """A list of ids as one parameter: in SQLite 16 bytes each, one after the other."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(LargeBinary() if dialect.name == "sqlite" else ARRAY(Uuid))

    def bind_processor(self, dialect: Dialect) -> Converter:
        return _joined if dialect.name == "sqlite" else None


def _joined(ids: Sequence[UUID]) -> bytes:
    return b"".join(each.bytes for each in ids)


class _AmongIds(FunctionElement[Any]):
    """Whether a column has one of many ids, written so that the column's index is used."""

    inherit_cache = True


@compiles(_AmongIds, "sqlite")
def _among_cut(element: _AmongIds, compiler: SQLCompiler, **options: Any) -> str:
    of, ids = (compiler.process(each, **options) for each in element.clauses)
    return f"""{of} IN (WITH RECURSIVE cut(id, rest) AS (
        SELECT NULL, {ids} UNION ALL SELECT substr(rest, 1, 16), substr(rest, 17) FROM cut
        WHERE length(rest) > 0) SELECT id FROM cut WHERE id IS NOT NULL)"""  # noqa: S608 -- both are compiled


@compiles(_AmongIds, "postgresql")
def _among_uuids(element: _AmongIds, compiler: SQLCompiler, **options: Any) -> str:
    of, ids = (compiler.process(each, **options) for each in element.clauses)
    return f"{of} = ANY (CAST({ids} AS UUID[]))"


def among_ids(of: Any, parameter: str) -> Any:
    """Return the condition that a column has one of the ids in a parameter, however many."""
    return _AmongIds(of, bindparam(parameter, type_=_Ids()))


def among(of: Any, parameter: str) -> Any:
    """Return the condition that a column has one of the texts in a parameter, however many."""
    return _Among(of, bindparam(parameter, type_=_Texts()))
