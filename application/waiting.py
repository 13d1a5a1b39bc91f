"""The queue: whatever frees capacity hands out the contacts that waited for it.

Many are handed out in slices, each in a transaction of its own, so that others get their turn in
between. A slice is due as soon as the one before it is stored, so it does not matter who goes on:
every transaction settles first what is due.
"""

import heapq
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from application.due import AT_ONCE, Timer
from application.ports.due import DueItem
from application.ports.system import Clock
from application.ports.unit_of_work import UnitOfWork
from domain.contact import Contact, ContactState
from domain.dispatch import Dispatch

HAND_OUT: Final = "hand_out"
"""The kind of due item that stands for the next slice; its subject is the key of a source."""
_SLICE: Final = 200
"""Contacts handed out in one transaction: some 10 ms."""
_MANY: Final = 300
"""Operators on a source that make a pick take twice as long."""


class Queues:
    """The queues of a dispatch within one transaction.

    What is read of them is kept for the whole transaction: when many contacts are closed together,
    each frees a slot, and reading the queue anew for each would take longer than closing it.
    """

    def __init__(self, uow: UnitOfWork, dispatch: Dispatch) -> None:
        """Take the dispatch, loaded by the unit of work; nothing is read yet."""
        self._uow = uow
        self._dispatch = dispatch
        self._read: dict[str, _Queue] = {}

    def read(self, most: Mapping[str, int]) -> None:
        """Read so many of the oldest waiting contacts of each of these sources, by key."""
        if self._dispatch.events:
            self._uow.save(self._dispatch)
        oldest = self._uow.contacts.oldest_waiting(most)
        self._read.update((key, _Queue(contacts)) for key, contacts in oldest.items())

    def joined(self, contact: Contact) -> None:
        """Take note of a contact that waits from now on, and is not stored yet."""
        queue = self._read.get(contact.source_key)
        # Usually it is the last; but another process's clock may be ahead of this one's.
        if queue is not None and queue.end is not None and contact.place < queue.end:
            del self._read[contact.source_key]

    def hand_out(self, at: datetime) -> list[DueItem]:
        """Assign waiting contacts, the oldest first, until no operator is eligible or none waits.

        Returns:
            What stands for the slices that are left, to be stored by the caller.
        """
        left, dispatch = None, self._dispatch
        while left != 0 and (open_sources := dispatch.open_sources()):
            if left is None:
                most = max(len(dispatch.sources[key].allocations) for key in open_sources)
                left = _SLICE * _MANY // (_MANY + most)
            unread = [key for key in open_sources if self._first(key) is None]
            if unread:
                # As a rule the oldest are spread over the sources; if not, more is read.
                limit = min(left, dispatch.free_slots(open_sources))
                self.read(dict.fromkeys(unread, min(limit, 2 * limit // len(open_sources) + 1)))
            given = self._give(open_sources, at, min(left, dispatch.free_slots(open_sources)))
            # Otherwise the length of a queue is wrong; `fairlead check` reports it.
            if not given:
                return []
            left -= given
        later = dispatch.open_sources()
        dispatch.handed_out_later.update(later)
        return [DueItem(AT_ONCE, HAND_OUT, key) for key in later]

    def _give(self, keys: list[str], at: datetime, most: int) -> int:
        """Assign the oldest as far as what was read tells who that is; return how many."""
        given = 0
        heads = [(first.place, key) for key in keys if (first := self._first(key))]
        heapq.heapify(heads)
        while heads and given < most:
            _, key = heads[0]
            contact = self._first(key)
            if contact is None:
                # Those of this queue that were not read may be older than the others' heads.
                break
            if self._dispatch.hand_out(contact, at) is None:
                heapq.heappop(heads)
                continue
            given += 1
            if (following := self._first(key)) is not None:
                heapq.heapreplace(heads, (following.place, key))
        return given

    def _first(self, key: str) -> Contact | None:
        """Return the oldest contact of a queue, as far as it was read."""
        queue = self._read.get(key)
        return None if queue is None else queue.first


class _Queue:
    """The beginning of a queue, as it was read.

    Attributes:
        end: the place of the last that was read.
    """

    def __init__(self, contacts: Sequence[Contact]) -> None:
        self._contacts = deque(contacts)
        self.end = contacts[-1].place if contacts else None

    @property
    def first(self) -> Contact | None:
        """The first that still waits."""
        contacts = self._contacts
        while contacts and contacts[0].state is not ContactState.WAITING:
            contacts.popleft()
        return contacts[0] if contacts else None


def hand_out_waiting(uow: UnitOfWork, dispatch: Dispatch, at: datetime) -> None:
    """Assign waiting contacts, the oldest first, until no operator is eligible or no contact waits.

    After a slice of them, the rest is put off until the transaction after this one.

    Args:
        uow: open; what has happened in the dispatch is saved if anything can be handed out.
        dispatch: loaded by `uow`, with every source on which capacity may have become free.
        at: the moment of the assignments.
    """
    for item in Queues(uow, dispatch).hand_out(at):
        uow.due.put(item)


@dataclass(frozen=True, slots=True)
class NextSlice(Timer):
    """Hands out the next slice of every queue for which one is due."""

    clock: Clock

    def __call__(self, uow: UnitOfWork, item: DueItem) -> list[DueItem]:
        """Hand it out, and return what stands for the ones after it."""
        now, keys = self.clock.now(), {item.subject}
        while (another := uow.due.take({HAND_OUT}, now)) is not None:
            keys.add(another.subject)
        dispatch = uow.dispatches.load(sources=keys)
        dispatch.handed_out_later -= keys
        rest = Queues(uow, dispatch).hand_out(now)
        uow.save(dispatch)
        return rest
