"""The contract of Auditor: everything, as of one moment."""

import threading

from application.contacts import CloseContact, TransferContact
from application.ports.auditor import ContactFact, Facts
from application.ports.storage import Storage
from application.register_contacts import RegisterContact
from domain.ids import OperatorId
from domain.lead import Identity
from tests.contract.given import Given, decision_on, happened, moved_to_its_operator
from tests.support import World


def contacts(facts: Facts) -> list[ContactFact]:
    return sorted(facts.contacts(), key=lambda each: each.id)


def test_an_empty_storage_has_no_facts_and_no_defects(storage: Storage) -> None:
    with storage.auditor.facts() as facts:
        assert [*facts.operators(), *facts.sources(), *facts.contacts(), *facts.identities()] == []
        assert not any([*facts.registered(), *facts.assigned()])
    assert list(storage.auditor.defects()) == []


def test_every_fact_is_shown(storage: Storage, given: Given) -> None:
    ann, bob = given.operator("Ann", load=2), given.operator("Bob", active=False)
    source, empty = given.source("a", (ann, 3), (bob, 0)), given.source("b")
    given.credits(source, 5, -5)
    chat, phone = Identity("telegram", "x"), Identity("phone", "+79161234567")
    lead, other = given.lead(chat), given.lead(phone)
    waiting = given.contact(source, lead)
    closed = given.contact(source, other, ann, closed=True)
    moved = given.contact(source, lead, ann)
    for target, previous in ((bob, ann), (ann, bob)):
        moved.assign(target.id, given.now)
        with storage.unit_of_work() as uow:
            happened(uow, moved_to_its_operator(moved, previous.id, given.now))
    with storage.auditor.facts() as facts:
        assert sorted(facts.operators(), key=lambda each: each.id) == [ann, bob]
        assert sorted(facts.sources(), key=lambda each: each.key) == [source, empty]
        assert list(facts.identities()) == [(phone.key, other.id, True), (chat.key, lead.id, True)]
        found = contacts(facts)
    for fact, contact, decided, transferred_to in (
        (found[0], waiting, None, None),
        (found[1], closed, decision_on(ann), None),
        (found[2], moved, decision_on(ann), ann.id),
    ):
        assert fact == ContactFact(
            contact.id,
            "a",
            contact.state,
            contact.operator_id,
            contact.assigned_at,
            contact.closed_at,
            decided,
            transferred_to,
        )


def test_the_counters_are_shown_summed_up(storage: Storage, world: World) -> None:
    ann = world.operator("Ann", capacity=3)
    world.source((ann, 1), key="a")
    for _ in range(4):
        world.register("a")
        world.clock.advance(hours=13)
    with storage.auditor.facts() as facts:
        registered, assigned = list(facts.registered()), list(facts.assigned())
    assert registered == [{"a": 4}] * len(registered) != []
    assert assigned == [{("a", OperatorId(ann.id)): 3}] * len(assigned) != []


def test_facts_are_of_one_moment_whatever_happens_meanwhile(storage: Storage, world: World) -> None:
    ann = world.operator("Ann")
    world.source((ann, 1))
    for _ in range(3):
        world.register()

    def disturb() -> None:
        contact = world.register()
        world.fairlead.transfer_contact(TransferContact(contact.id, world.operator("Bob").id))
        world.fairlead.close_contact(CloseContact(contact.id))

    with storage.auditor.facts() as facts:
        assert [each.load for each in facts.operators()] == [3]
        thread = threading.Thread(target=disturb)
        thread.start()
        # Memory makes the writer wait until the facts are closed; a database does not.
        thread.join(0.3)
        assert len(contacts(facts)) == 3
        assert {each["telegram"] for each in facts.registered()} == {3}
        assert len(list(facts.identities())) == 3
        assert [each.name for each in facts.operators()] == ["Ann"]
    thread.join(10)
    with storage.auditor.facts() as facts:
        assert len(contacts(facts)) == 4
    assert world.defects() == []


def test_thousands_of_contacts_are_streamed_with_their_decisions(
    storage: Storage, world: World
) -> None:
    world.source((world.operator("Ann", capacity=2000), 1))
    world.fairlead.register_contacts(
        [RegisterContact("telegram", {"telegram": f"user-{number}"}) for number in range(2100)]
    )
    with storage.auditor.facts() as facts:
        assert sum(each.decision is not None for each in facts.contacts()) == 2000
        assert len(list(facts.identities())) == 2100
    assert world.defects() == []
