"""An hour of work, tried out with the real use cases in memory: does a number of operators do?"""

import heapq
import itertools
import random
from datetime import datetime, timedelta
from math import log
from statistics import NormalDist
from typing import Final

from application.contacts import CloseContact
from application.operators import CreateOperator
from application.ports.contacts import ContactFilter
from application.register_contacts import RegisterContact, Registered
from application.report import WITHIN, Times
from application.sources import CreateSource, ReplaceAllocations
from domain.contact import ContactState
from domain.ids import ContactId
from entrypoints.container import build_simulation
from entrypoints.demo import DemoClock
from entrypoints.settings import Settings

_CONTACTS: Final = 3000
"""Contacts that come in, and for each that is handled at the same time thirty more."""
_WARM: Final = 300
"""The first of them find everybody free and are left out, and for each that is handled at the same
time three more."""
MOST: Final = 300
"""Contacts at the same time that can be simulated in some ten seconds."""
_NINTH: Final = NormalDist().inv_cdf(0.9)


def share_within(
    per_hour: float, took: Times, operators: int, at_a_time: int, seed: int = 1
) -> float:
    """Return the share of contacts that had an operator within `WITHIN`, 0 to 1.

    The hour goes on until thousands of contacts have come in. They come independently of each
    other, and each takes a time drawn from the log-normal distribution with this median and this
    ninth decile.

    Args:
        per_hour: contacts.
        took: how long contacts take.
        operators: how many there are, all on one source with the same weight.
        at_a_time: the capacity of each.
        seed: the same seed gives the same share.
    """
    offered = int(per_hour * took.half / 3600)
    contacts, warm = _CONTACTS + 30 * offered, _WARM + 3 * offered
    clock, chance = DemoClock(), random.Random(seed)  # noqa: S311 -- the same report each time
    container = build_simulation(Settings(database_url="memory://", deliveries=False), clock)
    container.storage().migrate()
    fairlead = container.fairlead()
    hired = [
        fairlead.create_operator(CreateOperator(f"Operator {number}", at_a_time))
        for number in range(operators)
    ]
    fairlead.create_source(CreateSource("all"))
    fairlead.replace_allocations(ReplaceAllocations("all", [(each.id, 1) for each in hired]))
    middle, spread = log(took.half), log(max(took.ninth / took.half, 1.0)) / _NINTH
    order = itertools.count()
    ends: list[tuple[datetime, int, ContactId]] = []
    waiting: dict[ContactId, float] = {}
    for number in range(contacts):
        comes = clock.moment + timedelta(hours=chance.expovariate(per_hour))
        while ends and ends[0][0] <= comes:
            clock.moment, _, contact_id = heapq.heappop(ends)
            fairlead.close_contact(CloseContact(contact_id))
            # Whoever waited longest has the slot now.
            for each in itertools.islice(waiting, 1):
                seconds = waiting.pop(each)
                heapq.heappush(ends, (clock.moment + timedelta(seconds=seconds), next(order), each))
        clock.moment = comes
        (outcome,) = fairlead.register_contacts([RegisterContact("all", {"number": f"{number}"})])
        if not isinstance(outcome, Registered):
            raise outcome
        contact, seconds = outcome.contact, chance.lognormvariate(middle, spread)
        if contact.state is ContactState.WAITING:
            waiting[contact.id] = seconds
        else:
            heapq.heappush(ends, (comes + timedelta(seconds=seconds), next(order), contact.id))
    listed = fairlead.contacts.contacts(ContactFilter(), limit=contacts - warm, after=None).items
    container.storage().close()
    within = [
        each.assigned_at is not None
        and (each.assigned_at - each.created_at).total_seconds() <= WITHIN
        for each in listed
    ]
    return sum(within) / len(within)
