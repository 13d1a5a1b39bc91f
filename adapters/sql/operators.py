"""Operators as rows: the one place that knows their columns."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, update

from adapters.sql.tables import OperatorRow
from domain.operator import CHANGEABLE, Operator

_NAMES: Final = sorted(
    (each.name for each in fields(Operator)), key=lambda name: (name == "load", name != "id")
)
"""An operator has a column for each of its fields, under the same name: first the id, and last the
load, which moves with every contact."""
OPERATOR_COLUMNS: Final = tuple(getattr(OperatorRow, name) for name in _NAMES)
"""What `operator_of` reads."""

_insert = insert(OperatorRow)
_update = (
    update(OperatorRow)
    .where(OperatorRow.id == bindparam("operator"))
    .values({name: bindparam(f"new_{name}") for name in CHANGEABLE})
)


def operator_of(row: Sequence[Any]) -> Operator:
    """Make an operator from a row of OPERATOR_COLUMNS."""
    return Operator(**dict(zip(_NAMES, row, strict=True)))


def add_operators(connection: Connection, operators: Iterable[Operator]) -> None:
    """Store new operators."""
    rows = [{name: getattr(each, name) for name in _NAMES} for each in operators]
    if rows:
        connection.execute(_insert, rows)


def change_operators(connection: Connection, operators: Iterable[Operator]) -> None:
    """Store what people change in known operators; loads are not touched."""
    rows = [
        {"operator": each.id, **{f"new_{name}": getattr(each, name) for name in CHANGEABLE}}
        for each in operators
    ]
    if rows:
        connection.execute(_update, rows)
