"""The contract of UnitOfWork: all or nothing."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from application.ports.due import DueItem
from application.ports.storage import Storage
from application.ports.unit_of_work import UnitOfWork
from domain.access import Session
from domain.audit import Action, AuditEntry
from domain.contact import Contact
from domain.errors import InvalidValue, UnknownLead, UnknownOperator
from domain.events import (
    AllocationsChanged,
    Assigned,
    OperatorChanged,
    OperatorCreated,
    Registered,
    SourceChanged,
    SourceCreated,
)
from domain.ids import AuditId, ContactId, LeadId, OperatorId
from domain.lead import Identity, Lead, Recognition
from domain.operator import Operator, OperatorChange
from domain.source import Source, SourceChange
from domain.strategy import Strategy
from tests.contract.given import Given, decision_on, everything, happened
from tests.contract.test_keys import key_of

PHONE = Identity("phone", "+79161234567")


@pytest.fixture
def write_all(given: Given) -> Callable[[UnitOfWork], None]:
    """Return a function that writes through every method of every repository; see `stored`."""
    ann, bob = given.operator("Ann"), given.operator("Bob")
    source = given.source("telegram", (ann, 2), (bob, 1))
    nameless = given.lead(Identity("telegram", "first"))
    waiting = given.contact(source, nameless)
    transferred = given.contact(source, nameless, ann)
    closed = given.contact(source, nameless, bob)
    given.contact(source, nameless, bob, closed=True)
    known = given.lead(Identity("vk", "known"), name="Kim")
    renamed = given.lead(Identity("vk", "renamed"), Identity("vk", "forgotten"), name="Lee")
    night = given.source("night")
    given.contact(night, nameless, rank=given.now + timedelta(hours=1))
    given.contact(night, nameless)
    with given.storage.unit_of_work() as uow:
        uow.keys.add(key_of(given, 1))
        uow.due.put(DueItem(given.now, "taken", "x"))
        uow.due.put(DueItem(given.now, "cancelled", "x"))
        dispatch = uow.dispatches.load(sources=["telegram"])
        dispatch.source("telegram").waiting = 1
        dispatch.slots[ann.id] = dispatch.slots[bob.id] = 1
        uow.save(dispatch)

    def write(uow: UnitOfWork) -> None:
        happened(
            uow, OperatorCreated(Operator(OperatorId(given.new_id()), "Cid", 5, True, given.now))
        )
        happened(uow, OperatorChanged(Operator(ann.id, "Anna", 7, True, given.now)))
        happened(uow, SourceCreated(Source("whatsapp", "WhatsApp", Strategy.RANDOM, given.now)))
        source.change(SourceChange(name="Telegram", strategy=Strategy.RANDOM))
        happened(uow, SourceChanged(source))
        source.replace_allocations([(bob.id, 9)])
        happened(uow, AllocationsChanged(source))
        lead = Lead(LeadId(given.new_id()), "Zoe", given.now)
        nameless.name = "Yan"
        uow.leads.learn(
            [
                Recognition(lead, created=True, named=False, learned=[PHONE]),
                Recognition(
                    nameless, created=False, named=True, learned=[Identity("email", "y@x.io")]
                ),
            ]
        )
        uow.leads.erase(known.id)
        uow.leads.save_renamed(replace(renamed, name="Max"), renamed.name)
        assert uow.leads.forget(renamed.id, Identity("vk", "forgotten"))
        dispatch = uow.dispatches.load(sources=["telegram"], operators=[ann.id])
        new = Contact(ContactId(given.new_id()), "telegram", lead.id, given.now)
        assert dispatch.hand_out(waiting, given.now)
        assert dispatch.admit(new, key=("key", b"f" * 32))
        dispatch.transfer(transferred, bob.id, given.now)
        dispatch.close(closed, given.now)
        uow.save(dispatch)
        (place,) = uow.contacts.waiting_after(given.now)
        earlier = given.now - timedelta(hours=1), place[1]
        uow.contacts.requeue([earlier])
        assert uow.contacts.waiting_after(earlier[0] - timedelta(seconds=1))[0] == earlier
        write_keys_and_due_items(uow, given)
        entry_id = AuditId(given.new_id())
        uow.audit.add(
            AuditEntry(entry_id, given.now, "script", Action.LEAD_ERASED, str(lead.id), None, None)
        )
        uow.contacts.remove_closed(given.now + timedelta(hours=1), after=None, limit=9)

    return write


def write_keys_and_due_items(uow: UnitOfWork, given: Given) -> None:
    key = key_of(given, 1)
    uow.keys.add(key_of(given, 2))
    uow.keys.save(replace(key, revoked_at=given.now))
    uow.keys.end_session(Session(key.prefix, "", given.now + timedelta(hours=1)), given.now)
    assert uow.due.take({"taken"}, given.now)
    uow.due.cancel("cancelled")
    uow.due.put(DueItem(given.now, "put", "x"))


def stored(storage: Storage) -> list[Any]:
    """Return all that `write_all` changes; each item is changed by it."""
    with storage.auditor.facts() as facts:
        due = [list(facts.due(kind)) for kind in ("taken", "cancelled", "put")]
    keys = storage.keys.all()
    return [
        *everything(storage),
        *due,
        storage.contacts.queue("night", limit=9),
        [each.prefix for each in keys],
        {each.revoked_at for each in keys},
        storage.keys.ended_sessions(),
    ]


def test_a_clean_exit_keeps_everything(
    storage: Storage, write_all: Callable[[UnitOfWork], None]
) -> None:
    before = stored(storage)
    with storage.unit_of_work() as uow:
        write_all(uow)
    after = stored(storage)
    assert all(new != old for new, old in zip(after, before, strict=True))
    with storage.unit_of_work() as uow:
        assert ("telegram", "key") in uow.contacts.keyed([("telegram", "key")])


@pytest.mark.parametrize("error", [InvalidValue("no"), RuntimeError("no"), KeyboardInterrupt()])
def test_an_exception_leaves_nothing_and_passes_through(
    storage: Storage, write_all: Callable[[UnitOfWork], None], error: BaseException
) -> None:
    before = stored(storage)
    with pytest.raises(type(error)) as raised:
        fail_after(storage.unit_of_work(), write_all, error)
    assert raised.value is error
    assert stored(storage) == before
    with storage.unit_of_work() as uow:
        assert not uow.contacts.keyed([("telegram", "key")])


def test_what_was_rolled_back_can_be_done_again(
    storage: Storage, given: Given, write_all: Callable[[UnitOfWork], None]
) -> None:
    operator = Operator(OperatorId(given.new_id()), "Dan", 1, True, given.now)
    with pytest.raises(RuntimeError):
        fail_after(
            storage.unit_of_work(),
            lambda uow: happened(uow, OperatorCreated(operator)),
            RuntimeError(),
        )
    with pytest.raises(UnknownOperator):
        storage.catalogue.operator(operator.id)
    with storage.unit_of_work() as uow:
        happened(uow, OperatorCreated(operator))
        write_all(uow)
    assert storage.catalogue.operator(operator.id).name == "Dan"


def test_a_rolled_back_queue_keeps_its_order(storage: Storage, given: Given) -> None:
    ann = given.operator()
    source, lead = given.source("telegram", (ann, 1)), given.lead(Identity("telegram", "first"))
    waiting = [given.contact(source, lead) for _ in range(4)]

    def hand_out(uow: UnitOfWork) -> None:
        for contact in uow.contacts.oldest_waiting({"telegram": 2})["telegram"]:
            contact.assign(ann.id, given.now)
            happened(uow, Assigned(contact, decision_on(ann), given.now))

    with pytest.raises(RuntimeError):
        fail_after(storage.unit_of_work(), hand_out, RuntimeError())
    with storage.unit_of_work() as uow:
        found = uow.contacts.oldest_waiting({"telegram": 10})["telegram"]
    assert [each.id for each in found] == [each.id for each in waiting]


def test_a_unit_of_work_sees_its_own_writes(storage: Storage, given: Given) -> None:
    source, lead = given.source("telegram"), given.lead(Identity("telegram", "first"))
    contact = Contact(ContactId(given.new_id()), source.key, lead.id, given.now)
    with storage.unit_of_work() as uow:
        happened(uow, Registered(contact, None, ("key", b"print")))
        assert uow.contacts.find([contact.id])[contact.id].contact == contact
        assert uow.contacts.keyed([("telegram", "key")])
        assert uow.contacts.oldest_waiting({"telegram": 1})["telegram"] == [contact]


def test_entities_that_come_out_are_copies(storage: Storage, given: Given) -> None:
    ann = given.operator("Ann", capacity=3)
    source, lead = given.source("telegram", (ann, 1)), given.lead(Identity("telegram", "first"))
    contact = given.contact(source, lead)
    before = everything(storage)
    with storage.unit_of_work() as uow:
        uow.contacts.find([contact.id])[contact.id].contact.close(given.now)
        uow.contacts.oldest_waiting({"telegram": 1})["telegram"][0].close(given.now)
        index = uow.leads.index([Identity("telegram", "first")], [])
        index.recognise([Identity("telegram", "first")], new_id=given.new_id, name="Eve")
    ann.change(OperatorChange(name="Eve"))
    source.change(SourceChange(name="Eve"))
    lead.name = "Eve"
    contact.close(given.now)
    assert everything(storage) == before


def test_units_of_work_come_one_after_the_other(storage: Storage, given: Given) -> None:
    """A second writer reads what the first has committed, never its uncommitted changes."""
    ann = given.operator("Ann", capacity=1)
    given.source("telegram", (ann, 1))
    lead = given.lead(Identity("telegram", "first"))
    inside, outcomes = threading.Barrier(2), []

    def take() -> None:
        inside.wait(10)
        with storage.unit_of_work() as uow:
            dispatch = uow.dispatches.load(sources=["telegram"])
            contact = Contact(ContactId(given.new_id()), "telegram", lead.id, given.now)
            decision = dispatch.admit(contact)
            uow.save(dispatch)
        outcomes.append(decision is not None)

    threads = [threading.Thread(target=take) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == [False, True]
    assert storage.catalogue.operator(ann.id).load == 1


def test_each_call_of_the_factory_makes_a_new_unit_of_work(storage: Storage) -> None:
    with storage.unit_of_work() as first:
        pass
    with storage.unit_of_work() as second:
        pass
    assert first is not second


def test_a_refusal_from_a_repository_rolls_back_too(storage: Storage, given: Given) -> None:
    before = everything(storage)

    def refuse(uow: UnitOfWork) -> None:
        happened(
            uow, OperatorCreated(Operator(OperatorId(given.new_id()), "Ann", 1, True, given.now))
        )
        uow.leads.get(LeadId(given.new_id()))

    with pytest.raises(UnknownLead):
        fail_after(
            storage.unit_of_work(), refuse, AssertionError("it should have been refused before")
        )
    assert everything(storage) == before


def fail_after(uow: UnitOfWork, work: Callable[[UnitOfWork], None], error: BaseException) -> None:
    with uow:
        work(uow)
        raise error


def test_one_begun_at_once_is_like_any_other(
    storage: Storage, write_all: Callable[[UnitOfWork], None], database_url: str
) -> None:
    # PostgreSQL never begins at once: every statement waits for the network.
    begins = not database_url.startswith("postgresql")
    before = stored(storage)
    uow = storage.unit_of_work()
    assert uow.begin_at_once() is begins
    with pytest.raises(ZeroDivisionError):
        fail_after(uow, write_all, ZeroDivisionError())
    assert stored(storage) == before
    uow = storage.unit_of_work()
    assert uow.begin_at_once() is begins
    with uow:
        write_all(uow)
    assert all(new != old for new, old in zip(stored(storage), before, strict=True))


def test_nothing_begins_at_once_while_another_writes(storage: Storage) -> None:
    begun: list[bool] = []

    def begin() -> None:
        begun.append(storage.unit_of_work().begin_at_once())

    with storage.unit_of_work():
        thread = threading.Thread(target=begin)
        thread.start()
        thread.join(30)
    assert begun == [False]
    with storage.unit_of_work():
        pass


def test_what_is_committed_in_the_block_stays_whatever_comes_after(
    storage: Storage, given: Given
) -> None:
    """The commit may come from a different thread than the rest."""
    ann = Operator(OperatorId(given.new_id()), "Ann", 5, True, given.now)

    def commit(uow: UnitOfWork) -> None:
        happened(uow, OperatorCreated(ann))
        thread = threading.Thread(target=uow.commit)
        thread.start()
        thread.join(30)

    with pytest.raises(ZeroDivisionError):
        fail_after(storage.unit_of_work(), commit, ZeroDivisionError())
    assert storage.catalogue.operator(ann.id).name == "Ann"
    with storage.unit_of_work():
        pass
