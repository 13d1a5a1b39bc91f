"""A contact: one lead wrote through one source."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain import limits
from domain.errors import ContactClosed, InvalidValue
from domain.ids import ContactId, LeadId, OperatorId
from domain.lead import UnreadIdentity

# Made once: json.dumps makes a new encoder at every call with non-default options.
_to_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


# The encoder writes a NUL as an escape whose backslash is not itself escaped. The text is searched,
# not the payload: walking down a payload can be too deep for the stack.
_ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


Place = tuple[datetime, ContactId]


class ContactState(StrEnum):
    """A contact's life: waiting, then assigned, then closed; it may be closed while it waits."""

    WAITING = "waiting"
    ASSIGNED = "assigned"
    CLOSED = "closed"


@dataclass(slots=True)
class Contact:
    """A contact as it stands.

    Attributes:
        payload: what the source sent along, as JSON text; see `payload_text`.
        lead_created: whether this contact made its lead known.
        conflicts: other leads that own some of the identities it came with.
        unread: what came as identities but could not be read as such, by kind.
        assigned_at: when it got its first operator; the time of a transfer is kept separately.
        rank: the moment by which queues are ordered, if it is not that of the registration.
    """

    id: ContactId
    source_key: str
    lead_id: LeadId
    created_at: datetime
    payload: str | None = None
    lead_created: bool = False
    conflicts: tuple[LeadId, ...] = ()
    unread: tuple[UnreadIdentity, ...] = ()
    state: ContactState = ContactState.WAITING
    operator_id: OperatorId | None = None
    assigned_at: datetime | None = None
    closed_at: datetime | None = None
    rank: datetime | None = None

    @property
    def place(self) -> Place:
        """Its place in the queue: the smallest is handed out first."""
        return self.rank or self.created_at, self.id

    def require_open(self) -> None:
        """Refuse a contact that is closed.

        Raises:
            ContactClosed: it is closed.
        """
        if self.state is ContactState.CLOSED:
            raise ContactClosed(
                "the contact is closed; register a new one if the lead has written again."
            )

    def assign(self, operator_id: OperatorId, at: datetime) -> None:
        """Give the open contact to an operator, the first or another one."""
        self.state = ContactState.ASSIGNED
        self.operator_id = operator_id
        if self.assigned_at is None:
            self.assigned_at = at

    def close(self, at: datetime) -> None:
        """Close the contact."""
        self.state = ContactState.CLOSED
        self.closed_at = at


def payload_text(payload: Mapping[str, Any]) -> str:
    """Return a payload as compact JSON text.

    Raises:
        InvalidValue: it is not JSON, holds what not every database can store, or is over 16 KiB.
    """
    try:
        text = _to_json(payload)
        size = len(text) if text.isascii() else len(text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidValue(
            f"payload cannot be stored as JSON: {error}.", field="payload"
        ) from error
    if size > limits.MAX_PAYLOAD:
        raise InvalidValue(
            f"payload has {size} bytes as compact JSON; at most {limits.MAX_PAYLOAD} are allowed.",
            field="payload",
        )
    if "\\u0000" in text and _ESCAPED_NUL.search(text):
        raise InvalidValue("payload holds a NUL character; remove it.", field="payload")
    return text
