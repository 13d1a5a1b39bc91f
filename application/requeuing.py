"""The use case that puts queues right after a clock was ahead.

Contacts that came in meanwhile would be handed out after everyone who comes in until that time.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from application.ports.system import Clock
from application.ports.unit_of_work import UnitOfWork
from application.use_case import Alone
from domain.actor import Actor
from domain.contact import Place

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
        places = uow.contacts.waiting_after(now + _AHEAD)
        if places:
            uow.contacts.requeue(_just_before(now, places))
            logger.warning(
                "%s contacts wait that came in when a clock was ahead: they go before those that "
                "come in from now on",
                len(places),
            )
        return len(places)


def _just_before(now: datetime, places: Sequence[Place]) -> list[Place]:
    """Return places for the same contacts in the same order, the last of them just before now.

    Contacts at one moment are ordered by id. If ids began anew in between, because a clock was set
    right in several steps, those before that get an earlier moment.
    """
    rank, following, moved = now - _TICK, None, list[Place]()
    for _, contact_id in reversed(places):
        if following is not None and contact_id > following:
            rank -= _TICK
        moved.append((rank, contact_id))
        following = contact_id
    return moved
