"""Weights as they were before an entry of the audit log, to be restored from there."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from application.fairlead import Fairlead
from application.ports.sources import SourceView
from domain.audit import Action, AuditEntry
from domain.errors import DomainError
from domain.ids import AuditId
from entrypoints.console.saying import Undo
from entrypoints.console.weights import shown_weights

_MOST: Final = 100
"""Changes of a source that can be gone back."""


def restorable(fairlead: Fairlead, entries: Sequence[AuditEntry]) -> Mapping[AuditId, Undo]:
    """Return, for changes of weights, the forms that restore what was before them.

    Those that would restore what is there now are left out, and those that are too long ago.

    Args:
        fairlead: where the sources are.
        entries: of the audit log, some of which are changes of weights.
    """
    keys = {each.subject for each in entries if each.action is Action.ALLOCATIONS_REPLACED}
    found: dict[AuditId, Undo] = {}
    for key in keys:
        try:
            source = fairlead.catalogue.source(key)
        except DomainError:
            continue
        changes = fairlead.audit.entries(
            subject=key, action=Action.ALLOCATIONS_REPLACED, limit=_MOST, after=None
        ).items
        found |= {
            entry_id: Undo(f"/sources/{key}/weights", {**weights, "seen": shown_weights(source)})
            for entry_id, weights in _before(source, changes)
        }
    return found


def _before(
    source: SourceView, changes: Sequence[AuditEntry]
) -> Iterator[tuple[AuditId, Mapping[str, int]]]:
    """Go back from the weights now, change by change, the newest first."""
    now = {str(each.operator_id): each.weight for each in source.allocations}
    weights = now
    for each in changes:
        before, after = each.before or {}, each.after or {}
        # Only what differs is in the log.
        weights = {name: weight for name, weight in weights.items() if name not in after} | dict(
            before
        )
        if weights != now:
            yield each.id, weights
