"""Events: whatever a dispatch does is one of these values, and what is stored comes from them.

They are named tuples because every registration appends one: 0.2 us, where a frozen dataclass takes
0.7. The contact is the entity itself, so an event vouches only for what never changes in it: id,
source and lead.
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
        decision: the one that picked its operator; None if it waits.
        key: its idempotency key and fingerprint; None if it came without a key.
        lesson: what it taught us about its lead; None if nothing.
    """

    contact: Contact
    decision: Decision | None
    key: tuple[str, bytes] | None = None
    lesson: Recognition | None = None


class Assigned(NamedTuple):
    """A waiting contact was handed out."""

    contact: Contact
    decision: Decision
    at: datetime


class Closed(NamedTuple):
    """A contact was closed; `operator_id` had it, or is None if it waited."""

    contact: Contact
    operator_id: OperatorId | None
    at: datetime


class Transferred(NamedTuple):
    """A person gave a contact to an operator; `previous` had it, or is None if it waited."""

    contact: Contact
    previous: OperatorId | None
    operator_id: OperatorId
    at: datetime


class OperatorCreated(NamedTuple):
    """An operator was created."""

    operator: Operator


class OperatorChanged(NamedTuple):
    """A person changed an operator's name, capacity or `active`."""

    operator: Operator


class SourceCreated(NamedTuple):
    """A source was created."""

    source: Source


class SourceChanged(NamedTuple):
    """A person changed a source, but not its allocations."""

    source: Source


class AllocationsChanged(NamedTuple):
    """The allocations of a source changed, or their weights."""

    source: Source


ContactEvent = Registered | Assigned | Closed | Transferred
CatalogueEvent = (
    OperatorCreated | OperatorChanged | SourceCreated | SourceChanged | AllocationsChanged
)
Event = ContactEvent | CatalogueEvent
