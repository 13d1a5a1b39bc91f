"""The audit log, for writing and for reading."""

from typing import Protocol

from application.ports.paging import Page
from domain.audit import Action, AuditEntry
from domain.ids import AuditId


class Audit(Protocol):
    """The audit log, for writing; its entries are never changed."""

    def add(self, entry: AuditEntry) -> None:
        """Add an entry."""
        ...


class AuditReader(Protocol):
    """Reads the audit log."""

    def entries(
        self, *, subject: str | None, action: Action | None, limit: int, after: AuditId | None
    ) -> Page[AuditEntry]:
        """Return entries, the newest first."""
        ...
