"""The event log keeps what happened for a while, and not for ever."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from application.due import Timer
from application.ports.due import DueItem
from application.ports.system import Clock
from application.ports.unit_of_work import UnitOfWork
from application.use_case import Alone
from domain.actor import Actor

logger = logging.getLogger(__name__)

OLD_EVENTS: Final = "old_events"
"""The kind of its due items."""
_AGAIN: Final = timedelta(hours=1)
_REST: Final = timedelta(milliseconds=100)
_LATE: Final = timedelta(days=2)
_CHUNK: Final = 2000
"""The most entries removed in one transaction: some 5 ms."""


@dataclass(frozen=True, slots=True)
class ForgetOldEvents(Timer):
    """Removes, hour by hour, the events that are older than they are to be kept."""

    keep: timedelta
    clock: Clock

    def __call__(self, uow: UnitOfWork, item: DueItem) -> list[DueItem]:
        """Remove some, and let others use the storage before the rest is removed.

        By a clock that is years ahead, all events are old. So nothing is removed by an item that is
        days late: that leaves an hour to set the clock right.
        """
        now = self.clock.now()
        if now - item.at > _LATE:
            logger.warning(
                "the removal of old events is %s days late: nothing ran, or the clock is wrong. It "
                "waits for an hour",
                (now - item.at).days,
            )
            return [DueItem(now + _AGAIN, OLD_EVENTS, "")]
        needed = uow.endpoints.first_needed()
        removed = uow.events.forget(now - self.keep, _CHUNK, needed)
        earliest, _ = uow.events.bounds()
        uow.endpoints.forget(earliest)
        return [DueItem(now + (_REST if removed == _CHUNK else _AGAIN), OLD_EVENTS, "")]


@dataclass(frozen=True, slots=True)
class PlanForgetting:
    """Old events are to be removed from time to time."""


@dataclass(frozen=True, slots=True)
class PlanForgettingHandler(Alone[PlanForgetting, None]):
    """Plans the removal of old events."""

    clock: Clock

    def within(self, uow: UnitOfWork, command: PlanForgetting, actor: Actor) -> None:
        """Plan it for now, unless it is planned for the next hour."""
        del command, actor
        planned, now = uow.due.planned(OLD_EVENTS), self.clock.now()
        if planned is None or planned > now + _AGAIN:
            uow.due.cancel(OLD_EVENTS)
            uow.due.put(DueItem(now, OLD_EVENTS, ""))
