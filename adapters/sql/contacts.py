"""Contacts, their decisions and their transfers in SQL."""

import heapq
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    bindparam,
    func,
    insert,
    select,
    union_all,
    update,
)
from sqlalchemy.orm import aliased

from adapters.sql.decisions import decision_from_bytes, encode, lineup_from_bytes
from adapters.sql.engine import ReadDatabase
from adapters.sql.kept import Kept
from adapters.sql.prepared import PreparedInsert
from adapters.sql.purging import remove_closed
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
from application.ports import ContactReader, Contacts, Keyed, Purged
from application.views import (
    ContactExport,
    ContactFilter,
    ContactLead,
    ContactView,
    DecisionView,
    OperatorRef,
    Page,
    Transfer,
)
from domain.contact import Contact, ContactState
from domain.decision import Decision
from domain.errors import NoDecision, UnknownContact
from domain.ids import ContactId, LeadId, OperatorId, first_id_at

_CONTACT = (
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
)
_get = select(*_CONTACT).where(ContactRow.id == bindparam("contact_id"))
_oldest_waiting = (
    select(*_CONTACT)
    .where(ContactRow.source_key == bindparam("key"), ContactRow.state == ContactState.WAITING)
    .order_by(ContactRow.id)
    .limit(bindparam("most"))
)
_view = (
    select(*_CONTACT, LeadRow.name.label("lead_name"), OperatorRow.name.label("operator_name"))
    .join(LeadRow, LeadRow.id == ContactRow.lead_id)
    .outerjoin(OperatorRow, OperatorRow.id == ContactRow.operator_id)
)
_keyed = (
    _view.add_columns(IdempotencyKeyRow.key, IdempotencyKeyRow.fingerprint)
    .join(IdempotencyKeyRow, IdempotencyKeyRow.contact_id == ContactRow.id)
    .where(IdempotencyKeyRow.key.in_(bindparam("keys", expanding=True)))
)
_insert_contact = PreparedInsert(ContactRow, *(each.key for each in _CONTACT))
_insert_lineup = PreparedInsert(LineupRow, "digest", "lineup", existing="kept")
_insert_decision = PreparedInsert(DecisionRow, "contact_id", "lineup", "decision")
_insert_key = PreparedInsert(IdempotencyKeyRow, "key", "contact_id", "fingerprint")
_exported = (
    _view.add_columns(IdempotencyKeyRow.key)
    .outerjoin(IdempotencyKeyRow, IdempotencyKeyRow.contact_id == ContactRow.id)
    .where(ContactRow.lead_id == bindparam("lead_id"))
    .order_by(ContactRow.id.desc())
)
_insert_transfer = insert(TransferRow)
_save_operator = (
    update(ContactRow)
    .where(ContactRow.id == bindparam("contact_id"))
    .values(
        state=bindparam("state"),
        operator_id=bindparam("operator_id"),
        assigned_at=bindparam("assigned_at"),
    )
)
_save_closed = (
    update(ContactRow)
    .where(ContactRow.id == bindparam("contact_id"))
    .values(state=bindparam("state"), closed_at=bindparam("closed_at"))
)


