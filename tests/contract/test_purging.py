"""The contract of Contacts.remove_closed."""

from datetime import datetime

import pytest

from application.ports.contacts import ContactFilter, Purged
from application.ports.storage import Storage
from domain.contact import Contact
from domain.errors import UnknownContact
from domain.events import Closed, Registered
from domain.ids import ContactId, OperatorId
from domain.lead import Identity, Lead
from domain.operator import Operator
from domain.source import Source
from tests.contract.given import Given, everything, happened, moved_to_its_operator


@pytest.fixture
def ann(given: Given) -> Operator:
    return given.operator("Ann")


@pytest.fixture
def source(given: Given, ann: Operator) -> Source:
    return given.source("telegram", (ann, 1))


@pytest.fixture
def lead(given: Given) -> Lead:
    return given.lead(Identity("telegram", "first"))


def remove(
    storage: Storage, before: datetime, after: ContactId | None = None, limit: int = 100
) -> Purged:
    with storage.unit_of_work() as uow:
        return uow.contacts.remove_closed(before, after=after, limit=limit)


def left(storage: Storage) -> list[ContactId]:
    page = storage.contacts.contacts(ContactFilter(), limit=1000, after=None)
    return [each.id for each in page.items][::-1]


def purged(storage: Storage) -> tuple[dict[str, int], dict[tuple[str, OperatorId], int]]:
    with storage.auditor.facts() as facts:
        return {**facts.purged_registered()}, {**facts.purged_assigned()}


def test_an_empty_storage_has_nothing_to_remove(storage: Storage, given: Given) -> None:
    assert remove(storage, given.now) == Purged(0, None)
    assert purged(storage) == ({}, {})


def test_what_was_closed_before_is_removed_and_nothing_else(
    storage: Storage, given: Given, ann: Operator, source: Source, lead: Lead
) -> None:
    waiting = given.contact(source, lead)
    assigned = given.contact(source, lead, ann)
    for operator in (None, ann):
        given.contact(source, lead, operator, closed=True)
    reopened = given.contact(source, lead, ann)
    given.world.clock.advance(hours=1)
    moment = given.now
    at_the_moment = given.contact(source, lead, ann, closed=True)
    reopened.close(given.now)
    with storage.unit_of_work() as uow:
        happened(uow, Closed(reopened, reopened.operator_id, given.now))
    given.world.clock.advance(hours=1)
    later = given.contact(source, lead, ann, closed=True)
    assert remove(storage, moment) == Purged(2, None)
    assert left(storage) == [
        each.id for each in (waiting, assigned, reopened, at_the_moment, later)
    ]


def test_all_that_belongs_to_the_contact_goes_with_it(
    storage: Storage, given: Given, ann: Operator, source: Source, lead: Lead
) -> None:
    bob = given.operator("Bob")
    moved = given.contact(source, lead, ann)
    moved.assign(bob.id, given.now)
    with storage.unit_of_work() as uow:
        happened(uow, moved_to_its_operator(moved, ann.id, given.now))
        moved.close(given.now)
        happened(uow, Closed(moved, moved.operator_id, given.now))
    keyed = Contact(ContactId(given.new_id()), "telegram", lead.id, given.now)
    stays = given.contact(source, lead, ann)
    with storage.unit_of_work() as uow:
        happened(uow, Registered(keyed, None, ("key", bytes(32))))
        keyed.close(given.now)
        happened(uow, Closed(keyed, keyed.operator_id, given.now))
    given.world.clock.advance(hours=1)
    assert remove(storage, given.now) == Purged(2, None)
    for each in (moved, keyed):
        with pytest.raises(UnknownContact):
            storage.contacts.decision(each.id)
        with pytest.raises(UnknownContact):
            storage.contacts.history(each.id)
    assert storage.contacts.decision(stays.id).decision is not None
    assert len(storage.contacts.history(stays.id)) == 2
    assert list(storage.auditor.defects()) == []
    with storage.unit_of_work() as uow:
        assert uow.contacts.keyed([("telegram", "key")]) == {}
        # The key can be used for another contact now.
        again = Contact(ContactId(given.new_id()), "telegram", lead.id, given.now)
        happened(uow, Registered(again, None, ("key", bytes(32))))


