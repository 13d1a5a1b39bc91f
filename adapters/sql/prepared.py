"""Statements of the hot path: compiled once, run on the DBAPI cursor of SQLAlchemy's connection.

SQLAlchemy's own execution costs some 50 us a statement and 10 us a row, more than SQLite takes to
carry it out; a registration shares a dozen statements. What is kept of SQLAlchemy is what matters:
the statement is written and compiled by it, types convert the values, and connection and
transaction are its own.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Dialect, Executable, column, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

Converter = Callable[[Any], Any] | None


class Prepared:
    """A statement whose parameters are given as a tuple, in an order fixed here.

    Args:
        statement: any SQLAlchemy statement without expanding parameters.
        names: of its parameters, in the order in which they will be given.
    """

    def __init__(self, statement: Executable, *names: str) -> None:
        self._statement = statement
        self._names = names
        self._compiled = cache(self._compile)

    def run(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> int:
        """Run it for every row of parameters; returns how many rows of the table it touched."""
        if not rows:
            return 0
        sql, binds, _ = self._compiled(connection.dialect)
        cursor = _cursor(connection)
        try:
            cursor.executemany(sql, _converted(rows, binds))
            touched: int = cursor.rowcount
            return touched
        finally:
            cursor.close()

    def fetch(self, connection: Connection, *parameters: Any) -> list[Sequence[Any]]:
        """Run it once and return all rows, their values converted."""
        sql, binds, results = self._compiled(connection.dialect)
        cursor = _cursor(connection)
        try:
            cursor.execute(sql, *_converted([parameters], binds))
            return [*_converted(cursor.fetchall(), results)]
        finally:
            cursor.close()

    def _compile(self, dialect: Dialect) -> "tuple[str, _Columns, _Columns]":
        compiled = self._statement.compile(  # type: ignore[attr-defined]
            dialect=dialect, column_keys=list(self._names)
        )
        if not isinstance(compiled, SQLCompiler) or compiled.positiontup is None:
            raise TypeError(f"{dialect.name} takes no parameters by position")
        binds = [
            (self._names.index(name), _bind_processor(compiled.binds[name].type, dialect))
            for name in compiled.positiontup
        ]
        results = [
            (position, _result_processor(each.type, dialect))
            for position, each in enumerate(getattr(self._statement, "selected_columns", ()))
        ]
        return compiled.string, binds, results


_Columns = Sequence[tuple[int, Converter]]


def _converted(rows: Sequence[Sequence[Any]], columns: _Columns) -> Iterable[tuple[Any, ...]]:
    """Yield rows with the values from these positions, converted.

    Column by column: a call for every row would take longer than most conversions.
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
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _result_processor(kind: TypeEngine[Any], dialect: Dialect) -> Converter:
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def _cursor(connection: Connection) -> Any:
    return connection.connection.cursor()


class _JsonTexts(FunctionElement[str]):
    """The texts of a JSON array, as a table of one column, `value`.

    A list of any length is one parameter then, and the statement stays the same.
    """

    inherit_cache = True
    name = "json_texts"


@compiles(_JsonTexts, "sqlite")
def _sqlite_json_texts(element: _JsonTexts, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


def texts(parameter: Any) -> Any:
    """Return a subquery of the texts in a parameter that holds a JSON array of them."""
    return select(column("value")).select_from(_JsonTexts(parameter))