class SqlContacts(Contacts):
    """See `application.ports.Contacts`."""

    def __init__(self, connection: Connection, kept: Kept) -> None:
        self._connection = connection
        self._kept = kept

    def get(self, contact_id: ContactId) -> Contact:
        row = self._connection.execute(_get, {"contact_id": contact_id}).one_or_none()
        if row is None:
            raise _unknown(contact_id)
        return _contact(row)

    def keyed(self, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Keyed]:
        slots = {_stored_key(*slot): slot for slot in keys}
        return {
            slots[row.key]: Keyed(row.fingerprint, _contact_view(row))
            for some in chunks(list(slots))
            for row in self._connection.execute(_keyed, {"keys": some})
        }

    def add(
        self,
        contacts: Sequence[tuple[Contact, Decision | None]],
        keys: Mapping[ContactId, tuple[str, bytes]],
    ) -> None:
        _insert_contact.run(
            self._connection,
            [
                (
                    each.id,
                    each.source_key,
                    each.lead_id,
                    each.created_at,
                    each.payload,
                    each.lead_created,
                    b"".join(lead.bytes for lead in each.conflicts) if each.conflicts else None,
                    each.state,
                    each.operator_id,
                    each.assigned_at,
                    each.closed_at,
                )
                for each, _ in contacts
            ],
        )
        self._add_decisions(contacts)
        if keys:
            _insert_key.run(
                self._connection,
                [
                    (_stored_key(each.source_key, keys[each.id][0]), each.id, keys[each.id][1])
                    for each, _ in contacts
                    if each.id in keys
                ],
            )

    def oldest_waiting(self, source_keys: Sequence[str], limit: int) -> list[Contact]:
        # A query for each source walks no further than `limit` along the index; one query for
        # all of them would sort everything that waits.
        queues = [
            self._connection.execute(_oldest_waiting, {"key": key, "most": limit}).all()
            for key in source_keys
        ]
        oldest = heapq.merge(*queues, key=lambda row: row.id)
        return [_contact(row) for row in islice(oldest, limit)]

    def save_handed_out(self, contacts: Sequence[tuple[Contact, Decision]]) -> None:
        self._connection.execute(
            _save_operator, [_operator_columns(contact) for contact, _ in contacts]
        )
        self._add_decisions(contacts)

    def save_closed(self, contact: Contact) -> None:
        self._connection.execute(
            _save_closed,
            {"contact_id": contact.id, "state": contact.state, "closed_at": contact.closed_at},
        )

    def save_transferred(self, contact: Contact, previous: OperatorId | None) -> None:
        self._connection.execute(_save_operator, _operator_columns(contact))
        number = self._connection.execute(
            select(func.count()).where(TransferRow.contact_id == contact.id)
        ).scalar_one()
        self._connection.execute(
            _insert_transfer,
            {
                "contact_id": contact.id,
                "number": number + 1,
                "at": contact.assigned_at,
                "previous_id": previous,
                "operator_id": contact.operator_id,
            },
        )

    def remove_closed(self, before: datetime, *, after: ContactId | None, limit: int) -> Purged:
        return remove_closed(self._connection, before, after, limit)

    def _add_decisions(self, contacts: Sequence[tuple[Contact, Decision | None]]) -> None:
        encoded = encode(
            [(contact.id, decision) for contact, decision in contacts if decision is not None],
            self._kept.lineups,
        )
        _insert_lineup.run(self._connection, encoded.lineups)
        _insert_decision.run(self._connection, encoded.decisions)


class SqlContactReader(ContactReader):
    """See `application.ports.ContactReader`."""

    def __init__(self, database: ReadDatabase) -> None:
        self._database = database

    def contact(self, contact_id: ContactId) -> ContactView:
        with reading(self._database) as connection:
            row = connection.execute(_view.where(ContactRow.id == contact_id)).one_or_none()
        if row is None:
            raise _unknown(contact_id)
        return _contact_view(row)

    def contacts(
        self, where: ContactFilter, *, limit: int, after: ContactId | None
    ) -> Page[ContactView]:
        newest = _filtered(select(ContactRow.id), where)
        if after is not None:
            newest = newest.where(ContactRow.id < after)
        newest = newest.order_by(ContactRow.id.desc()).limit(limit + 1)
        ids: Select[UUID] | CompoundSelect[UUID] = newest
        if where.state is None and where.lead_id is None:
            # An index goes by state; of each state come the newest, and of these the newest.
            by_state = [
                newest.where(ContactRow.state == state).subquery() for state in ContactState
            ]
            ids = union_all(*(select(each.c.id) for each in by_state))
        query = _view.where(ContactRow.id.in_(ids)).order_by(ContactRow.id.desc()).limit(limit + 1)
        with reading(self._database) as connection:
            rows = connection.execute(query).all()
        return Page([_contact_view(row) for row in rows[:limit]], len(rows) > limit)

    def decision(self, contact_id: ContactId) -> DecisionView:
        with reading(self._database) as connection:
            if connection.execute(_get, {"contact_id": contact_id}).one_or_none() is None:
                raise _unknown(contact_id)
            row = connection.execute(
                select(DecisionRow.decision, LineupRow.lineup)
                .join(LineupRow, LineupRow.digest == DecisionRow.lineup)
                .where(DecisionRow.contact_id == contact_id)
            ).one_or_none()
            decision = row and decision_from_bytes(row.decision, lineup_from_bytes(row.lineup))
            transfers = _transfers(connection, TransferRow.contact_id == contact_id)[contact_id]
            if decision is None and not transfers:
                raise NoDecision(
                    "nobody has been given this contact, so there is nothing to explain; if it "
                    "waits, it is handed out as soon as an operator is eligible."
                )
            names = _names(connection, decision.lineup.operator_ids if decision else [])
        return DecisionView(contact_id, decision, names, transfers)


