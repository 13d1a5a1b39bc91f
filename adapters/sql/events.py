"""The event log in SQL."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, case, delete, func, insert, or_, select

from adapters.sql.columns import Moment
from adapters.sql.engine import Database
from adapters.sql.kept import Kept
from adapters.sql.prepared import Prepared, PreparedInsert
from adapters.sql.reading import AnySelect, reading
from adapters.sql.tables import ContactRow, EventRow
from application.ports.events import (
    EVERYTHING,
    Entry,
    EventFilter,
    EventLog,
    EventPage,
    EventReader,
    LoggedEvent,
    events_of,
)
from domain.event_type import EventType
from domain.ids import LeadId

_COLUMNS = (
    EventRow.seq,
    EventRow.type,
    EventRow.at,
    EventRow.actor,
    EventRow.source_key,
    EventRow.contact_id,
    EventRow.operator_id,
    EventRow.other_id,
    EventRow.data,
)
_insert = PreparedInsert(EventRow, *(each.key for each in _COLUMNS))
_twofold = and_(EventRow.type == EventType.CONTACT_REGISTERED, EventRow.operator_id.is_not(None))
EVENTS_OF_ROW: Final = case((_twofold, 2), else_=1)
"""The number of a row's events; see `application.ports.events.Entry`."""
newest = select(func.max(EventRow.seq)).scalar_subquery()
LAST_ROW: Final = Prepared(select(*_COLUMNS).where(EventRow.seq == newest))
_bounds = select(
    select(func.min(EventRow.seq)).scalar_subquery(),
    select(EventRow.seq + EVENTS_OF_ROW - 1).where(EventRow.seq == newest).scalar_subquery(),
)

_WALK: Final = 10_000
"""Events looked through for one page: some 20 ms if none of them is wanted."""


class SqlEventLog(EventLog):
    """See `application.ports.events.EventLog`.

    The last number is kept from one unit of work to the next while nobody else writes.
    """

    def __init__(self, connection: Connection, kept: Kept) -> None:
        self._connection = connection
        self._kept = kept

    def add(self, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        last = self._last()
        rows = []
        for each in entries:
            rows.append((last + 1, *each))
            last += each.length
        _insert.run(self._connection, rows)
        self._kept.last_event = last

    def add_erased(self, lead_id: LeadId, at: datetime, actor: str) -> None:
        number = func.row_number().over(order_by=ContactRow.id) + self._last()
        erased = select(
            number,
            bindparam("type", EventType.CONTACT_ERASED, type_=EventRow.type.type),
            bindparam("at", at, type_=Moment),
            bindparam("actor", actor),
            ContactRow.source_key,
            ContactRow.id,
            ContactRow.lead_id,
        ).where(ContactRow.lead_id == lead_id)
        columns = ["seq", "type", "at", "actor", "source_key", "contact_id", "other_id"]
        self._connection.execute(insert(EventRow).from_select(columns, erased))
        self._kept.last_event = None

    def forget(self, before: datetime, limit: int, needed: int | None = None) -> int:
        oldest = select(EventRow.seq, EventRow.at).order_by(EventRow.seq).limit(limit).subquery()
        old = select(oldest.c.seq).where(oldest.c.at < before, oldest.c.seq < newest)
        if needed is not None:
            # The event before may be of the same row.
            old = old.where(oldest.c.seq < needed - 1)
        found = list(self._connection.execute(old).scalars())
        if found:
            self._connection.execute(delete(EventRow).where(EventRow.seq <= found[-1]))
        return len(found)

    def last(self) -> int:
        return self._last()

    def bounds(self) -> tuple[int, int]:
        bounds: Any = self._connection.execute(_bounds).one()
        return bounds[0] or 0, bounds[1] or 0

    def between(self, first: int, last: int) -> list[LoggedEvent]:
        rows = self._connection.execute(_between(first - 1, last))
        found = (each for seq, *entry in rows for each in events_of(seq, Entry(*entry)))
        return [each for each in found if first <= each.seq <= last]

    def _last(self) -> int:
        kept = self._kept
        if kept.last_event is None:
            kept.last_event = last_number(LAST_ROW.fetch(self._connection))
        return kept.last_event


class SqlEventReader(EventReader):
    """See `application.ports.events.EventReader`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def events(self, *, after: int, limit: int, where: EventFilter = EVERYTHING) -> EventPage:
        with reading(self._database) as connection:
            bounds: Any = connection.execute(_bounds).one()
            earliest, last = bounds[0] or 0, bounds[1] or 0
            end = min(max(after, earliest - 1) + _WALK, last)
            query = (
                _filtered(where)
                # The second event of the row with this number may be the next one.
                .where(EventRow.seq >= after, EventRow.seq <= end)
                .order_by(EventRow.seq)
                .limit(limit + 1)
            )
            rows: Any = connection.execute(query).all()
            if rows:
                self._database.wait_until_durable(connection)
        found = (each for seq, *entry in rows for each in events_of(seq, Entry(*entry)))
        wanted = (each for each in found if after < each.seq <= end and where.wants(each))
        items = list(islice(wanted, limit))
        reached = items[-1].seq if len(items) == limit else max(after, end)
        return EventPage(items, reached, earliest, last)


def last_number(rows: Sequence[Sequence[Any]]) -> int:
    """Return the number of the last event, from what `LAST_ROW` has found."""
    for seq, *entry in rows:
        number: int = seq + Entry(*entry).length - 1
        return number
    return 0


def _between(first: int, last: int) -> AnySelect:
    return select(*_COLUMNS).where(EventRow.seq.between(first, last)).order_by(EventRow.seq)


def _filtered(where: EventFilter) -> AnySelect:
    """Return the rows that have an event that may be wanted."""
    query = select(*_COLUMNS)
    if where.types is not None:
        types = EventRow.type.in_(where.types)
        assigned = EventType.CONTACT_ASSIGNED in where.types
        query = query.where(or_(types, _twofold) if assigned else types)
    if where.source_keys is not None:
        query = query.where(EventRow.source_key.in_(where.source_keys))
    if where.contact_id is not None:
        query = query.where(EventRow.contact_id == where.contact_id)
    if where.operator_id is not None:
        loses = and_(
            EventRow.type == EventType.CONTACT_TRANSFERRED, EventRow.other_id == where.operator_id
        )
        query = query.where(or_(EventRow.operator_id == where.operator_id, loses))
    return query
