"""The audit log in SQL. Nothing here changes or removes an entry; triggers refuse that."""

import json
from typing import Any

from sqlalchemy import Connection, select

from adapters.sql.engine import ReadDatabase
from adapters.sql.prepared import PreparedInsert
from adapters.sql.reading import AnyRow, reading
from adapters.sql.tables import AuditRow
from application.ports.audit import Audit, AuditReader
from application.ports.paging import Page
from domain.audit import Action, AuditEntry, Values
from domain.ids import AuditId

_insert = PreparedInsert(AuditRow, "id", "at", "actor", "action", "subject", "before", "after")


class SqlAudit(Audit):
    """See `application.ports.audit.Audit`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, entry: AuditEntry) -> None:
        before, after = _text(entry.before), _text(entry.after)
        row = (entry.id, entry.at, entry.actor, entry.action.value, entry.subject, before, after)
        _insert.run(self._connection, [row])


class SqlAuditReader(AuditReader):
    """See `application.ports.audit.AuditReader`."""

    def __init__(self, database: ReadDatabase) -> None:
        self._database = database

    def entries(
        self, *, subject: str | None, action: Action | None, limit: int, after: AuditId | None
    ) -> Page[AuditEntry]:
        query = select(*AuditRow.__table__.columns).order_by(AuditRow.id.desc()).limit(limit + 1)
        if subject is not None:
            query = query.where(AuditRow.subject == subject)
        if action is not None:
            query = query.where(AuditRow.action == action.value)
        if after is not None:
            query = query.where(AuditRow.id < after)
        with reading(self._database) as connection:
            rows = connection.execute(query).all()
        return Page([_entry(row) for row in rows[:limit]], len(rows) > limit)


def _entry(row: AnyRow) -> AuditEntry:
    return AuditEntry(
        AuditId(row.id),
        row.at,
        row.actor,
        Action(row.action),
        row.subject,
        _values(row.before),
        _values(row.after),
    )


def _text(values: Values | None) -> str | None:
    return None if values is None else json.dumps(dict(values), ensure_ascii=False)


def _values(text: str | None) -> Values | None:
    if text is None:
        return None
    values: dict[str, Any] = json.loads(text)
    return values
