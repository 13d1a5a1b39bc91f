"""The event log: what happened, numbered in the order of commits without gaps."""

import json
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, NamedTuple, Protocol
from uuid import UUID

from domain.endpoint import Endpoint
from domain.event_type import EventType
from domain.events import Assigned, Closed, Event, Registered, Transferred
from domain.ids import ContactId, LeadId, OperatorId

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


_REGISTERED = EventType.CONTACT_REGISTERED
_ASSIGNED = EventType.CONTACT_ASSIGNED
_TRANSFERRED = EventType.CONTACT_TRANSFERRED
_CLOSED = EventType.CONTACT_CLOSED


class Entry(NamedTuple):
    """What is logged at once. It contains ids, states and numbers, and nothing about a person.

    It is one event, or the two of a contact that is registered and assigned at once: one row for
    both makes the log cost 4 % of a registration instead of 8.

    Attributes:
        actor: whose doing it is, as in the audit log.
        operator_id: who has the contact now, or had it when it was closed; the operator itself.
            That of a new contact makes the entry two events.
        other_id: the lead of a new contact; who had a contact before; the lead or the endpoint
            itself.
        data: what else is told, as JSON.
    """

    type: EventType
    at: datetime
    actor: str
    source_key: str | None = None
    contact_id: ContactId | None = None
    operator_id: OperatorId | None = None
    other_id: UUID | None = None
    data: str | None = None

    @property
    def length(self) -> int:
        """The number of its events: they take as many numbers."""
        return 2 if self.type is _REGISTERED and self.operator_id is not None else 1


SubjectKind = Literal["contact", "operator", "source", "lead", "endpoint"]


class LoggedEvent(NamedTuple):
    """An event of the log, with its number."""

    seq: int
    entry: Entry

    @property
    def id(self) -> UUID:
        """A UUIDv7 for good: in a restored storage numbers come again, and moments do not."""
        milliseconds = -((_EPOCH - self.entry.at) // timedelta(milliseconds=1))
        return UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62 | self.seq)

    @property
    def subject(self) -> tuple[SubjectKind, str]:
        """What it happened to: a kind, and the id or the source's key."""
        entry = self.entry
        match entry.type:
            case EventType.OPERATOR_CREATED | EventType.OPERATOR_CHANGED:
                return "operator", str(entry.operator_id)
            case EventType.LEAD_CHANGED:
                return "lead", str(entry.other_id)
            case (
                EventType.ENDPOINT_CREATED
                | EventType.ENDPOINT_CHANGED
                | EventType.ENDPOINT_DISABLED
                | EventType.ENDPOINT_DELETED
            ):
                return "endpoint", str(entry.other_id)
            case _ if entry.contact_id is None:
                return "source", str(entry.source_key)
            case _:
                return "contact", str(entry.contact_id)

    @property
    def subject_key(self) -> str:
        """The subject as one text."""
        kind, name = self.subject
        return f"{kind}:{name}"

    @staticmethod
    def seq_of(event_id: UUID) -> int:
        """Return the number that is part of an event's id."""
        return event_id.int & ((1 << 62) - 1)

    @property
    def data(self) -> dict[str, Any]:
        """What else is told of it, as JSON values; see docs/reference.md."""
        entry = self.entry
        data: dict[str, Any] = {} if entry.data is None else json.loads(entry.data)
        if entry.contact_id is None:
            return data
        data["source"] = entry.source_key
        match entry.type:
            case EventType.CONTACT_REGISTERED | EventType.CONTACT_ERASED:
                data["lead_id"] = _text(entry.other_id)
            case EventType.CONTACT_TRANSFERRED:
                data["operator_id"] = _text(entry.operator_id)
                data["previous_operator_id"] = _text(entry.other_id)
            case _:
                data["operator_id"] = _text(entry.operator_id)
        return data


def events_of(seq: int, entry: Entry) -> list["LoggedEvent"]:
    """Return the events of an entry, of which the first has a given number."""
    if entry.length == 1:
        return [LoggedEvent(seq, entry)]
    return [
        LoggedEvent(seq, entry._replace(operator_id=None)),
        LoggedEvent(seq + 1, entry._replace(type=_ASSIGNED, other_id=None)),
    ]


