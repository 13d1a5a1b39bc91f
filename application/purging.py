"""The use case that keeps the storage small: remove what was closed long ago."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from uuid import UUID

from application.auditing import Recorder
from application.due import Timer, Timers
from application.ports.contacts import Purged
from application.ports.due import DueItem
from application.ports.system import Clock, Pause
from application.ports.unit_of_work import UnitOfWork
from application.transactions import Transactions
from application.use_case import Alone
from domain.actor import SCRIPT, TIMER, Actor
from domain.audit import Action
from domain.errors import InvalidValue
from domain.ids import ContactId

logger = logging.getLogger(__name__)

PURGE: Final = "purge"
"""The kind of its due items."""
_AT_NIGHT: Final = time(3)
_LATE: Final = timedelta(days=2)
_REST: Final = timedelta(milliseconds=100)
_CHUNK: Final = 150
"""The most contacts in one transaction: registrations wait for it, some 6 ms."""


@dataclass(frozen=True, slots=True)
class PurgeContacts:
    """Contacts closed before a moment are no longer wanted.

    Attributes:
        before: with a time zone.
    """

    before: datetime


@dataclass(frozen=True, slots=True)
class PurgeContactsHandler:
    """Removes closed contacts with their decisions, transfers and idempotency keys.

    Leads and identities stay, and so do statistics.
    """

    transactions: Transactions
    clock: Clock
    pause: Pause
    record: Recorder

    def __call__(
        self,
        command: PurgeContacts,
        actor: Actor = SCRIPT,
        progress: Callable[[int], None] = lambda _: None,
    ) -> int:
        """Remove the oldest first, a few in each transaction; others go on in between.

        If it stops early, what was removed stays removed, and another run removes the rest.

        Args:
            command: what to remove.
            actor: who wants it.
            progress: called with the number of contacts removed so far, after each transaction.

        Returns:
            How many were removed.

        Raises:
            InvalidValue: the moment is not in the past.
            StorageUnavailable: the rest was not removed.
        """
        if command.before >= self.clock.now():
            raise InvalidValue(
                f"{command.before.isoformat()} is not in the past; name a moment that is.",
                field="before",
            )
        removed, last = self._remove(actor, command.before, None)
        progress(removed)
        while last is not None:
            self.pause()
            more, last = self._remove(actor, command.before, last)
            removed += more
            progress(removed)
        return removed

    def _remove(
        self, actor: Actor, before: datetime, after: ContactId | None
    ) -> tuple[int, ContactId | None]:
        return self.transactions(lambda uow: _remove_some(uow, self.record, actor, before, after))


@dataclass(frozen=True, slots=True)
class NightlyPurge(Timer):
    """Removes, night by night, contacts that were closed longer ago than they are to be kept.

    The subject of its item is the contact up to which tonight's work is done; empty at the start.

    Attributes:
        keep: how long a closed contact is kept.
    """

    keep: timedelta
    clock: Clock
    record: Recorder

    def __call__(self, uow: UnitOfWork, item: DueItem) -> list[DueItem]:
        """Remove a few, and let others use the storage before the rest is removed.

        By a clock that is years ahead, everything is old. So a purge that is days late does not run
        at once: that leaves a night to set the clock right, or to read the log.
        """
        now = self.clock.now()
        if now - item.at > _LATE:
            logger.warning(
                "the nightly purge is %s days late: nothing ran, or the clock is wrong. "
                "It waits for the next night",
                (now - item.at).days,
            )
            return [DueItem(_next_night(now), PURGE, "")]
        after = ContactId(UUID(item.subject)) if item.subject else None
        purged = _remove_some(uow, self.record, TIMER, now - self.keep, after)
        if purged.last is None:
            return [DueItem(_next_night(now), PURGE, "")]
        return [DueItem(now + _REST, PURGE, str(purged.last))]


@dataclass(frozen=True, slots=True)
class PlanPurge:
    """Contacts are to be purged every night, or no longer, as the settings say."""


@dataclass(frozen=True, slots=True)
class PlanPurgeHandler(Alone[PlanPurge, None]):
    """Plans the nightly purge if contacts are to be purged.

    Attributes:
        timers: those of this process.
    """

    clock: Clock
    timers: Timers

    def within(self, uow: UnitOfWork, command: PlanPurge, actor: Actor) -> None:
        """Plan the next night, or cancel; a purge that is planned or under way goes on.

        A plan for later than the next night was made by a clock that was ahead, and is replaced.
        """
        del command, actor
        planned, night = uow.due.planned(PURGE), _next_night(self.clock.now())
        if PURGE not in self.timers.by_kind:
            uow.due.cancel(PURGE)
        elif planned is None or planned > night:
            uow.due.cancel(PURGE)
            uow.due.put(DueItem(night, PURGE, ""))


def _remove_some(
    uow: UnitOfWork, record: Recorder, actor: Actor, before: datetime, after: ContactId | None
) -> Purged:
    purged = uow.contacts.remove_closed(before, after=after, limit=_CHUNK)
    if purged.removed:
        record(
            uow,
            actor,
            Action.CONTACTS_PURGED,
            before.astimezone(UTC).isoformat(),
            after={"removed": purged.removed},
        )
    return purged


def _next_night(now: datetime) -> datetime:
    """Return the next 03:00 by this machine's clock."""
    here = now.astimezone()
    night = datetime.combine(here.date(), _AT_NIGHT)
    if night <= here.replace(tzinfo=None):
        night += timedelta(days=1)
    return night.astimezone(UTC)
