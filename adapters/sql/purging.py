"""Removes contacts that were closed long ago, with everything stored about them alone."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, select

from adapters.sql.decisions import decision_from_bytes, stored_lineups
from adapters.sql.prepared import PreparedInsert
from adapters.sql.reading import AnyRow, chunks
from adapters.sql.tables import (
    ContactRow,
    DecisionRow,
    IdempotencyKeyRow,
    PurgedAssignedRow,
    PurgedRegisteredRow,
    TransferRow,
    UnreadIdentityRow,
)
from application.ports.contacts import Purged
from domain.contact import ContactState
from domain.ids import ContactId, first_id_at

# A contact closed before a moment was registered before it: no index on `closed_at` is needed.
_oldest_closed = (
    select(ContactRow.id, ContactRow.source_key, ContactRow.closed_at)
    .where(
        ContactRow.state == ContactState.CLOSED,
        ContactRow.id > bindparam("after"),
        ContactRow.id < bindparam("end"),
    )
    .order_by(ContactRow.id)
    .limit(bindparam("most"))
)
_decisions = select(DecisionRow.contact_id, DecisionRow.lineup, DecisionRow.decision).where(
    DecisionRow.contact_id.in_(bindparam("ids", expanding=True))
)
_NOBODY = UUID(int=0)
"""Sorts before every contact."""

# Rows that refer to contacts come first.
_deletes = [
    delete(table).where(column.in_(bindparam("ids", expanding=True)))
    for table, column in (
        (IdempotencyKeyRow, IdempotencyKeyRow.contact_id),
        (UnreadIdentityRow, UnreadIdentityRow.contact_id),
        (TransferRow, TransferRow.contact_id),
        (DecisionRow, DecisionRow.contact_id),
        (ContactRow, ContactRow.id),
    )
]
_count_registered = PreparedInsert(
    PurgedRegisteredRow, "source_key", "contacts", existing=["contacts"]
)
_count_assigned = PreparedInsert(
    PurgedAssignedRow, "source_key", "operator_id", "contacts", existing=["contacts"]
)


def remove_closed(
    connection: Connection, before: datetime, after: ContactId | None, limit: int
) -> Purged:
    """See `application.ports.contacts.Contacts.remove_closed`."""
    closed = connection.execute(
        _oldest_closed,
        {"after": after or _NOBODY, "end": first_id_at(before), "most": limit + 1},
    ).all()
    old = [each for each in closed[:limit] if each.closed_at < before]
    for some in chunks(old):
        _remove(connection, {each.id: each.source_key for each in some})
    return Purged(len(old), closed[limit - 1].id if len(closed) > limit else None)


def _remove(connection: Connection, sources: Mapping[ContactId, str]) -> None:
    """Remove contacts, each given with the key of its source."""
    ids = list(sources)
    decided = connection.execute(_decisions, {"ids": ids}).all()
    _count(connection, sources, decided)
    for statement in _deletes:
        connection.execute(statement, {"ids": ids})


def _count(
    connection: Connection,
    sources: Mapping[ContactId, str],
    decided: Sequence[AnyRow],
) -> None:
    lineups = stored_lineups(connection, (each.lineup for each in decided))
    registered = Counter(sources.values())
    assigned = Counter(
        (
            sources[row.contact_id],
            decision_from_bytes(row.decision, lineups[row.lineup]).picked,
        )
        for row in decided
    )
    _count_registered.run(connection, list(registered.items()))
    _count_assigned.run(connection, [(*given, number) for given, number in assigned.items()])
