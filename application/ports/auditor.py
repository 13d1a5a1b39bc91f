"""Reads everything, for the check of the invariants."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import NamedTuple, Protocol

from domain.account import Moved
from domain.contact import ContactState
from domain.decision import Decision
from domain.event_type import EventType
from domain.ids import ContactId, EndpointId, LeadId, OperatorId
from domain.operator import Operator
from domain.source import Source


class ContactFact(NamedTuple):
    """One contact as the checker sees it."""

    id: ContactId
    source: str
    state: ContactState
    operator_id: OperatorId | None
    assigned_at: datetime | None
    closed_at: datetime | None
    decision: Decision | None
    transferred_to: OperatorId | None


class LastEvent(NamedTuple):
    """The last event of a contact that is stored, and what the contact says itself."""

    contact_id: ContactId
    type: EventType
    given_to: OperatorId | None
    state: ContactState
    operator_id: OperatorId | None


class EndpointFact(NamedTuple):
    """How far the deliveries of an enabled endpoint are.

    Attributes:
        first_pending: the smallest number of a pending delivery; None without any.
    """

    id: EndpointId
    cursor: int
    first_pending: int | None


class Facts(Protocol):
    """Everything stored, as of one moment, streamed."""

    def operators(self) -> Iterable[Operator]:
        """Return every operator."""
        ...

    def sources(self) -> Iterable[Source]:
        """Return every source with its allocations."""
        ...

    def due(self, kind: str) -> Iterable[str]:
        """Return the subjects of all due items of a kind."""
        ...

    def contacts(self) -> Iterator[ContactFact]:
        """Return every contact."""
        ...

    def registered(self) -> Iterable[Mapping[str, int]]:
        """Return the counters of contacts that came in, by source key, for each way of counting."""
        ...

    def assigned(self) -> Iterable[Mapping[tuple[str, OperatorId], int]]:
        """Return those of contacts that pickers gave, by source key and operator, likewise."""
        ...

    def accounts(self) -> Iterable[Mapping[tuple[str, OperatorId], Moved]]:
        """Return what accounts have moved by, as far as it is booked, likewise."""
        ...

    def purged_registered(self) -> Mapping[str, int]:
        """Return how many contacts were purged, by source key."""
        ...

    def purged_assigned(self) -> Mapping[tuple[str, OperatorId], int]:
        """Return how many of them pickers had given, by source key and operator."""
        ...

    def numbering(self) -> tuple[int, int, int]:
        """Return the first and the last number of the event log, and how many events it has."""
        ...

    def last_events(self) -> Iterator[LastEvent]:
        """Return the last event of every contact that has any, erasures aside."""
        ...

    def endpoints(self) -> Iterator[EndpointFact]:
        """Return every enabled endpoint."""
        ...

    def identities(self) -> Iterator[tuple[str, LeadId, bool]]:
        """Return every identity's key with its lead, and whether the lead exists, in key order."""
        ...


class Auditor(Protocol):
    """Reads everything, as of one moment, to check the invariants."""

    def facts(self) -> AbstractContextManager[Facts]:
        """Open a consistent view of the whole storage."""
        ...

    def defects(self) -> Iterator[str]:
        """Return what the storage itself finds broken, one sentence each."""
        ...
