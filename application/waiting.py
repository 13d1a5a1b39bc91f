"""The queue: whatever frees capacity hands out what waited for it, before it commits."""

from datetime import datetime
from typing import Final

from application.ports.unit_of_work import UnitOfWork
from domain.dispatch import Dispatch

_CHUNK: Final = 500


def hand_out_waiting(uow: UnitOfWork, dispatch: Dispatch, at: datetime) -> None:
    """Assign waiting contacts, the oldest first, until nobody is eligible or nothing waits.

    Args:
        uow: open.
        dispatch: loaded by `uow`, with every source on which capacity may have become free. The
            caller saves it afterwards.
        at: the moment of the assignments.
    """
    while open_sources := dispatch.open_sources():
        handed_out = []
        limit = min(_CHUNK, dispatch.free_slots(open_sources))
        for contact in uow.contacts.oldest_waiting(open_sources, limit):
            decision = dispatch.hand_out(contact, at)
            if decision is not None:
                handed_out.append((contact, decision))
        if not handed_out:
            # The length of a queue is wrong; `fairlead check` will say so.
            return
        uow.contacts.save_handed_out(handed_out)
