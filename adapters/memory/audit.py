"""The audit log in memory."""

from adapters.memory.store import MemoryStore
from application.ports.audit import Audit, AuditReader
from application.ports.paging import Page
from domain.audit import Action, AuditEntry
from domain.ids import AuditId


class MemoryAudit(Audit):
    """See `application.ports.audit.Audit`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def add(self, entry: AuditEntry) -> None:
        if entry.id in self._store.audit:
            raise ValueError("the audit log is append-only")
        self._store.put(self._store.audit, entry.id, entry)


class MemoryAuditReader(AuditReader):
    """See `application.ports.audit.AuditReader`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def entries(
        self, *, subject: str | None, action: Action | None, limit: int, after: AuditId | None
    ) -> Page[AuditEntry]:
        with self._store.lock:
            found = [
                entry
                for entry_id, entry in sorted(self._store.audit.items(), reverse=True)
                if (subject is None or entry.subject == subject)
                and (action is None or entry.action is action)
                and (after is None or entry_id < after)
            ]
        return Page(found[:limit], len(found) > limit)
