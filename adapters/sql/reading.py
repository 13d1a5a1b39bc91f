"""How readers read: one connection, one snapshot, errors translated."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select

from adapters.sql.engine import ReadDatabase, storage_unavailable

Item = TypeVar("Item")

AnyRow = Row[*tuple[Any, ...]]
AnySelect = Select[*tuple[Any, ...]]

CHUNK = 500
"""Values in one IN list: below every database's limit, and few statement shapes to cache."""


@contextmanager
def reading(database: ReadDatabase) -> Iterator[Connection]:
    """Read in one transaction: everything read belongs to the same moment."""
    try:
        with database.snapshot() as connection:
            yield connection
    except database.errors as error:
        raise storage_unavailable(database.explained(error), role=database.role) from error


def chunks(values: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Cut values into chunks short enough for an IN list."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
