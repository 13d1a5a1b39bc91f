"""Operators as rows: the one place that knows their columns."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import Connection, bindparam, update

from adapters.sql.prepared import Prepared, PreparedInsert
from adapters.sql.tables import OperatorRow
from domain.operator import CHANGEABLE, Operator

_NAMES: Final = sorted(
    (each.name for each in fields(Operator)), key=lambda name: (name == "load", name != "id")
)
"""An operator has a column for each of its fields, under the same name: first the id, and last the
load, which moves with every contact."""
OPERATOR_COLUMNS: Final = tuple(getattr(OperatorRow, name) for name in _NAMES)
"""What `operator_of` reads."""

_insert = PreparedInsert(OperatorRow, *_NAMES)
_update = Prepared(
    update(OperatorRow)
    .where(OperatorRow.id == bindparam("operator"))
    .values({name: bindparam(f"new_{name}") for name in CHANGEABLE}),
    *("operator", *(f"new_{name}" for name in CHANGEABLE)),
)


def operator_of(row: Sequence[Any]) -> Operator:
    """Make an operator from a row of OPERATOR_COLUMNS."""
    return Operator(**dict(zip(_NAMES, row, strict=True)))


def add_operators(connection: Connection, operators: Iterable[Operator]) -> None:
    """Store new operators."""
    rows = [[getattr(each, name) for name in _NAMES] for each in operators]
    _insert.run(connection, rows)


def change_operators(connection: Connection, operators: Iterable[Operator]) -> None:
    """Store what people change in known operators; loads are not touched."""
    rows = [[each.id, *(getattr(each, name) for name in CHANGEABLE)] for each in operators]
    _update.run(connection, rows)
