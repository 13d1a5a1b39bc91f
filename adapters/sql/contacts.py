"""Writes contacts, their decisions and their transfers to SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    bindparam,
    cast,
    func,
    insert,
    literal_column,
    select,
    update,
)

from adapters.sql.columns import Id, Moment, Queued
from adapters.sql.contact_reader import (
    CONTACT_COLUMNS,
    lead_ids,
    stored_key,
)
from adapters.sql.decisions import encode
from adapters.sql.kept import Kept
from adapters.sql.prepared import Prepared, PreparedInsert, among, among_ids, fetch_all
from adapters.sql.purging import remove_closed
from adapters.sql.tables import (
    ContactRow,
    DecisionRow,
    IdempotencyKeyRow,
    LeadRow,
    LineupRow,
    TransferRow,
)
from adapters.sql.unread import UNREAD, add_unread, unread_identities
from application.ports.contacts import Contacts, Found, Keyed, Purged
from domain.contact import Contact, Place
from domain.decision import Decision
from domain.events import Assigned, Closed, Event, Registered, Transferred
from domain.ids import ContactId

_found = select(*CONTACT_COLUMNS, UNREAD, LeadRow.name).join(
    LeadRow, LeadRow.id == ContactRow.lead_id
)
_find = Prepared(_found.where(among_ids(ContactRow.id, "ids")), "ids")
_oldest_waiting = Prepared(
    _found.where(ContactRow.source_key == bindparam("key"), Queued())
    .order_by(ContactRow.rank, ContactRow.id)
    .limit(bindparam("most"))
    # Without it, SQLite's dialect would add an offset parameter.
    .offset(bindparam("passed_over")),
    *("key", "most", "passed_over"),
)
_later = Prepared(
    select(ContactRow.rank, ContactRow.id)
    .where(Queued(), ContactRow.rank > bindparam("moment"))
    .order_by(ContactRow.rank, ContactRow.id),
    "moment",
)
_save_rank = Prepared(
    update(ContactRow).where(ContactRow.id == bindparam("contact")).values(rank=bindparam("rank")),
    *("rank", "contact"),
)
_taken_keys = Prepared(
    select(
        IdempotencyKeyRow.key, IdempotencyKeyRow.contact_id, IdempotencyKeyRow.fingerprint
    ).where(among(IdempotencyKeyRow.key, "keys")),
    "keys",
)
_insert_contact = PreparedInsert(
    ContactRow, *(each.key for each in CONTACT_COLUMNS if each.key != "closed_at")
)
_insert_lineup = PreparedInsert(LineupRow, "digest", "lineup", existing="kept")
_insert_decision = PreparedInsert(DecisionRow, "contact_id", "lineup", "decision")
_insert_key = PreparedInsert(IdempotencyKeyRow, "key", "contact_id", "fingerprint")
# The number is counted as the row is written: nobody else writes meanwhile.
_insert_transfer = Prepared(
    insert(TransferRow).from_select(
        ["contact_id", "number", "at", "previous_id", "operator_id"],
        select(
            bindparam("contact_id", type_=Id),
            func.count() + literal_column("1"),
            bindparam("at", type_=Moment),
            # PostgreSQL could not tell the type of a null.
            cast(bindparam("previous_id", type_=Id), Id),
            bindparam("operator_id", type_=Id),
        ).where(TransferRow.contact_id == bindparam("of", type_=Id)),
    ),
    *("contact_id", "at", "previous_id", "operator_id", "of"),
)
_save_operator = Prepared(
    update(ContactRow)
    .where(ContactRow.id == bindparam("contact"))
    .values(
        state=bindparam("state"),
        operator_id=bindparam("operator_id"),
        assigned_at=bindparam("assigned_at"),
    ),
    *("state", "operator_id", "assigned_at", "contact"),
)
_save_closed = Prepared(
    update(ContactRow)
    .where(ContactRow.id == bindparam("contact"))
    .values(state=bindparam("state"), closed_at=bindparam("closed_at")),
    *("state", "closed_at", "contact"),
)


class SqlContacts(Contacts):
    """See `application.ports.contacts.Contacts`."""

    def __init__(self, connection: Connection, kept: Kept) -> None:
        self._connection = connection
        self._kept = kept
        self._loaded: dict[ContactId, Found] = {}
        self.removed = False
        """Whether anything that a person wrote has been removed."""

    def find(self, contact_ids: Sequence[ContactId]) -> dict[ContactId, Found]:
        rows = _find.fetch(self._connection, contact_ids) if contact_ids else ()
        found = (Found(_contact(row), row[-1]) for row in rows)
        self._loaded = {each.contact.id: each for each in found}
        return self._loaded

    def keyed(self, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Keyed]:
        slots = {stored_key(*slot): slot for slot in keys}
        # Usually none: a key comes again only if an answer was lost.
        taken = _taken_keys.fetch(self._connection, list(slots))
        return {
            slots[key]: Keyed(fingerprint, contact_id) for key, contact_id, fingerprint in taken
        }

    def oldest_waiting(self, most: Mapping[str, int]) -> dict[str, list[Contact]]:
        # A query per source walks no further than its limit along the index; one query for all
        # sources would sort everything that waits.
        queues = fetch_all(
            self._connection,
            *((_oldest_waiting, (key, limit, 0)) for key, limit in most.items()),
        )
        return {
            key: [self._once(row) for row in rows] for key, rows in zip(most, queues, strict=True)
        }

    def store(self, registered: Sequence[Registered], others: Sequence[Event]) -> None:
        """Store what happened to contacts, in as many statements for one event as for many."""
        self._add(registered)
        self._add_decisions(
            [(each.contact.id, each.decision) for each in registered if each.decision is not None]
        )
        if others:
            self._change(others)

    def waiting_after(self, moment: datetime) -> list[Place]:
        return [(rank, contact_id) for rank, contact_id in _later.fetch(self._connection, moment)]

    def requeue(self, places: Sequence[Place]) -> None:
        _save_rank.run(self._connection, places)

    def remove_closed(self, before: datetime, *, after: ContactId | None, limit: int) -> Purged:
        self.removed = True
        return remove_closed(self._connection, before, after, limit)

    def _once(self, row: Sequence[Any]) -> Contact:
        """Return the object already made from a row, or make it."""
        found = self._loaded.get(row[0])
        if found is None:
            found = self._loaded[row[0]] = Found(_contact(row), row[-1])
        return found.contact

    def _add(self, registered: Sequence[Registered]) -> None:
        connection = self._connection
        contacts = [each.contact for each in registered]
        _insert_contact.run(
            connection,
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
                    each.rank or each.created_at,
                )
                for each in contacts
            ],
        )
        add_unread(connection, [each for each in contacts if each.unread])
        _insert_key.run(
            connection,
            [
                (stored_key(contact.source_key, key[0]), contact.id, key[1])
                for contact, _, key, _ in registered
                if key is not None
            ],
        )

    def _change(self, events: Sequence[Event]) -> None:
        """Store what happened to contacts that were already stored."""
        connection = self._connection
        assigned = [each for each in events if isinstance(each, Assigned)]
        transferred = [each for each in events if isinstance(each, Transferred)]
        closed = [each.contact for each in events if isinstance(each, Closed)]
        moved = [*(each.contact for each in assigned), *(each.contact for each in transferred)]
        _save_operator.run(
            connection,
            [(each.state, each.operator_id, each.assigned_at, each.id) for each in moved],
        )
        _save_closed.run(connection, [(each.state, each.closed_at, each.id) for each in closed])
        _insert_transfer.run(
            connection,
            [
                (each.contact.id, each.at, each.previous, each.operator_id, each.contact.id)
                for each in transferred
            ],
        )
        self._add_decisions([(each.contact.id, each.decision) for each in assigned])

    def _add_decisions(self, decisions: Sequence[tuple[ContactId, Decision]]) -> None:
        encoded = encode(decisions, self._kept.lineups)
        _insert_lineup.run(self._connection, encoded.lineups)
        _insert_decision.run(self._connection, encoded.decisions)


def _contact(row: Sequence[Any]) -> Contact:
    """Make a contact from a row of CONTACT_COLUMNS and UNREAD."""
    (
        contact_id,
        source_key,
        lead_id,
        created_at,
        payload,
        lead_created,
        conflicts,
        state,
        operator_id,
        assigned_at,
        closed_at,
        rank,
        unread,
        *_,
    ) = row
    return Contact(
        contact_id,
        source_key,
        lead_id,
        created_at,
        payload,
        lead_created,
        lead_ids(conflicts),
        unread_identities(unread),
        state,
        operator_id,
        assigned_at,
        closed_at,
        None if rank == created_at else rank,
    )
