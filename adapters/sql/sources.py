"""Sources and their allocations as rows: the one place that knows their columns."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, update

from adapters.sql.prepared import Prepared, PreparedInsert
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
_insert = PreparedInsert(SourceRow, *(column.key for column in SOURCE_COLUMNS))
_update = Prepared(
    update(SourceRow)
    .where(SourceRow.key == bindparam("source"))
    .values({name: bindparam(f"new_{name}") for name in _said}),
    *("source", *(f"new_{name}" for name in _said)),
)
_update_credits = Prepared(
    update(SourceRow)
    .where(SourceRow.key == bindparam("source"))
    .values(credits=bindparam("new_credits")),
    *("source", "new_credits"),
)
_delete_allocations = Prepared(
    delete(AllocationRow).where(AllocationRow.source_key == bindparam("source")), "source"
)
_insert_allocation = PreparedInsert(AllocationRow, "source_key", "operator_id", "weight")


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
        row = [getattr(each, column.key) for column in SOURCE_COLUMNS[:-1]]
        _insert.run(connection, [[*row, _credits(each)]])
        _add_allocations(connection, each)


def change_sources(connection: Connection, sources: Iterable[Source]) -> None:
    """Store what people change in known sources; queues, allocations and credits stay."""
    _update.run(
        connection, [[each.key, *(getattr(each, name) for name in _said)] for each in sources]
    )


def replace_allocations(connection: Connection, sources: Iterable[Source]) -> None:
    """Replace the stored allocations of known sources with those they have now."""
    for each in sources:
        _delete_allocations.run(connection, [[each.key]])
        _add_allocations(connection, each)
        _update_credits.run(connection, [[each.key, _credits(each)]])


def _add_allocations(connection: Connection, source: Source) -> None:
    _insert_allocation.run(
        connection, [[source.key, each.operator_id, each.weight] for each in source.allocations]
    )


def _credits(source: Source) -> list[int]:
    return [each.credit for each in source.allocations]