def contact_exports(connection: Connection, lead_id: LeadId) -> list[ContactExport]:
    """Return all contacts of a lead, the newest first."""
    transfers = _transfers(
        connection,
        TransferRow.contact_id.in_(select(ContactRow.id).where(ContactRow.lead_id == lead_id)),
    )
    return [
        ContactExport(
            _contact_view(row),
            row.key and row.key.removeprefix(_stored_key(row.source_key, "")),
            transfers[row.id],
        )
        for row in connection.execute(_exported, {"lead_id": lead_id})
    ]


def _filtered(query: AnySelect, where: ContactFilter) -> AnySelect:
    if where.source is not None:
        query = query.where(ContactRow.source_key == where.source)
    if where.operator_id is not None:
        query = query.where(ContactRow.operator_id == where.operator_id)
    if where.lead_id is not None:
        query = query.where(ContactRow.lead_id == where.lead_id)
    if where.state is not None:
        query = query.where(ContactRow.state == where.state)
    if where.since is not None:
        query = query.where(ContactRow.id >= first_id_at(where.since))
    if where.until is not None:
        query = query.where(ContactRow.id < first_id_at(where.until))
    return query


def _transfers(
    connection: Connection, which: ColumnElement[bool]
) -> Mapping[ContactId, list[Transfer]]:
    """Return transfers by contact, in the order in which they happened; none if there were none."""
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


def _stored_key(source_key: str, idempotency_key: str) -> str:
    return f"{source_key}:{idempotency_key}"


def _operator_columns(contact: Contact) -> dict[str, Any]:
    return {
        "contact_id": contact.id,
        "state": contact.state,
        "operator_id": contact.operator_id,
        "assigned_at": contact.assigned_at,
    }


def _contact(row: AnyRow) -> Contact:
    return Contact(
        row.id,
        row.source_key,
        row.lead_id,
        row.created_at,
        row.payload,
        row.lead_created,
        _lead_ids(row.conflicts),
        row.state,
        row.operator_id,
        row.assigned_at,
        row.closed_at,
    )


def _contact_view(row: AnyRow) -> ContactView:
    return ContactView(
        row.id,
        row.state,
        row.source_key,
        ContactLead(row.lead_id, row.lead_name, row.lead_created, _lead_ids(row.conflicts)),
        None if row.operator_id is None else OperatorRef(row.operator_id, row.operator_name),
        None if row.payload is None else json.loads(row.payload),
        row.created_at,
        row.assigned_at,
        row.closed_at,
    )


def _lead_ids(encoded: bytes | None) -> tuple[LeadId, ...]:
    if not encoded:
        return ()
    return tuple(
        LeadId(UUID(bytes=encoded[start : start + 16])) for start in range(0, len(encoded), 16)
    )


def _unknown(contact_id: ContactId) -> UnknownContact:
    return UnknownContact(f"no contact has the id {contact_id}.")
