"""Sources and their allocations as rows: the one place that knows their columns."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, update

from adapters.sql.prepared import Prepared, PreparedInsert
from adapters.sql.tables import AllocationRow, SourceRow
from domain.dispatch import SourceState
from domain.ids import OperatorId
from domain.source import Allocation, Source

_MOVING: Final = (
    *(SourceRow.waiting, SourceRow.credits),
    *(SourceRow.booked, SourceRow.meanwhile, SourceRow.hour),
)
MOVING_COLUMNS: Final = (SourceRow.key, *_MOVING)
"""What `SourceState` has, in its order."""
SOURCE_COLUMNS: Final = (
    SourceRow.key,
    SourceRow.name,
    SourceRow.strategy,
    SourceRow.created_at,
    SourceRow.accounted_from,
    *_MOVING,
)
"""What `source_of` reads; the columns that move as contacts come and go are last."""

_said = ("name", "strategy")
_moved = ("credits", "booked", "meanwhile")
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
    .values({name: bindparam(f"new_{name}") for name in _moved}),
    *("source", *(f"new_{name}" for name in _moved)),
)
_delete_allocations = Prepared(
    delete(AllocationRow).where(AllocationRow.source_key == bindparam("source")), "source"
)
_insert_allocation = PreparedInsert(AllocationRow, "source_key", "operator_id", "weight")


def source_of(row: Sequence[Any], weights: Sequence[tuple[OperatorId, int]]) -> Source:
    """Make a source from a row of SOURCE_COLUMNS and its weights, in order of operators' ids."""
    key, name, strategy, created_at, accounted_from, waiting, credits, booked, meanwhile, hour = row
    number = len(weights)
    return Source(
        key,
        name,
        strategy,
        created_at,
        [
            Allocation(operator_id, weight, *moved)
            for (operator_id, weight), *moved in zip(
                weights, credits, booked, meanwhile[:number], meanwhile[number:], strict=True
            )
        ],
        waiting,
        hour,
        accounted_from,
    )


def add_sources(connection: Connection, sources: Iterable[Source]) -> None:
    """Store new sources, with their allocations if they have any."""
    for each in sources:
        row = [getattr(each, column.key) for column in SOURCE_COLUMNS[: -len(_MOVING)]]
        _insert.run(connection, [[*row, *SourceState.of(each)[1:]]])
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
        state = SourceState.of(each)
        _update_credits.run(connection, [[each.key, *(getattr(state, name) for name in _moved)]])


def _add_allocations(connection: Connection, source: Source) -> None:
    _insert_allocation.run(
        connection, [[source.key, each.operator_id, each.weight] for each in source.allocations]
    )
