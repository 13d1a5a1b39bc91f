"""The event log in SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, or_, select

from adapters.sql.engine import Database
from adapters.sql.kept import Kept
from adapters.sql.prepared import Prepared, PreparedInsert
from adapters.sql.reading import AnySelect, reading
from adapters.sql.tables import ContactRow, EventRow, Moment
from application.ports.events import (
    EVERYTHING,
    Entry,
    EventFilter,
    EventLog,
    EventPage,
    EventReader,
    EventType,
    LoggedEvent,
)
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
LAST_EVENT: Final = Prepared(select(func.max(EventRow.seq)))
_bounds = select(func.min(EventRow.seq), func.max(EventRow.seq))
_newest = select(func.max(EventRow.seq)).scalar_subquery()


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
        first = self._last() + 1
        _insert.run(self._connection, [(seq, *each) for seq, each in enumerate(entries, first)])
        self._kept.last_event = first + len(entries) - 1

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

    def forget(self, before: datetime, limit: int) -> int:
        oldest = select(EventRow.seq, EventRow.at).order_by(EventRow.seq).limit(limit).subquery()
        seqs = self._connection.execute(
            select(oldest.c.seq).where(oldest.c.at < before, oldest.c.seq < _newest)
        ).scalars()
        found = list(seqs)
        if found:
            self._connection.execute(delete(EventRow).where(EventRow.seq <= found[-1]))
        return len(found)

    def _last(self) -> int:
        kept = self._kept
        if kept.last_event is None:
            ((last,),) = LAST_EVENT.fetch(self._connection)
            kept.last_event = last or 0
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
                .where(EventRow.seq > after, EventRow.seq <= end)
                .order_by(EventRow.seq)
                .limit(limit)
            )
            rows: Any = connection.execute(query).all()
            if rows:
                self._database.wait_until_durable(connection)
        items = [LoggedEvent(seq, Entry(*entry)) for seq, *entry in rows]
        reached = items[-1].seq if len(items) == limit else max(after, end)
        return EventPage(items, reached, earliest, last)


def _filtered(where: EventFilter) -> AnySelect:
    query = select(*_COLUMNS)
    if where.types is not None:
        query = query.where(EventRow.type.in_(where.types))
    if where.source_key is not None:
        query = query.where(EventRow.source_key == where.source_key)
    if where.contact_id is not None:
        query = query.where(EventRow.contact_id == where.contact_id)
    if where.operator_id is not None:
        loses = and_(
            EventRow.type == EventType.CONTACT_TRANSFERRED, EventRow.other_id == where.operator_id
        )
        query = query.where(or_(EventRow.operator_id == where.operator_id, loses))
    return query
