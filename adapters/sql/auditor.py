"""Everything that is stored, streamed from one snapshot, for checking the invariants."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Connection, and_, cast, func, select
from sqlalchemy.orm import InstrumentedAttribute

from adapters.sql.decisions import decision_from_bytes, lineup_from_bytes
from adapters.sql.engine import Database
from adapters.sql.events import EVENTS_OF_ROW
from adapters.sql.operators import OPERATOR_COLUMNS, operator_of
from adapters.sql.reading import reading
from adapters.sql.sources import SOURCE_COLUMNS, source_of
from adapters.sql.tables import (
    COUNTED_HOURS,
    AllocationRow,
    AssignedCountRow,
    ContactRow,
    DecisionRow,
    DeliveryRow,
    DueRow,
    EndpointRow,
    EventRow,
    IdentityRow,
    LeadRow,
    LineupRow,
    PurgedAssignedRow,
    PurgedRegisteredRow,
    RegisteredCountRow,
    SourceRow,
    TransferRow,
)
from application.ports.auditor import Auditor, ContactFact, EndpointFact, Facts, LastEvent
from domain.account import Moved
from domain.endpoint import EndpointState
from domain.event_type import EventType
from domain.ids import ContactId, LeadId, OperatorId
from domain.operator import Operator
from domain.source import Source

_ROWS = 1000
"""Rows held in memory at a time."""


class SqlAuditor(Auditor):
    """See `application.ports.auditor.Auditor`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def facts(self) -> Iterator[Facts]:
        with reading(self._database) as connection:
            yield SqlFacts(connection)

    def defects(self) -> Iterator[str]:
        with reading(self._database) as connection:
            if connection.dialect.name == "sqlite":
                yield from _defects_of_file(connection)
            for key, credits, booked, meanwhile, allocated in connection.execute(
                select(
                    *(SourceRow.key, SourceRow.credits, SourceRow.booked, SourceRow.meanwhile),
                    func.count(AllocationRow.operator_id),
                )
                .outerjoin(AllocationRow, AllocationRow.source_key == SourceRow.key)
                .group_by(SourceRow.key)
            ):
                if not len(credits) == len(booked) == len(meanwhile) / 2 == allocated:
                    yield (
                        f"source {key} has {len(credits)} credits, {len(booked)} booked and "
                        f"{len(meanwhile)} counters for {allocated} allocations"
                    )


def _defects_of_file(connection: Connection) -> Iterator[str]:
    """Ask SQLite itself; a server takes care of such things by its own means."""
    for (problem,) in connection.exec_driver_sql("PRAGMA quick_check"):
        if problem != "ok":
            yield f"the file is damaged: {problem}"
    for table, _, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield f"a row of {table} refers to a row of {parent} that does not exist"


