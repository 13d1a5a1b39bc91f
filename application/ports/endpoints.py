"""Endpoints and their deliveries, for writing and for reading, and what queries show of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from domain.endpoint import Delivery, Endpoint, EndpointState, Inclusion
from domain.event_type import EventType
from domain.ids import EndpointId


class DeliveryState(StrEnum):
    """What becomes of an event that was not delivered at once."""

    PENDING = "pending"
    DEAD = "dead"


class Standing(NamedTuple):
    """How far the deliveries of an endpoint are.

    Attributes:
        last: the number of the last event in the log.
        pending: how many are to be tried again, or wait for one of the same subject.
        dead: how many were given up.
    """

    last: int
    pending: int
    dead: int


@dataclass(frozen=True, slots=True)
class EndpointView:
    """A receiver of events. Its secret is shown when it is made, and never again.

    Attributes:
        types: the types of events that it wants; all of them if empty.
        sources: the sources whose events it wants; all events if empty.
        include: what is put into each delivery, as it then stands.
        cursor: every event with a number up to this one is delivered, pending or dead.
        behind: how many events of the log come after the cursor, wanted or not.
        pending: how many events are to be tried again, or wait for one of the same subject.
        dead: how many events were given up; they can be delivered again while the log keeps them.
        failing_since: when the first attempt failed since the last success; None if none has.
        last_error: what was wrong with the last attempt, or why the endpoint was disabled.
        last_success_at: when something was last delivered.
    """

    id: EndpointId
    url: str
    types: tuple[EventType, ...]
    sources: tuple[str, ...]
    include: tuple[Inclusion, ...]
    description: str | None
    state: EndpointState
    created_at: datetime
    cursor: int
    behind: int
    pending: int
    dead: int
    failing_since: datetime | None
    last_error: str | None
    last_success_at: datetime | None

    @classmethod
    def of(cls, endpoint: Endpoint, standing: Standing) -> "EndpointView":
        """Show an endpoint as it stands."""
        return cls(
            endpoint.id,
            endpoint.url,
            endpoint.types,
            endpoint.sources,
            endpoint.include,
            endpoint.description,
            endpoint.state,
            endpoint.created_at,
            endpoint.cursor,
            max(standing.last - endpoint.cursor, 0),
            standing.pending,
            standing.dead,
            endpoint.failing_since,
            endpoint.last_error,
            endpoint.last_success_at,
        )


class Endpoints(Protocol):
    """Endpoints and their deliveries, for writing."""

    def number(self) -> int:
        """Return how many endpoints there are."""
        ...

    def add(self, endpoint: Endpoint) -> None:
        """Store a new endpoint."""
        ...

    def get(self, endpoint_id: EndpointId) -> Endpoint:
        """Return an endpoint.

        Raises:
            UnknownEndpoint: it does not exist.
        """
        ...

    def save(self, endpoint: Endpoint) -> None:
        """Store a known endpoint as it stands now."""
        ...

    def remove(self, endpoint_id: EndpointId) -> None:
        """Remove an endpoint with its deliveries."""
        ...

    def standing(self, endpoint_id: EndpointId) -> Standing:
        """Return how far its deliveries are."""
        ...

    def put(self, endpoint_id: EndpointId, deliveries: Sequence[Delivery]) -> None:
        """Store deliveries, in place of those with the same numbers."""
        ...

    def settle(self, endpoint_id: EndpointId, seqs: Sequence[int]) -> None:
        """Remove deliveries: these events are delivered."""
        ...

    def bring_forward(self, endpoint_id: EndpointId, at: datetime) -> None:
        """Let everything pending be tried now.

        An attempt that fails now does not count: the receiver was away when the others failed.
        """
        ...

    def give_up(self, endpoint_id: EndpointId) -> None:
        """Let everything pending be dead."""
        ...

    def first_pending(self, endpoint_id: EndpointId) -> int | None:
        """Return the smallest number of a pending delivery; None without any."""
        ...

    def first_needed(self) -> int | None:
        """Return the first event that an enabled endpoint still needs; None if there is none."""
        ...

    def forget(self, before: int) -> None:
        """Remove the dead deliveries of events that are no longer kept.

        Pending ones of such events are of disabled endpoints, whose owner will want to know.
        """
        ...


class EndpointReader(Protocol):
    """Reads endpoints and their deliveries."""

    def all(self) -> list[EndpointView]:
        """Return every endpoint, the oldest first."""
        ...

    def endpoint(self, endpoint_id: EndpointId) -> EndpointView:
        """Return an endpoint.

        Raises:
            UnknownEndpoint: it does not exist.
        """
        ...

    def whole(self, endpoint_id: EndpointId) -> Endpoint:
        """Return an endpoint with its secrets.

        Raises:
            UnknownEndpoint: it does not exist.
        """
        ...

    def at_work(self, at: datetime) -> list[Endpoint]:
        """Return the enabled endpoints for which an event follows, or a delivery is due."""
        ...

    def deliveries(
        self,
        endpoint_id: EndpointId,
        *,
        after: int,
        limit: int,
        state: DeliveryState | None = None,
    ) -> list[Delivery]:
        """Return deliveries with a greater number, in order."""
        ...

    def due(self, endpoint_id: EndpointId, at: datetime, limit: int) -> list[Delivery]:
        """Return the first pending delivery of each subject, of those that are due."""
        ...

    def of_subject(self, endpoint_id: EndpointId, subject: str, limit: int) -> list[Delivery]:
        """Return the pending deliveries of a subject, in order."""
        ...

    def held_up(self, endpoint_id: EndpointId) -> set[str]:
        """Return the subjects that have pending deliveries."""
        ...