def test_leads_and_identities_stay(
    storage: Storage, given: Given, ann: Operator, source: Source, lead: Lead
) -> None:
    given.contact(source, lead, ann, closed=True)
    given.world.clock.advance(hours=1)
    remove(storage, given.now)
    assert storage.leads.lead(lead.id).identities == [Identity("telegram", "first")]


def test_what_is_gone_is_counted_as_the_picker_gave_it(
    storage: Storage, given: Given, ann: Operator, source: Source, lead: Lead
) -> None:
    bob = given.operator("Bob")
    other = given.source("web", (bob, 1))
    moved = given.contact(source, lead, ann)
    moved.assign(bob.id, given.now)
    with storage.unit_of_work() as uow:
        happened(uow, moved_to_its_operator(moved, ann.id, given.now))
        moved.close(given.now)
        happened(uow, Closed(moved, moved.operator_id, given.now))
    given.contact(source, lead, closed=True)
    given.contact(other, lead, bob, closed=True)
    given.world.clock.advance(hours=1)
    remove(storage, given.now)
    expected = {"telegram": 2, "web": 1}, {("telegram", ann.id): 1, ("web", bob.id): 1}
    assert purged(storage) == expected
    given.contact(source, lead, ann, closed=True)
    given.world.clock.advance(hours=1)
    remove(storage, given.now)
    expected[0]["telegram"], expected[1]["telegram", ann.id] = 3, 2
    assert purged(storage) == expected


def test_few_at_a_time_and_the_oldest_first(
    storage: Storage, given: Given, ann: Operator, source: Source, lead: Lead
) -> None:
    contacts = []
    for number in range(7):
        # Every third is closed too late, but still counts towards the limit.
        contacts.append(given.contact(source, lead, ann, closed=number % 3 != 1))
        given.world.clock.advance(minutes=1)
    moment = given.now
    for each in contacts[1::3]:
        each.close(moment)
        with storage.unit_of_work() as uow:
            happened(uow, Closed(each, each.operator_id, given.now))
    ids = [each.id for each in contacts]
    assert remove(storage, moment, limit=3) == Purged(2, ids[2])
    assert left(storage) == [ids[1], *ids[3:]]
    assert remove(storage, moment, ids[2], limit=3) == Purged(2, ids[5])
    assert remove(storage, moment, ids[5], limit=3) == Purged(1, None)
    assert left(storage) == ids[1::3]


def test_the_last_is_the_last_also_if_the_limit_is_met(
    storage: Storage, given: Given, ann: Operator, source: Source, lead: Lead
) -> None:
    for _ in range(4):
        given.contact(source, lead, ann, closed=True)
    given.world.clock.advance(hours=1)
    assert remove(storage, given.now, limit=4) == Purged(4, None)


def test_more_than_fits_into_one_statement(
    storage: Storage, given: Given, source: Source, lead: Lead
) -> None:
    contacts = [
        Contact(ContactId(given.new_id()), source.key, lead.id, given.now) for _ in range(1200)
    ]
    with storage.unit_of_work() as uow:
        happened(uow, *(Registered(each, None) for each in contacts))
        for each in contacts:
            each.close(given.now)
            happened(uow, Closed(each, each.operator_id, given.now))
    given.world.clock.advance(hours=1)
    assert remove(storage, given.now, limit=5000) == Purged(1200, None)
    assert left(storage) == []


def test_a_removal_that_is_rolled_back_has_not_happened(
    storage: Storage, given: Given, ann: Operator, source: Source, lead: Lead
) -> None:
    given.contact(source, lead, ann, closed=True)
    given.contact(source, lead, ann)
    given.world.clock.advance(hours=1)
    before = everything(storage)
    with pytest.raises(ZeroDivisionError), storage.unit_of_work() as uow:
        _ = uow.contacts.remove_closed(given.now, after=None, limit=100).removed / 0
    assert everything(storage) == before
