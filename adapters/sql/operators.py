"""Operators as rows: the one place that knows their columns."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, update

from adapters.sql.tables import OperatorRow
from domain.ids import OperatorId
from domain.operator import Operator

OPERATOR_COLUMNS: Final = (
    OperatorRow.id,
    OperatorRow.name,
    OperatorRow.active,
    OperatorRow.capacity,
    OperatorRow.created_at,
    OperatorRow.load,
)
"""What `operator_of` reads; the load, which moves with every contact, comes last."""

_said = ("name", "active", "capacity")
_insert = insert(OperatorRow)
_update = (
    update(OperatorRow)
    .where(OperatorRow.id == bindparam("operator"))
    .values({name: bindparam(f"new_{name}") for name in _said})
)


def operator_of(row: Sequence[Any]) -> Operator:
    """Make an operator of OPERATOR_COLUMNS."""
    operator_id, name, active, capacity, created_at, load = row
    return Operator(OperatorId(operator_id), name, capacity, active, created_at, load)


def add_operators(connection: Connection, operators: Iterable[Operator]) -> None:
    """Store new operators."""
    columns = [each.key for each in OPERATOR_COLUMNS]
    rows = [{name: getattr(each, name) for name in columns} for each in operators]
    if rows:
        connection.execute(_insert, rows)


def change_operators(connection: Connection, operators: Iterable[Operator]) -> None:
    """Store what a person says of known operators; loads are not touched."""
    rows = [
        {"operator": each.id, **{f"new_{name}": getattr(each, name) for name in _said}}
        for each in operators
    ]
    if rows:
        connection.execute(_update, rows)
