"""A process that registers, for tests that need several: a script as a user would write it.

    python -m tests.adapters.registering URL forever
    python -m tests.adapters.registering URL SEED ROUNDS

The first registers until it is killed and prints the id of each contact as soon as it is
acknowledged. The second waits for a line on its input, does a seeded mix of everything, and prints
how many contacts it registered.
"""

import itertools
import random
import sys
from uuid import uuid4

from application.contacts import CloseContact, TransferContact
from application.fairlead import Fairlead
from application.operators import UpdateOperator
from application.ports.contacts import ContactFilter
from application.register_contacts import RegisterContact, Registered
from application.sources import ReplaceAllocations
from domain.contact import ContactState
from domain.errors import ContactClosed, OperatorAtCapacity, OperatorInactive
from domain.ids import OperatorId
from entrypoints.scripting import open_fairlead

KEYS = ("a", "b", "c")


def register_forever(fairlead: Fairlead) -> None:
    """Register single contacts and batches, and print what is acknowledged."""
    for number in itertools.count():
        commands = [
            RegisterContact(KEYS[number % 3], {"telegram": uuid4().hex})
            for _ in range(1 if number % 4 else 20)
        ]
        outcomes = fairlead.register_contacts(commands)
        acknowledged = [each.contact for each in outcomes if isinstance(each, Registered)]
        sys.stdout.write("".join(f"{each.id}\n" for each in acknowledged))
        sys.stdout.flush()
        for contact in acknowledged[::2]:
            fairlead.close_contact(CloseContact(contact.id))


def mix(fairlead: Fairlead, seed: int, rounds: int) -> int:
    """Do everything that takes or frees capacity, in an order set by the seed.

    Returns the number of contacts registered.
    """
    chance = random.Random(seed)
    operators = [
        each.id for each in fairlead.catalogue.operators(active=None, limit=200, after=None).items
    ]
    registered = 0
    for number in range(rounds):
        what = chance.random()
        if what < 0.55:
            outcomes = fairlead.register_contacts(
                [
                    RegisterContact(chance.choice(KEYS), {"telegram": _name(chance, seed, number)})
                    for _ in range(chance.choice((1, 1, 1, 5)))
                ]
            )
            assert all(isinstance(each, Registered) for each in outcomes), outcomes
            registered += len(outcomes)
        elif what < 0.8:
            _disturb_a_contact(fairlead, chance, operators)
        elif what < 0.9:
            fairlead.update_operator(
                UpdateOperator(
                    chance.choice(operators),
                    capacity=chance.randrange(6),
                    active=chance.random() < 0.8,
                )
            )
        else:
            some = chance.sample(operators, chance.randrange(len(operators) + 1))
            fairlead.replace_allocations(
                ReplaceAllocations(
                    chance.choice(KEYS), [(each, chance.randrange(4)) for each in some]
                )
            )
    return registered


def _name(chance: random.Random, seed: int, number: int) -> str:
    """Return the name of a lead that others use too, or a new one."""
    if chance.random() < 0.6:
        return f"known-{chance.randrange(12)}"
    return f"new-{seed}-{number}-{chance.random()}"


def _disturb_a_contact(
    fairlead: Fairlead, chance: random.Random, operators: list[OperatorId]
) -> None:
    state = chance.choice((ContactState.ASSIGNED, ContactState.ASSIGNED, ContactState.WAITING))
    found = fairlead.contacts.contacts(ContactFilter(states=[state]), limit=20, after=None).items
    if not found:
        return
    contact = chance.choice(found)
    if chance.random() < 0.7:
        fairlead.close_contact(CloseContact(contact.id))
        return
    try:
        fairlead.transfer_contact(TransferContact(contact.id, chance.choice(operators)))
    except (ContactClosed, OperatorAtCapacity, OperatorInactive):
        """Another process was faster, or there is no room: both are valid answers."""


if __name__ == "__main__":
    url, first, *rest = sys.argv[1:]
    with open_fairlead(url) as opened:
        if first == "forever":
            register_forever(opened)
        else:
            print("ready", flush=True)
            sys.stdin.readline()
            print(mix(opened, int(first), int(rest[0])), flush=True)
