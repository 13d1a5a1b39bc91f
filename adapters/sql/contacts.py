"""Contacts, their decisions and their transfers, into SQL."""

import heapq
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from adapters.sql.contact_reader import (
    CONTACT_COLUMNS,
    CONTACT_VIEWS,
    contact_view,
    lead_ids,
    stored_key,
    unknown_contact,
)
from adapters.sql.decisions import encode
from adapters.sql.kept import Kept
from adapters.sql.prepared import Prepared, PreparedInsert, among
from adapters.sql.purging import remove_closed
from adapters.sql.reading import AnyRow, chunks
from adapters.sql.tables import (
    ContactRow,
    DecisionRow,
    IdempotencyKeyRow,
    LineupRow,
    TransferRow,
)
from adapters.sql.unread import UNREAD, add_unread, unread_identities
from application.ports.contacts import Contacts, ContactView, Keyed, Purged
from domain.contact import Contact, ContactState
from domain.decision import Decision, Lineup
from domain.ids import ContactId, OperatorId

_get = select(*CONTACT_COLUMNS, UNREAD).where(ContactRow.id == bindparam("contact_id"))
_oldest_waiting = (
    select(*CONTACT_COLUMNS, UNREAD)
    .where(ContactRow.source_key == bindparam("key"), ContactRow.state == ContactState.WAITING)
    .order_by(ContactRow.id)
    .limit(bindparam("most"))
)
_taken_keys = Prepared(
    select(
        IdempotencyKeyRow.key, IdempotencyKeyRow.contact_id, IdempotencyKeyRow.fingerprint
    ).where(among(IdempotencyKeyRow.key, "keys")),
    "keys",
)
_views = CONTACT_VIEWS.where(ContactRow.id.in_(bindparam("ids", expanding=True)))
_insert_contact = PreparedInsert(
    ContactRow, *(each.key for each in CONTACT_COLUMNS if each.key != "closed_at")
)
_insert_lineup = PreparedInsert(LineupRow, "digest", "lineup", existing="kept")
_insert_decision = PreparedInsert(DecisionRow, "contact_id", "lineup", "decision")
_insert_key = PreparedInsert(IdempotencyKeyRow, "key", "contact_id", "fingerprint")
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
    """See `application.ports.contacts.Contacts`."""

    def __init__(self, connection: Connection, kept: Kept) -> None:
        self._connection = connection
        self._kept = kept
        self.removed = False
        """Whether something that somebody has written has been removed."""

    def get(self, contact_id: ContactId) -> Contact:
        row = self._connection.execute(_get, {"contact_id": contact_id}).one_or_none()
        if row is None:
            raise unknown_contact(contact_id)
        return _contact(row)

    def view(self, contact_id: ContactId) -> ContactView:
        row = self._connection.execute(_views, {"ids": [contact_id]}).one_or_none()
        if row is None:
            raise unknown_contact(contact_id)
        return contact_view(row)

    def keyed(self, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Keyed]:
        slots = {stored_key(*slot): slot for slot in keys}
        # As a rule none of them: a key comes again only when an answer was lost.
        taken = _taken_keys.fetch(self._connection, list(slots))
        views = {
            row.id: contact_view(row)
            for some in chunks([contact_id for _, contact_id, _ in taken])
            for row in self._connection.execute(_views, {"ids": some})
        }
        return {
            slots[key]: Keyed(fingerprint, views[contact_id])
            for key, contact_id, fingerprint in taken
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
                )
                for each, _ in contacts
            ],
        )
        add_unread(self._connection, [each for each, _ in contacts if each.unread])
        self._add_decisions(contacts, self._kept.lineups)
        if keys:
            _insert_key.run(
                self._connection,
                [
                    (stored_key(each.source_key, keys[each.id][0]), each.id, keys[each.id][1])
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
        # Made on a dispatch that nobody keeps: its lineups would only pile up among those kept.
        self._add_decisions(contacts, {})

    def save_closed(self, contact: Contact) -> None:
        self._connection.execute(
            _save_closed,
            {"contact_id": contact.id, "state": contact.state, "closed_at": contact.closed_at},
        )

    def save_transferred(self, contact: Contact, previous: OperatorId | None, at: datetime) -> None:
        self._connection.execute(_save_operator, _operator_columns(contact))
        number = self._connection.execute(
            select(func.count()).where(TransferRow.contact_id == contact.id)
        ).scalar_one()
        self._connection.execute(
            _insert_transfer,
            {
                "contact_id": contact.id,
                "number": number + 1,
                "at": at,
                "previous_id": previous,
                "operator_id": contact.operator_id,
            },
        )

    def remove_closed(self, before: datetime, *, after: ContactId | None, limit: int) -> Purged:
        self.removed = True
        return remove_closed(self._connection, before, after, limit)

    def _add_decisions(
        self,
        contacts: Sequence[tuple[Contact, Decision | None]],
        stored: dict[int, tuple[Lineup, bytearray]],
    ) -> None:
        encoded = encode(
            [(contact.id, decision) for contact, decision in contacts if decision is not None],
            stored,
        )
        _insert_lineup.run(self._connection, encoded.lineups)
        _insert_decision.run(self._connection, encoded.decisions)


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
        lead_ids(row.conflicts),
        unread_identities(row.unread),
        row.state,
        row.operator_id,
        row.assigned_at,
        row.closed_at,
    )
