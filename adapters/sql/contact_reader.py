"""Reads contacts for display, with their decisions and transfers, from SQL."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    bindparam,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import aliased

from adapters.sql.columns import Queued
from adapters.sql.decisions import decision_from_bytes, lineup_from_bytes, stored_lineups
from adapters.sql.engine import ReadDatabase
from adapters.sql.reading import AnyRow, AnySelect, chunks, reading
from adapters.sql.tables import (
    ContactRow,
    DecisionRow,
    IdempotencyKeyRow,
    LeadRow,
    LineupRow,
    OperatorRow,
    TransferRow,
)
from adapters.sql.unread import UNREAD, unread_identities
from application.ports.contacts import (
    ContactExport,
    ContactFilter,
    ContactLead,
    ContactReader,
    ContactView,
    DecisionView,
    Step,
    Transfer,
    history_of,
)
from application.ports.operators import OperatorRef
from application.ports.paging import Page
from domain.contact import ContactState
from domain.decision import Decision
from domain.errors import NoDecision, UnknownContact
from domain.ids import ContactId, LeadId, OperatorId, first_id_at

CONTACT_COLUMNS: Final = (
    ContactRow.id,
    ContactRow.source_key,
    ContactRow.lead_id,
    ContactRow.created_at,
    ContactRow.payload,
    ContactRow.lead_created,
    ContactRow.conflicts,
    ContactRow.state,
    ContactRow.operator_id,
    ContactRow.assigned_at,
    ContactRow.closed_at,
    ContactRow.rank,
)
CONTACT_VIEWS: Final = (
    select(
        *CONTACT_COLUMNS,
        UNREAD,
        LeadRow.name.label("lead_name"),
        OperatorRow.name.label("operator_name"),
    )
    .join(LeadRow, LeadRow.id == ContactRow.lead_id)
    .outerjoin(OperatorRow, OperatorRow.id == ContactRow.operator_id)
)
_exists = select(ContactRow.id).where(ContactRow.id == bindparam("contact_id"))
_decided = (
    select(DecisionRow.decision, LineupRow.lineup)
    .join(LineupRow, LineupRow.digest == DecisionRow.lineup)
    .where(DecisionRow.contact_id == bindparam("contact_id"))
)
_exported = (
    CONTACT_VIEWS.add_columns(IdempotencyKeyRow.key)
    .outerjoin(IdempotencyKeyRow, IdempotencyKeyRow.contact_id == ContactRow.id)
    .where(ContactRow.lead_id == bindparam("lead_id"))
    .order_by(ContactRow.id.desc())
)


class SqlContactReader(ContactReader):
    """See `application.ports.contacts.ContactReader`."""

    def __init__(self, database: ReadDatabase) -> None:
        self._database = database

    def contact(self, contact_id: ContactId, *, source: str | None = None) -> ContactView:
        with reading(self._database) as connection:
            return _contact(connection, contact_id, source)

    def contacts(
        self,
        where: ContactFilter,
        *,
        limit: int,
        after: ContactId | None,
        oldest_first: bool = False,
    ) -> Page[ContactView]:
        first = _filtered(select(ContactRow.id), where)
        if after is not None:
            first = first.where(ContactRow.id > after if oldest_first else ContactRow.id < after)
        order = ContactRow.id.asc() if oldest_first else ContactRow.id.desc()
        first = first.order_by(order).limit(limit + 1)
        query = (
            CONTACT_VIEWS.where(ContactRow.id.in_(_in_states(first, where)))
            .order_by(order)
            .limit(limit + 1)
        )
        with reading(self._database) as connection:
            rows = connection.execute(query).all()
        return Page([contact_view(row) for row in rows[:limit]], len(rows) > limit)

    def queue(
        self, source: str | None, *, limit: int, after: ContactId | None = None
    ) -> Page[ContactView]:
        query = CONTACT_VIEWS.limit(limit + 1)
        if source is None:
            query = query.where(ContactRow.state == ContactState.WAITING).order_by(ContactRow.id)
            if after is not None:
                query = query.where(ContactRow.id > after)
        else:
            place = ContactRow.rank, ContactRow.id
            query = query.where(Queued(), ContactRow.source_key == source).order_by(*place)
            if after is not None:
                passed = aliased(ContactRow)
                last = select(passed.rank, passed.id).where(passed.id == after)
                query = query.where(tuple_(*place) > last.scalar_subquery())
        with reading(self._database) as connection:
            rows = connection.execute(query).all()
        return Page([contact_view(row) for row in rows[:limit]], len(rows) > limit)

    def decisions(self, source: str, *, limit: int) -> list[Decision]:
        # Waiting contacts have none: a search among them would walk the whole queue and find
        # nothing. Nor do those that a person transferred or closed while they waited; they are
        # skipped.
        decided = (
            select(ContactRow.id)
            .join(DecisionRow, DecisionRow.contact_id == ContactRow.id)
            .where(ContactRow.source_key == source)
            .order_by(ContactRow.id.desc())
            .limit(limit)
        )
        by_state = [
            decided.where(ContactRow.state == state).subquery()
            for state in (ContactState.ASSIGNED, ContactState.CLOSED)
        ]
        query = (
            select(DecisionRow.lineup, DecisionRow.decision)
            .where(DecisionRow.contact_id.in_(union_all(*(select(each.c.id) for each in by_state))))
            .order_by(DecisionRow.contact_id.desc())
            .limit(limit)
        )
        with reading(self._database) as connection:
            rows = connection.execute(query).all()
            lineups = stored_lineups(connection, (row.lineup for row in rows))
        return [decision_from_bytes(row.decision, lineups[row.lineup]) for row in reversed(rows)]

    def decision(self, contact_id: ContactId) -> DecisionView:
        with reading(self._database) as connection:
            if connection.execute(_exists, {"contact_id": contact_id}).one_or_none() is None:
                raise unknown_contact(contact_id)
            decision = _decision(connection, contact_id)
            transfers = _transfers(connection, TransferRow.contact_id == contact_id)[contact_id]
            if decision is None and not transfers:
                raise NoDecision(
                    "no operator has been given this contact, so there is nothing to explain; if "
                    "it is waiting, it is handed out as soon as an operator is eligible."
                )
            names = _names(connection, decision.lineup.operator_ids if decision else [])
        return DecisionView(contact_id, decision, names, transfers)

    def history(self, contact_id: ContactId, *, source: str | None = None) -> list[Step]:
        with reading(self._database) as connection:
            contact = _contact(connection, contact_id, source)
            decision = _decision(connection, contact_id)
            names = _names(connection, [decision.picked] if decision else [])
            transfers = _transfers(connection, TransferRow.contact_id == contact_id)[contact_id]
        return history_of(contact, decision, names, transfers)


def contact_exports(
    connection: Connection, lead_id: LeadId, limit: int, after: ContactId | None
) -> list[ContactExport]:
    """Return up to `limit` contacts of a lead, the newest first, from the one after `after` on."""
    query = _exported if after is None else _exported.where(ContactRow.id < after)
    rows = connection.execute(query.limit(limit), {"lead_id": lead_id}).all()
    if not rows:
        return []
    first, last = rows[-1].id, rows[0].id
    transfers = _transfers(
        connection,
        TransferRow.contact_id.in_(
            select(ContactRow.id).where(
                ContactRow.lead_id == lead_id, ContactRow.id.between(first, last)
            )
        ),
    )
    return [
        ContactExport(
            contact_view(row),
            row.key and row.key.removeprefix(stored_key(row.source_key, "")),
            transfers[row.id],
        )
        for row in rows
    ]


def _contact(connection: Connection, contact_id: ContactId, source: str | None) -> ContactView:
    query = CONTACT_VIEWS.where(ContactRow.id == contact_id)
    if source is not None:
        query = query.where(ContactRow.source_key == source)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise unknown_contact(contact_id)
    return contact_view(row)


def _decision(connection: Connection, contact_id: ContactId) -> Decision | None:
    row = connection.execute(_decided, {"contact_id": contact_id}).one_or_none()
    return row and decision_from_bytes(row.decision, lineup_from_bytes(row.lineup))


def _filtered(query: AnySelect, where: ContactFilter) -> AnySelect:
    if where.source is not None:
        query = query.where(ContactRow.source_key == where.source)
    if where.operator_id is not None:
        query = query.where(ContactRow.operator_id == where.operator_id)
    if where.leads is not None:
        query = query.where(ContactRow.lead_id.in_(where.leads))
    if where.since is not None:
        query = query.where(ContactRow.id >= first_id_at(where.since))
    if where.until is not None:
        query = query.where(ContactRow.id < first_id_at(where.until))
    return query


def _in_states(first: Select[UUID], where: ContactFilter) -> Select[UUID] | CompoundSelect[UUID]:
    """Narrow a list to its states: the indexes go by state, except the one by lead."""
    states = [each for each in ContactState if not where.states or each in where.states]
    if where.leads is not None:
        return first.where(ContactRow.state.in_(states)) if where.states else first
    by_state = [first.where(ContactRow.state == state) for state in states]
    if len(by_state) == 1:
        return by_state[0]
    # The first of each state; the caller takes the first of these.
    return union_all(*(select(each.subquery().c.id) for each in by_state))


def _transfers(
    connection: Connection, which: ColumnElement[bool]
) -> Mapping[ContactId, list[Transfer]]:
    """Return transfers by contact, in order of time; an empty list for a contact without any."""
    previous, operator = aliased(OperatorRow), aliased(OperatorRow)
    rows = connection.execute(
        select(
            TransferRow.contact_id,
            TransferRow.at,
            TransferRow.previous_id,
            previous.name.label("previous_name"),
            TransferRow.operator_id,
            operator.name.label("operator_name"),
        )
        .join(operator, operator.id == TransferRow.operator_id)
        .outerjoin(previous, previous.id == TransferRow.previous_id)
        .where(which)
        .order_by(TransferRow.contact_id, TransferRow.number)
    )
    found: defaultdict[ContactId, list[Transfer]] = defaultdict(list)
    for row in rows:
        previous_ref = row.previous_id and OperatorRef(row.previous_id, row.previous_name)
        found[row.contact_id].append(
            Transfer(row.at, previous_ref, OperatorRef(row.operator_id, row.operator_name))
        )
    return found


def _names(connection: Connection, operator_ids: Sequence[OperatorId]) -> dict[OperatorId, str]:
    return {
        row.id: row.name
        for some in chunks(operator_ids)
        for row in connection.execute(
            select(OperatorRow.id, OperatorRow.name).where(OperatorRow.id.in_(some))
        )
    }


def stored_key(source_key: str, idempotency_key: str) -> str:
    """Join the two as `IdempotencyKeyRow.key` holds them."""
    return f"{source_key}:{idempotency_key}"


def contact_view(row: AnyRow) -> ContactView:
    """Return the view of a row of CONTACT_VIEWS."""
    return ContactView(
        row.id,
        row.state,
        row.source_key,
        ContactLead(
            row.lead_id,
            row.lead_name,
            row.lead_created,
            lead_ids(row.conflicts),
            unread_identities(row.unread),
        ),
        None if row.operator_id is None else OperatorRef(row.operator_id, row.operator_name),
        None if row.payload is None else json.loads(row.payload),
        row.created_at,
        row.assigned_at,
        row.closed_at,
    )


def lead_ids(encoded: bytes | None) -> tuple[LeadId, ...]:
    """Read what `ContactRow.conflicts` holds: ids, 16 bytes each."""
    if not encoded:
        return ()
    return tuple(
        LeadId(UUID(bytes=encoded[start : start + 16])) for start in range(0, len(encoded), 16)
    )


def unknown_contact(contact_id: ContactId) -> UnknownContact:
    """Return the error for a contact that does not exist."""
    return UnknownContact(f"no contact has the id {contact_id}.")
