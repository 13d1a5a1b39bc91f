"""The audit log: who changed what in the configuration, or transferred a contact by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from domain.ids import AuditId

Values = Mapping[str, Any]
"""JSON values by name: texts, numbers, booleans and None. Never a person's data."""

SUBJECT: Final = r"^[A-Za-z0-9._:+-]{1,64}$"
"""A regular expression for the subject of an entry."""


class Action(StrEnum):
    """What was done."""

    OPERATOR_CREATED = "operator_created"
    OPERATOR_CHANGED = "operator_changed"
    SOURCE_CREATED = "source_created"
    SOURCE_CHANGED = "source_changed"
    ALLOCATIONS_REPLACED = "allocations_replaced"
    CONTACT_TRANSFERRED = "contact_transferred"
    LEAD_RENAMED = "lead_renamed"
    IDENTITY_ADDED = "identity_added"
    IDENTITY_REMOVED = "identity_removed"
    LEAD_ERASED = "lead_erased"
    CONTACTS_PURGED = "contacts_purged"
    ENDPOINT_CREATED = "endpoint_created"
    ENDPOINT_CHANGED = "endpoint_changed"
    ENDPOINT_ROTATED = "endpoint_rotated"
    ENDPOINT_ENABLED = "endpoint_enabled"
    ENDPOINT_DISABLED = "endpoint_disabled"
    ENDPOINT_REDELIVERED = "endpoint_redelivered"
    ENDPOINT_DELETED = "endpoint_deleted"
    KEY_CREATED = "key_created"
    KEY_REVOKED = "key_revoked"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry. It is never changed and never removed.

    Attributes:
        actor: the prefix of an API key; `local` for anyone on the machine of a service that had no
            key yet; `command` for the command line; `script` for a program that called the
            application itself.
        subject: what it was done to: an id, a source key, the prefix of an API key, or, for a
            purge, the moment before which the contacts were closed.
        before, after: for a change, the values that differ, as they were and as they are; for
            something new, what it is. None where there is nothing to say.
    """

    id: AuditId
    at: datetime
    actor: str
    action: Action
    subject: str
    before: Values | None
    after: Values | None


def differences(before: Values, after: Values) -> tuple[Values, Values]:
    """Leave out what is the same on both sides; both are empty if nothing differs."""
    same = {name for name in before.keys() & after.keys() if before[name] == after[name]}
    return _without(before, same), _without(after, same)


def _without(values: Values, names: set[str]) -> Values:
    return {name: value for name, value in values.items() if name not in names}
