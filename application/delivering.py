"""What a process stores while it delivers events: that it does so, and what came of it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar, Final

from application.auditing import Recorder
from application.ports.system import Clock
from application.ports.unit_of_work import UnitOfWork
from application.use_case import Alone
from domain.actor import Actor
from domain.audit import Action
from domain.endpoint import Delivery, Endpoint
from domain.errors import UnknownEndpoint
from domain.ids import EndpointId

logger = logging.getLogger(__name__)

LEASE: Final = timedelta(seconds=30)
"""How long a process may deliver to an endpoint without saying so again. If it dies, another takes
over after that time."""


@dataclass(frozen=True, slots=True)
class LeaseEndpoint:
    """A process wants to deliver to an endpoint."""

    endpoint_id: EndpointId
    holder: str


@dataclass(frozen=True, slots=True)
class LeaseEndpointHandler(Alone[LeaseEndpoint, Endpoint | None]):
    """Lets one process at a time deliver to an endpoint."""

    clock: Clock
    short: ClassVar[bool] = True

    def within(self, uow: UnitOfWork, command: LeaseEndpoint, actor: Actor) -> Endpoint | None:
        """Return the endpoint if the process may deliver to it, None if not."""
        del actor
        try:
            endpoint = uow.endpoints.get(command.endpoint_id)
        except UnknownEndpoint:
            return None
        now = self.clock.now()
        if not endpoint.lease(command.holder, now, now + LEASE):
            return None
        uow.endpoints.save(endpoint)
        return endpoint


@dataclass(frozen=True, slots=True)
class RecordDeliveries:
    """What came of some attempts.

    Attributes:
        cursor: every event up to this one is delivered, or among these deliveries or those before.
        deliveries: what is to be tried again or is dead.
        settled: the numbers of deliveries that were tried again, and have succeeded.
        error: what was wrong with the last attempt; None if it succeeded, or there was none.
        succeeded: whether any attempt has succeeded.
        recovered: whether the endpoint had failed for a while, and has succeeded again.
        gone: whether the receiver said that it is gone for good.
        leaves: whether the process stops delivering.
    """

    endpoint_id: EndpointId
    holder: str
    cursor: int
    deliveries: Sequence[Delivery] = field(default=())
    settled: Sequence[int] = field(default=())
    error: str | None = None
    succeeded: bool = False
    recovered: bool = False
    gone: bool = False
    leaves: bool = False


@dataclass(frozen=True, slots=True)
class RecordDeliveriesHandler(Alone[RecordDeliveries, Endpoint | None]):
    """Stores what came of attempts, and disables an endpoint that has failed for too long."""

    clock: Clock
    record: Recorder
    short: ClassVar[bool] = True

    def within(self, uow: UnitOfWork, command: RecordDeliveries, actor: Actor) -> Endpoint | None:
        """Store it, and keep the lease.

        Returns:
            The endpoint as it stands; None if the process may no longer deliver to it. What was
            delivered meanwhile is then delivered again, by another process.
        """
        try:
            endpoint = uow.endpoints.get(command.endpoint_id)
        except UnknownEndpoint:
            return None
        now = self.clock.now()
        if not endpoint.lease(command.holder, now, now + LEASE):
            return None
        endpoint.cursor = max(endpoint.cursor, command.cursor)
        if command.succeeded:
            endpoint.succeed(now)
        if command.error is not None:
            endpoint.fail(now, command.error)
        uow.endpoints.put(endpoint.id, command.deliveries)
        uow.endpoints.settle(endpoint.id, command.settled)
        if command.recovered:
            uow.endpoints.bring_forward(endpoint.id, now)
        if command.leaves:
            endpoint.leased_by = endpoint.leased_until = None
        if command.gone:
            self._disable(uow, actor, endpoint, "the receiver answered 410: it is gone for good.")
        elif command.error is not None and endpoint.is_given_up(now):
            why = f"it has failed for five days without one success: {endpoint.last_error}"
            self._disable(uow, actor, endpoint, why)
        uow.endpoints.save(endpoint)
        return endpoint

    def _disable(self, uow: UnitOfWork, actor: Actor, endpoint: Endpoint, why: str) -> None:
        endpoint.disable(why)
        self.record(uow, actor, Action.ENDPOINT_DISABLED, endpoint.id, after={"why": why})
        logger.warning("endpoint %s is disabled: %s", endpoint.id, why)
