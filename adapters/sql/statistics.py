"""Statistics in SQL, from counters that are kept in the same transactions as what they count."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Connection, and_, bindparam, case, cast, func, select

from adapters.sql.catalogue import operator_view, source_views
from adapters.sql.columns import Queued
from adapters.sql.engine import ReadDatabase
from adapters.sql.operators import OPERATOR_COLUMNS
from adapters.sql.reading import AnySelect, chunks, reading
from adapters.sql.sources import SOURCE_COLUMNS, source_of
from adapters.sql.tables import (
    AllocationRow,
    AssignedCountRow,
    ContactRow,
    OperatorRow,
    RegisteredCountRow,
    SourceRow,
)
from adapters.sql.waits import source_waits
from application.ports.sources import SourceView
from application.ports.statistics import (
    EVER,
    HourSpan,
    OperatorStatistics,
    SourceDistribution,
    SourceTotal,
    SourceWaits,
    StatisticsReader,
    moved_within,
    source_distribution,
)
from domain.account import Moved
from domain.contact import ContactState
from domain.errors import UnknownSource
from domain.ids import OperatorId, first_id_at

_DAY = 24
_BEGINNING, _END = UUID(int=0), UUID(int=(1 << 128) - 1)

# The index by state is the narrowest that continues with the id: the rows themselves are many times
# as much to read.
_count = select(func.count()).where(
    ContactRow.state.in_(list(ContactState)),
    ContactRow.id >= bindparam("first"),
    ContactRow.id < bindparam("end"),
)

_next = (
    select(ContactRow.created_at)
    .where(ContactRow.source_key == SourceRow.key, Queued())
    .order_by(ContactRow.rank, ContactRow.id)
    .limit(1)
    .correlate(SourceRow)
)
_sources = select(*SOURCE_COLUMNS).where(SourceRow.key.in_(bindparam("keys", expanding=True)))
_eligible = and_(OperatorRow.active, OperatorRow.load < OperatorRow.capacity)
_standing = (
    select(
        AllocationRow.source_key,
        func.count(),
        cast(func.sum(case((_eligible, 1), else_=0)), BigInteger),
    )
    .join(OperatorRow, OperatorRow.id == AllocationRow.operator_id)
    .where(AllocationRow.weight > 0)
    .group_by(AllocationRow.source_key)
)
_COUNTED = (
    *(AssignedCountRow.contacts, AssignedCountRow.owed),
    *(AssignedCountRow.while_full, AssignedCountRow.while_unavailable),
)
_waiting_since = (
    select(SourceRow.key, _next.scalar_subquery())
    .where(SourceRow.waiting > 0)
    .order_by(SourceRow.key)
)


class SqlStatisticsReader(StatisticsReader):
    """See `application.ports.statistics.StatisticsReader`."""

    def __init__(self, database: ReadDatabase) -> None:
        self._database = database

    def distribution(
        self, *, sources: Collection[str] | None, span: HourSpan
    ) -> list[SourceDistribution]:
        with reading(self._database) as connection:
            views = source_views(
                connection, _all_keys(connection) if sources is None else sorted(sources)
            )
            for key in sources or ():
                if key not in views:
                    raise UnknownSource(f"no source has the key {key!r}.", field="source")
            registered = _registered(connection, sources, span)
            assigned: defaultdict[str, dict[OperatorId, int]] = defaultdict(dict)
            accounts = _accounts(connection, views, span)
            for hours, since, until in buckets(span):
                for key, operator_id, number, *moved in connection.execute(
                    _assigned(sources, hours, since, until)
                ):
                    assigned[key][operator_id] = assigned[key].get(operator_id, 0) + number
                    known = accounts[key]
                    if known is not None:
                        known[operator_id] = known.get(operator_id, Moved()).plus(Moved(*moved))
            names = {
                OperatorId(row.id): row.name
                for row in connection.execute(select(OperatorRow.id, OperatorRow.name))
            }
        return [
            source_distribution(view, registered[key], assigned[key], names, accounts[key])
            for key, view in views.items()
        ]

    def totals(self, span: HourSpan = EVER) -> list[SourceTotal]:
        with reading(self._database) as connection:
            totals = _registered(connection, None, span)
            sources = connection.execute(select(SourceRow.key, SourceRow.waiting)).all()
            standing = {key: counts for key, *counts in connection.execute(_standing)}
        return [
            SourceTotal(key, totals[key], waiting, *standing.get(key, (0, 0)))
            for key, waiting in sorted(sources)
        ]

    def waiting_since(self) -> dict[str, datetime]:
        with reading(self._database) as connection:
            return dict(connection.execute(_waiting_since).all())

    def operators(self) -> list[OperatorStatistics]:
        contacts: defaultdict[OperatorId, dict[str, int]] = defaultdict(dict)
        with reading(self._database) as connection:
            operators = connection.execute(select(*OPERATOR_COLUMNS).order_by(OperatorRow.id)).all()
            counted = connection.execute(_assigned(None, _DAY, None, None))
            for key, operator_id, number, *_ in counted:
                if number:
                    contacts[operator_id][key] = number
        return [
            OperatorStatistics(
                operator_view(row),
                row.load / row.capacity if row.capacity else None,
                contacts[row.id],
            )
            for row in operators
        ]

    def by_hour(self, *, source: str | None, span: HourSpan) -> dict[int, int]:
        row = RegisteredCountRow
        # By source, since the key of the counters begins with it.
        keys = select(SourceRow.key)
        if source is not None:
            keys = keys.where(SourceRow.key == source)
        query = (
            select(row.start, cast(func.sum(row.contacts), BigInteger).label("contacts"))
            .where(row.source_key.in_(keys))
            .group_by(row.start)
            .order_by(row.start)
        )
        with reading(self._database) as connection:
            counted = connection.execute(_within(query, row, None, 1, span.since, span.until))
            return {each.start: each.contacts for each in counted}

    def registered(self, since: datetime, until: datetime) -> int:
        first, end = first_id_at(since), first_id_at(until)
        with reading(self._database) as connection:
            return connection.execute(_count, {"first": first, "end": end}).scalar_one()

    def waits(self, most: Mapping[str, int], *, span: HourSpan, now: datetime) -> list[SourceWaits]:
        stretch = {
            "first": _BEGINNING if span.since is None else _first_id_in(span.since),
            "end": _END if span.until is None else _first_id_in(span.until),
            "now": now,
        }
        with reading(self._database) as connection:
            return [
                source_waits(connection, key, number, **stretch) for key, number in most.items()
            ]


def buckets(span: HourSpan) -> Iterator[tuple[int, int | None, int | None]]:
    """Cut a span into stretches of counters: (hours of a counter, first start, end of starts).

    Whole days are read from the counters of days, the rest at both ends from those of hours.
    """
    first_day = None if span.since is None else -(-span.since // _DAY) * _DAY
    end_day = None if span.until is None else span.until // _DAY * _DAY
    if first_day is not None and end_day is not None and first_day >= end_day:
        yield 1, span.since, span.until
        return
    yield _DAY, first_day, end_day
    if span.since != first_day:
        yield 1, span.since, first_day
    if span.until != end_day:
        yield 1, end_day, span.until


def _registered(
    connection: Connection, sources: Collection[str] | None, span: HourSpan
) -> Mapping[str, int]:
    """Return how many contacts came in, by source; 0 for any other."""
    row = RegisteredCountRow
    query = select(row.source_key, cast(func.sum(row.contacts), BigInteger)).group_by(
        row.source_key
    )
    counted: Counter[str] = Counter()
    for hours, since, until in buckets(span):
        for key, number in connection.execute(_within(query, row, sources, hours, since, until)):
            counted[key] += number
    return counted


def _accounts(
    connection: Connection, views: Mapping[str, SourceView], span: HourSpan
) -> dict[str, dict[OperatorId, Moved] | None]:
    """Return what accounts have moved by and is not booked, by source; see `moved_within`."""
    found: dict[str, dict[OperatorId, Moved] | None] = {}
    for some in chunks([*views]):
        for row in connection.execute(_sources, {"keys": some}):
            weights = [(each.operator_id, each.weight) for each in views[row.key].allocations]
            source = source_of(row, weights)
            moved = [(each.operator_id, each.moved) for each in source.allocations]
            found[row.key] = moved_within(span, source.accounted_from, source.hour, moved)
    return found


def _assigned(
    sources: Collection[str] | None, hours: int, since: int | None, until: int | None
) -> AnySelect:
    row = AssignedCountRow
    query = (
        select(
            *(row.source_key, row.operator_id),
            *(cast(func.sum(each), BigInteger) for each in _COUNTED),
        )
        .group_by(row.source_key, row.operator_id)
        .order_by(row.source_key)
    )
    return _within(query, row, sources, hours, since, until)


def _within(
    query: AnySelect,
    row: type[RegisteredCountRow] | type[AssignedCountRow],
    sources: Collection[str] | None,
    hours: int,
    since: int | None,
    until: int | None,
) -> AnySelect:
    query = query.where(row.hours == hours)
    if sources is not None:
        query = query.where(row.source_key.in_(sources))
    if since is not None:
        query = query.where(row.start >= since)
    if until is not None:
        query = query.where(row.start < until)
    return query


def _first_id_in(hour: int) -> UUID:
    """Return the smallest id that can be made in an hour or later; `hour` may be any number."""
    return UUID(int=min(max(hour, 0) * 3_600_000, (1 << 48) - 1) << 80)


def _all_keys(connection: Connection) -> list[str]:
    return list(connection.execute(select(SourceRow.key).order_by(SourceRow.key)).scalars())
