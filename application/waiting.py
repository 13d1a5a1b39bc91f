"""The queue: whatever frees capacity hands out the contacts that waited for it.

Many are handed out in slices, each in a transaction of its own, so that others get their turn in
between. A slice is due as soon as the one before it is stored, so it does not matter who goes on:
every transaction settles first what is due.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from application.due import AT_ONCE, Timer
from application.ports.due import DueItem
from application.ports.system import Clock
from application.ports.unit_of_work import UnitOfWork
from domain.dispatch import Dispatch

HAND_OUT: Final = "hand_out"
"""The kind of due item that stands for the next slice; its subject is the key of a source."""
_SLICE: Final = 200
"""Contacts handed out in one transaction: some 10 ms."""
_MANY: Final = 300
"""Operators on a source that make a pick take twice as long."""


def hand_out_waiting(uow: UnitOfWork, dispatch: Dispatch, at: datetime) -> None:
    """Assign waiting contacts, the oldest first, until no operator is eligible or no contact waits.

    After a slice of them, the rest is put off until the transaction after this one.

    Args:
        uow: open; what has happened in the dispatch is saved if anything can be handed out.
        dispatch: loaded by `uow`, with every source on which capacity may have become free.
        at: the moment of the assignments.
    """
    for item in _slice(uow, dispatch, at):
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
        rest = _slice(uow, dispatch, now)
        uow.save(dispatch)
        return rest


def _slice(uow: UnitOfWork, dispatch: Dispatch, at: datetime) -> list[DueItem]:
    left = None
    while left != 0 and (open_sources := dispatch.open_sources()):
        if left is None:
            most = max(len(dispatch.sources[key].allocations) for key in open_sources)
            left = _SLICE * _MANY // (_MANY + most)
        uow.save(dispatch)
        limit = min(left, dispatch.free_slots(open_sources))
        waiting = uow.contacts.oldest_waiting(open_sources, limit)
        given = sum(dispatch.hand_out(each, at) is not None for each in waiting)
        # If none can be handed out, the length of a queue is wrong; `fairlead check` reports it.
        if not given:
            return []
        left -= given
    later = dispatch.open_sources()
    dispatch.handed_out_later.update(later)
    return [DueItem(AT_ONCE, HAND_OUT, key) for key in later]