class EventFilter(NamedTuple):
    """Which events are wanted; None is any.

    Attributes:
        operator_id: events of the operator itself, and of contacts that it gets or loses.
    """

    types: Collection[EventType] | None = None
    source_keys: Collection[str] | None = None
    operator_id: OperatorId | None = None
    contact_id: ContactId | None = None

    def wants(self, event: LoggedEvent) -> bool:
        """Say whether an event is wanted."""
        entry = event.entry
        loses = entry.type is EventType.CONTACT_TRANSFERRED and entry.other_id == self.operator_id
        return (
            (self.types is None or entry.type in self.types)
            and (self.source_keys is None or entry.source_key in self.source_keys)
            and self.contact_id in {None, entry.contact_id}
            and (self.operator_id in {None, entry.operator_id} or loses)
        )


EVERYTHING: Final = EventFilter()


class EventPage(NamedTuple):
    """Some events, in order.

    Attributes:
        reached: the number up to which the log was looked through; the next page begins after it.
        earliest: the number of the first event that is kept; 0 if the log is empty.
        last: the number of the last one.
    """

    items: Sequence[LoggedEvent]
    reached: int
    earliest: int
    last: int


class EventLog(Protocol):
    """The log, for writing."""

    def add(self, entries: Sequence[Entry]) -> None:
        """Log what happens in this unit of work, in order."""
        ...

    def add_erased(self, lead_id: LeadId, at: datetime, actor: str) -> None:
        """Log for every contact of a lead that nothing about the person is stored any more."""
        ...

    def forget(self, before: datetime, limit: int, needed: int | None = None) -> int:
        """Remove the oldest entries that are older than a moment, and return how many.

        The newest stays in any case: the next one is numbered after it.

        Args:
            before: the moment.
            limit: the most entries to be removed.
            needed: the first event that must stay; None if none must.
        """
        ...

    def last(self) -> int:
        """Return the number of the last event; 0 without any."""
        ...

    def bounds(self) -> tuple[int, int]:
        """Return the numbers of the first event that is kept and of the last; 0 without any."""
        ...

    def between(self, first: int, last: int) -> list[LoggedEvent]:
        """Return the events with these numbers and those in between."""
        ...


class EventReader(Protocol):
    """Reads the log."""

    def events(self, *, after: int, limit: int, where: EventFilter = EVERYTHING) -> EventPage:
        """Return events with a greater number, only such as no crash takes back.

        It looks through some thousand events at most, so a page may be empty though more follow.
        """
        ...


def wanted_by(endpoint: Endpoint) -> EventFilter:
    """Return which events an endpoint wants."""
    return EventFilter(endpoint.types or None, endpoint.sources or None)


def contact_entries(events: Sequence[Event], actors: Sequence[str]) -> list[Entry]:
    """Return the entries of what happened to contacts, each by the actor at the same place."""
    entries: list[Entry] = []
    for event, actor in zip(events, actors, strict=True):
        if isinstance(event, Registered):
            contact, decision, _, _ = event
            key, contact_id, at = contact.source_key, contact.id, contact.created_at
            picked = None if decision is None else decision.picked
            entries.append(Entry(_REGISTERED, at, actor, key, contact_id, picked, contact.lead_id))
        elif isinstance(event, Assigned):
            contact, decision, at = event
            key, contact_id = contact.source_key, contact.id
            entries.append(Entry(_ASSIGNED, at, actor, key, contact_id, decision.picked))
        elif isinstance(event, Closed):
            contact, had_it, at = event
            entries.append(Entry(_CLOSED, at, actor, contact.source_key, contact.id, had_it))
        elif isinstance(event, Transferred):
            contact, previous, given_to, at = event
            key, contact_id = contact.source_key, contact.id
            entries.append(Entry(_TRANSFERRED, at, actor, key, contact_id, given_to, previous))
    return entries


def _text(identifier: UUID | None) -> str | None:
    return None if identifier is None else str(identifier)
