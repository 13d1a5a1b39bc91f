"""How long the newest contacts of a source waited, in SQL, along the index by state."""

from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Connection,
    Float,
    and_,
    bindparam,
    case,
    func,
    select,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from adapters.sql.columns import Moment
from adapters.sql.reading import AnySelect
from adapters.sql.tables import ContactRow
from application.ports.statistics import SourceWaits
from domain.contact import ContactState


class _SecondsBetween(FunctionElement[float]):
    """Seconds from one moment to a later one; 0 if it is no later, since a clock may step back."""

    inherit_cache = True
    type = Float()


@compiles(_SecondsBetween, "sqlite")
def _from_milliseconds(element: _SecondsBetween, compiler: SQLCompiler, **options: Any) -> str:
    start, end = (compiler.process(each, **options) for each in element.clauses)
    return f"max({end} - {start}, 0) / 1000.0"


@compiles(_SecondsBetween, "postgresql")
def _from_interval(element: _SecondsBetween, compiler: SQLCompiler, **options: Any) -> str:
    start, end = (compiler.process(each, **options) for each in element.clauses)
    return f"CAST(greatest(extract(epoch FROM {end} - {start}), 0) AS double precision)"


_end_of_wait = func.coalesce(
    ContactRow.assigned_at, ContactRow.closed_at, bindparam("now", type_=Moment)
)

_handling = case(
    (
        and_(ContactRow.assigned_at.is_not(None), ContactRow.closed_at.is_not(None)),
        _SecondsBetween(ContactRow.assigned_at, ContactRow.closed_at),
    )
)


def _newest(limited: bool, *columns: Any) -> CompoundSelect[*tuple[Any, ...]]:
    """Select contacts of a source and a period, the newest first.

    Databases merge the states by id as they read them, so they read no more rows than are wanted.

    Args:
        limited: whether each state is limited, too. Without it PostgreSQL reads all of a source and
            sorts it; with it SQLite sorts each state.
        columns: the columns besides the id.
    """
    states = [
        select(ContactRow.id.label("id"), *columns).where(
            ContactRow.source_key == bindparam("source"),
            ContactRow.state == state,
            ContactRow.id >= bindparam("first"),
            ContactRow.id < bindparam("end"),
        )
        for state in ContactState
    ]
    if limited:
        states = [
            select(each.order_by(ContactRow.id.desc()).limit(bindparam("enough")).subquery())
            for each in states
        ]
    merged = union_all(*states)
    return merged.order_by(merged.selected_columns.id.desc())


def _waits(limited: bool) -> AnySelect:
    """Select how long the newest contacts waited, and how long those took that are closed."""
    looked_at = (
        _newest(
            limited,
            _SecondsBetween(ContactRow.created_at, _end_of_wait).label("seconds"),
            (ContactRow.state == ContactState.WAITING).label("waits"),
            _handling.label("handling"),
        )
        .limit(bindparam("most"))
        .subquery()
    )
    return select(looked_at.c.seconds, looked_at.c.waits, looked_at.c.handling)


_WAITS = {
    dialect: (_waits(limited), _newest(limited).limit(1).offset(bindparam("most")))
    for dialect, limited in (("sqlite", False), ("postgresql", True))
}
"""How long the newest contacts waited, and whether there is one more contact."""


def source_waits(connection: Connection, source: str, most: int, **asked: Any) -> SourceWaits:
    """Return how long contacts of a source waited.

    Args:
        connection: one for reading.
        source: the source's key.
        most: how many of the newest contacts to look at.
        asked: the period as `first` id and `end` of ids, and the moment `now`.
    """
    values = {**asked, "source": source, "most": most}
    waits, one_more = _WAITS[connection.dialect.name]
    rows = connection.execute(waits, {**values, "enough": most}).all()
    return SourceWaits(
        source,
        sorted(seconds for seconds, _, _ in rows),
        sorted(handling for _, _, handling in rows if handling is not None),
        sum(bool(waits) for _, waits, _ in rows),
        whole=len(rows) < most
        or connection.execute(one_more, {**values, "enough": most + 1}).first() is None,
    )
