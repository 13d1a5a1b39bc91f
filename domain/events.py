"""What happens: whatever a dispatch does is one of these values, and all that is stored is theirs.

Named tuples, since a registration appends one: 0.2 us, where a frozen dataclass takes 0.7. The
contact is the entity itself; of it only what never changes, id, source and lead, is the event's.
"""

from datetime import datetime
from typing import NamedTuple

from domain.contact import Contact
from domain.decision import Decision
from domain.ids import OperatorId
from domain.lead import Recognition
from domain.operator import Operator
from domain.source import Source


class Registered(NamedTuple):
    """A contact came in.

    Attributes:
        decision: on its operator; None if it waits.
        key: its idempotency key and fingerprint; None if it came without.
        lesson: what it taught us of its lead; None if nothing.
    """

    contact: Contact
    decision: Decision | None
    key: tuple[str, bytes] | None = None
    lesson: Recognition | None = None


class Assigned(NamedTuple):
    """A contact that waited was handed out."""

    contact: Contact
    decision: Decision
    at: datetime


class Closed(NamedTuple):
    """A contact was closed; `operator_id` had it, None if it waited."""

    contact: Contact
    operator_id: OperatorId | None
    at: datetime


class Transferred(NamedTuple):
    """A person gave a contact to an operator; `previous` had it, None if it waited."""

    contact: Contact
    previous: OperatorId | None
    operator_id: OperatorId
    at: datetime


class OperatorCreated(NamedTuple):
    """An operator was made known."""

    operator: Operator


class OperatorChanged(NamedTuple):
    """What a person says of an operator is another thing now."""

    operator: Operator


class SourceCreated(NamedTuple):
    """A source was made known."""

    source: Source


class SourceChanged(NamedTuple):
    """What a person says of a source is another thing now, but for its allocations."""

    source: Source


class AllocationsChanged(NamedTuple):
    """A source has other allocations, or other weights."""

    source: Source


ContactEvent = Registered | Assigned | Closed | Transferred
CatalogueEvent = (
    OperatorCreated | OperatorChanged | SourceCreated | SourceChanged | AllocationsChanged
)
Event = ContactEvent | CatalogueEvent
