"""The use case that puts queues right after a clock was ahead.

Contacts that came in meanwhile would be handed out after everyone who comes in until that time.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from application.ports.system import Clock
from application.ports.unit_of_work import UnitOfWork
from application.use_case import Alone
from domain.actor import Actor

logger = logging.getLogger(__name__)

_TICK: Final = timedelta(milliseconds=1)
_AHEAD: Final = timedelta(seconds=10)
"""By how much another machine's clock may be ahead of this one's without being wrong."""


@dataclass(frozen=True, slots=True)
class Requeue:
    """A clock may have been wrong: contacts may wait that seem to have come in later than now."""


@dataclass(frozen=True, slots=True)
class RequeueHandler(Alone[Requeue, int]):
    """Moves them to before everyone who comes in from now on, and leaves them in their order."""

    clock: Clock

    def within(self, uow: UnitOfWork, command: Requeue, actor: Actor) -> int:
        """Return how many were moved."""
        del command, actor
        now = self.clock.now()
        moved = uow.contacts.requeue(now - _TICK, later_than=now + _AHEAD)
        if moved:
            logger.warning(
                "%s contacts wait that came in when a clock was ahead: they go before those that "
                "come in from now on",
                moved,
            )
        return moved
