"""Sources and their allocations as rows: the one place that knows their columns."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, update

from adapters.sql.tables import AllocationRow, SourceRow
from domain.ids import OperatorId
from domain.source import Allocation, Source

SOURCE_COLUMNS: Final = (
    SourceRow.key,
    SourceRow.name,
    SourceRow.strategy,
    SourceRow.created_at,
    SourceRow.waiting,
    SourceRow.credits,
)
"""What `source_of` reads; the columns that move with every contact come last."""

_said = ("name", "strategy")
_insert = insert(SourceRow)
_update = (
    update(SourceRow)
    .where(SourceRow.key == bindparam("source"))
    .values({name: bindparam(f"new_{name}") for name in _said})
)
_update_credits = (
    update(SourceRow)
    .where(SourceRow.key == bindparam("source"))
    .values(credits=bindparam("new_credits"))
)
_delete_allocations = delete(AllocationRow).where(AllocationRow.source_key == bindparam("source"))
_insert_allocation = insert(AllocationRow)


def source_of(row: Sequence[Any], weights: Sequence[tuple[OperatorId, int]]) -> Source:
    """Make a source from a row of SOURCE_COLUMNS and its weights, in order of operators' ids."""
    key, name, strategy, created_at, waiting, credits = row
    return Source(
        key,
        name,
        strategy,
        created_at,
        [
            Allocation(operator_id, weight, credit)
            for (operator_id, weight), credit in zip(weights, credits, strict=True)
        ],
        waiting,
    )


def add_sources(connection: Connection, sources: Iterable[Source]) -> None:
    """Store new sources, with their allocations if they have any."""
    for each in sources:
        row = {column.key: getattr(each, column.key) for column in SOURCE_COLUMNS[:-1]}
        connection.execute(_insert, {**row, "credits": _credits(each)})
        _add_allocations(connection, each)


def change_sources(connection: Connection, sources: Iterable[Source]) -> None:
    """Store what people change in known sources; queues, allocations and credits stay."""
    rows = [
        {"source": each.key, **{f"new_{name}": getattr(each, name) for name in _said}}
        for each in sources
    ]
    if rows:
        connection.execute(_update, rows)


def replace_allocations(connection: Connection, sources: Iterable[Source]) -> None:
    """Replace the stored allocations of known sources with those they have now."""
    for each in sources:
        connection.execute(_delete_allocations, {"source": each.key})
        _add_allocations(connection, each)
        connection.execute(_update_credits, {"source": each.key, "new_credits": _credits(each)})


def _add_allocations(connection: Connection, source: Source) -> None:
    if source.allocations:
        connection.execute(
            _insert_allocation,
            [
                {
                    "source_key": source.key,
                    "operator_id": each.operator_id,
                    "weight": each.weight,
                }
                for each in source.allocations
            ],
        )


def _credits(source: Source) -> list[int]:
    return [each.credit for each in source.allocations]
