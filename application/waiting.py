"""The queue: whatever frees capacity hands out the contacts that waited for it, then commits."""

from datetime import datetime
from typing import Final

from application.ports.unit_of_work import UnitOfWork
from domain.dispatch import Dispatch

_CHUNK: Final = 500


def hand_out_waiting(uow: UnitOfWork, dispatch: Dispatch, at: datetime) -> None:
    """Assign waiting contacts, the oldest first, until no operator is eligible or no contact waits.

    Args:
        uow: open; what has happened in the dispatch is saved if anything can be handed out.
        dispatch: loaded by `uow`, with every source on which capacity may have become free.
        at: the moment of the assignments.
    """
    while open_sources := dispatch.open_sources():
        uow.save(dispatch)
        limit = min(_CHUNK, dispatch.free_slots(open_sources))
        waiting = uow.contacts.oldest_waiting(open_sources, limit)
        # If none can be handed out, the length of a queue is wrong; `fairlead check` reports it.
        if not sum(dispatch.hand_out(each, at) is not None for each in waiting):
            return