class SqlFacts(Facts):
    """See `application.ports.auditor.Facts`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection.execution_options(yield_per=_ROWS)

    def operators(self) -> Iterable[Operator]:
        for row in self._connection.execute(select(*OPERATOR_COLUMNS)):
            yield operator_of(row)

    def sources(self) -> Iterable[Source]:
        allocated = defaultdict(list)
        for row in self._connection.execute(
            select(*AllocationRow.__table__.columns).order_by(AllocationRow.operator_id)
        ):
            allocated[row.source_key].append(row)
        for found in self._connection.execute(select(*SOURCE_COLUMNS)):
            *columns, credits, booked, meanwhile, hour = found
            weights = [(each.operator_id, each.weight) for each in allocated[columns[0]]]
            # Too few credits, or too many, are reported as a defect of the storage.
            padded = [
                each[:number] + (0,) * (number - len(each))
                for each, number in (
                    *((credits, len(weights)), (booked, len(weights))),
                    (meanwhile, 2 * len(weights)),
                )
            ]
            yield source_of([*columns, *padded, hour], weights)

    def due(self, kind: str) -> Iterable[str]:
        yield from self._connection.scalars(select(DueRow.subject).where(DueRow.kind == kind))

    def contacts(self) -> Iterator[ContactFact]:
        last_transfer = (
            select(TransferRow.operator_id)
            .where(TransferRow.contact_id == ContactRow.id)
            .order_by(TransferRow.number.desc())
            .limit(1)
            .scalar_subquery()
        )
        lineup_of = lru_cache(maxsize=256)(lineup_from_bytes)
        for row in self._connection.execute(
            select(
                ContactRow.id,
                ContactRow.source_key,
                ContactRow.state,
                ContactRow.operator_id,
                ContactRow.assigned_at,
                ContactRow.closed_at,
                DecisionRow.decision,
                LineupRow.lineup,
                last_transfer.label("transferred_to"),
            )
            .outerjoin(DecisionRow, DecisionRow.contact_id == ContactRow.id)
            .outerjoin(LineupRow, LineupRow.digest == DecisionRow.lineup)
        ):
            yield ContactFact(
                ContactId(row.id),
                row.source_key,
                row.state,
                row.operator_id,
                row.assigned_at,
                row.closed_at,
                None
                if row.decision is None
                else decision_from_bytes(row.decision, lineup_of(row.lineup)),
                row.transferred_to,
            )

    def numbering(self) -> tuple[int, int, int]:
        first, last, number = self._connection.execute(
            select(
                func.min(EventRow.seq),
                func.max(EventRow.seq + EVENTS_OF_ROW - 1),
                cast(func.sum(EVENTS_OF_ROW), BigInteger),
            )
        ).one()
        return first or 0, last or 0, number or 0

    def last_events(self) -> Iterator[LastEvent]:
        last = (
            select(func.max(EventRow.seq).label("seq"))
            .where(EventRow.contact_id.is_not(None), EventRow.type != EventType.CONTACT_ERASED)
            .group_by(EventRow.contact_id)
            .subquery()
        )
        found = (
            select(
                EventRow.contact_id,
                EventRow.type,
                EventRow.operator_id,
                ContactRow.state,
                ContactRow.operator_id,
            )
            .join(last, last.c.seq == EventRow.seq)
            .join(ContactRow, ContactRow.id == EventRow.contact_id)
        )
        rows: Any = self._connection.execute(found)
        yield from (LastEvent(*row) for row in rows)

    def endpoints(self) -> Iterator[EndpointFact]:
        pending = and_(DeliveryRow.endpoint_id == EndpointRow.id, DeliveryRow.at.is_not(None))
        found = (
            select(EndpointRow.id, EndpointRow.cursor, func.min(DeliveryRow.seq))
            .outerjoin(DeliveryRow, pending)
            .where(EndpointRow.state == EndpointState.ENABLED.value)
            .group_by(EndpointRow.id, EndpointRow.cursor)
        )
        rows: Any = self._connection.execute(found)
        yield from (EndpointFact(*row) for row in rows)

    def registered(self) -> Iterator[Mapping[str, int]]:
        row = RegisteredCountRow
        for hours in COUNTED_HOURS:
            counted = self._connection.execute(
                select(row.source_key, cast(func.sum(row.contacts), BigInteger))
                .where(row.hours == hours)
                .group_by(row.source_key)
            )
            yield {each[0]: each[1] for each in counted}

    def assigned(self) -> Iterator[Mapping[tuple[str, OperatorId], int]]:
        for counted in self._given(AssignedCountRow.contacts):
            yield {where: number for where, (number,) in counted.items()}

    def accounts(self) -> Iterator[Mapping[tuple[str, OperatorId], Moved]]:
        row = AssignedCountRow
        for counted in self._given(row.owed, row.while_full, row.while_unavailable):
            yield {where: Moved(*moved) for where, moved in counted.items()}

    def _given(
        self, *columns: InstrumentedAttribute[int]
    ) -> Iterator[Mapping[tuple[str, OperatorId], Sequence[int]]]:
        row = AssignedCountRow
        sums = [cast(func.sum(each), BigInteger) for each in columns]
        for hours in COUNTED_HOURS:
            counted = self._connection.execute(
                select(row.source_key, row.operator_id, *sums)
                .where(row.hours == hours)
                .group_by(row.source_key, row.operator_id)
            )
            yield {(each[0], OperatorId(each[1])): each[2:] for each in counted}

    def purged_registered(self) -> Mapping[str, int]:
        row = PurgedRegisteredRow
        counted = self._connection.execute(select(row.source_key, row.contacts))
        return {each[0]: each[1] for each in counted}

    def purged_assigned(self) -> Mapping[tuple[str, OperatorId], int]:
        row = PurgedAssignedRow
        counted = self._connection.execute(select(row.source_key, row.operator_id, row.contacts))
        return {(each[0], OperatorId(each[1])): each[2] for each in counted}

    def identities(self) -> Iterator[tuple[str, LeadId, bool]]:
        for key, lead_id, found in self._connection.execute(
            select(IdentityRow.key, IdentityRow.lead_id, LeadRow.id)
            .outerjoin(LeadRow, LeadRow.id == IdentityRow.lead_id)
            .order_by(IdentityRow.key)
        ):
            yield key, LeadId(lead_id), found is not None
