"""How long the newest contacts of a source waited, in SQL, along the index by state."""

from typing import Any

from sqlalchemy import CompoundSelect, Connection, Float, bindparam, func, select, union_all
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
    """Select lengths of waits, and how many of the newest contacts waited that long."""
    looked_at = (
        _newest(
            limited,
            _SecondsBetween(ContactRow.created_at, _end_of_wait).label("seconds"),
            (ContactRow.state == ContactState.WAITING).label("waits"),
        )
        .limit(bindparam("most"))
        .subquery()
    )
    # Most contacts do not wait at all: fetching each of them would take twice as long.
    return (
        select(looked_at.c.seconds, looked_at.c.waits, func.count().label("contacts"))
        .group_by(looked_at.c.seconds, looked_at.c.waits)
        .order_by(looked_at.c.seconds, looked_at.c.waits)
    )


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
    seconds = [each.seconds for each in rows for _ in range(each.contacts)]
    return SourceWaits(
        source,
        seconds,
        sum(each.contacts for each in rows if each.waits),
        whole=len(seconds) < most
        or connection.execute(one_more, {**values, "enough": most + 1}).first() is None,
    )
