"""Fills an empty database with at least one of everything that a release stores.

`python tests/golden/make.py sqlite:///tests/golden/0.1.0.sqlite`, run with the code of that
release, made what tests/adapters/test_golden.py opens; the .sql beside it is what pg_dump
--inserts gives of a PostgreSQL database that was filled in the same way.
"""

import sys
import time
from datetime import UTC, datetime

from application.contacts import CloseContact, TransferContact
from application.fairlead import Fairlead
from application.keys import CreateKey, RevokeKey
from application.leads import EraseLead
from application.operators import CreateOperator, UpdateOperator
from application.ports.contacts import ContactView
from application.purging import PurgeContacts
from application.register_contacts import RegisterContact, Registered
from application.sources import CreateSource, ReplaceAllocations, UpdateSource
from domain.access import Role
from domain.strategy import Strategy
from entrypoints.scripting import open_fairlead

SALES, CHAT, VK = "telegram-sales", "site.chat", "vk"


def fill(fairlead: Fairlead) -> None:
    """Live through a short life: operators come and go, contacts wait, change hands and close."""

    def register(source: str, **given: object) -> ContactView:
        (outcome,) = fairlead.register_contacts([RegisterContact(source, **given)])  # type: ignore[arg-type]
        assert isinstance(outcome, Registered), outcome
        return outcome.contact

    def transfer(contact: ContactView, to: object) -> None:
        # Moments differ, so that a test can tell which is which.
        time.sleep(0.005)
        fairlead.transfer_contact(TransferContact(contact.id, to))  # type: ignore[arg-type]

    anna, boris, kirill, dora = (
        fairlead.create_operator(CreateOperator(name, capacity)).id
        for name, capacity in (("Anna", 4), ("Boris", 30), ("Кирилл", 5), ("Dora", 3))
    )
    fairlead.create_source(CreateSource(SALES, "Telegram, sales"))
    fairlead.create_source(CreateSource(CHAT, strategy=Strategy.RANDOM))
    fairlead.create_source(CreateSource(VK))
    fairlead.create_source(CreateSource("empty"))
    fairlead.replace_allocations(ReplaceAllocations(SALES, [(anna, 10), (boris, 30), (kirill, 30)]))
    fairlead.replace_allocations(ReplaceAllocations(CHAT, [(anna, 1), (kirill, 3), (dora, 0)]))

    sales = [
        register(
            SALES,
            identities={"phone": f"+7916123{4500 + number}", "telegram": f"user{number}"},
            lead_name=f"Иван {number}" if number % 2 else None,
            payload={"text": "Есть в наличии?", "number": number},
            idempotency_key=f"message-{number}",
        )
        for number in range(24)
    ]
    for each in sales[:9]:
        fairlead.close_contact(CloseContact(each.id))
    moment = datetime.now(UTC)
    time.sleep(0.005)
    fairlead.purge_contacts(PurgeContacts(moment))
    for number in range(10):
        register(CHAT, identities={"email": f"ann+{number}@example.com"}, lead_name="Ann Lee")
    first = register(VK, identities={"vk": "id1"})
    second = register(VK, identities={"vk": "id2", "phone": "+79161234500"}, lead_name="Мария")
    register(VK, identities={"external_id": "550e8400-e29b-41d4-a716-446655440000"})
    register(
        CHAT,
        identities={"phone": "+79161234501", "email": "ann+1@example.com", "external_id": "crm-7"},
    )

    # Given away by hand while it waited, then again; and after a picker had assigned it.
    transfer(first, boris)
    transfer(first, dora)
    by_boris = [each for each in sales[9:] if each.operator and each.operator.id == boris]
    transfer(by_boris[0], dora)
    transfer(by_boris[1], dora)
    fairlead.close_contact(CloseContact(by_boris[1].id))
    fairlead.close_contact(CloseContact(second.id))

    fairlead.update_operator(UpdateOperator(kirill, active=False))
    fairlead.update_operator(UpdateOperator(boris, capacity=1))
    fairlead.update_source(UpdateSource(VK, name="ВКонтакте"))
    fairlead.replace_allocations(ReplaceAllocations(SALES, [(anna, 10), (boris, 20), (dora, 5)]))
    for number in range(6):
        register(SALES, identities={"telegram": f"late{number}"})
    fairlead.erase_lead(EraseLead(sales[12].lead.id))

    admin = fairlead.create_key(CreateKey(Role.ADMIN, "Anna"))
    fairlead.create_key(CreateKey(Role.INTAKE, "bot", SALES, datetime(2099, 1, 1, tzinfo=UTC)))
    fairlead.revoke_key(RevokeKey(admin.key.prefix))


if __name__ == "__main__":
    with open_fairlead(sys.argv[1]) as opened:
        fill(opened)
        defects = opened.check_invariants()
    sys.exit("\n".join(map(str, defects)) or None)
