"""The use case that keeps the storage small: remove what was closed long ago."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from application.auditing import Recorder
from application.ports.contacts import Purged
from application.ports.system import Clock, Pause
from application.ports.unit_of_work import UnitOfWork
from application.transactions import Transactions
from domain.actor import SCRIPT, Actor
from domain.audit import Action
from domain.errors import InvalidValue
from domain.ids import ContactId

_CHUNK: Final = 500
"""The most contacts in one transaction: registrations wait for it, some 20 ms."""


@dataclass(frozen=True, slots=True)
class PurgeContacts:
    """Contacts closed before a moment are wanted no more.

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

        If it ends too early, what was removed is removed, and doing it again does the rest.

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
        def work(uow: UnitOfWork) -> Purged:
            purged = uow.contacts.remove_closed(before, after=after, limit=_CHUNK)
            if purged.removed:
                self.record(
                    uow,
                    actor,
                    Action.CONTACTS_PURGED,
                    before.astimezone(UTC).isoformat(),
                    after={"removed": purged.removed},
                )
            return purged

        return self.transactions(work)
