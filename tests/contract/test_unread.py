"""Identities that could not be read: kept with their contact, and removed with it."""

import pytest

from application.ports.contacts import ContactFilter
from application.ports.storage import Storage
from domain.errors import Unreadable
from domain.lead import Identity, Lead, UnreadIdentity
from domain.operator import Operator
from domain.source import Source
from tests.contract.given import Given
from tests.contract.test_operators import TEXTS

UNREAD = (
    UnreadIdentity("email", "ann@", Unreadable.NOT_AN_EMAIL),
    UnreadIdentity("phone", "8 (916) \u044f", Unreadable.NOT_A_PHONE),
)
ONE = (UnreadIdentity("phone", "\U0001f600" * 200, Unreadable.TOO_LONG),)


@pytest.fixture
def ann(given: Given) -> Operator:
    return given.operator("Ann")


@pytest.fixture
def source(given: Given, ann: Operator) -> Source:
    return given.source("telegram", (ann, 1))


@pytest.fixture
def lead(given: Given) -> Lead:
    return given.lead(Identity("telegram", "first"))


def test_they_are_read_back_wherever_a_contact_is(
    storage: Storage, given: Given, ann: Operator, source: Source, lead: Lead
) -> None:
    contacts = [
        given.contact(source, lead, ann, unread=UNREAD),
        given.contact(source, lead),
        given.contact(source, lead, unread=ONE),
        given.contact(source, lead, ann, closed=True, unread=UNREAD),
    ]
    with storage.unit_of_work() as uow:
        assert [uow.contacts.find([each.id])[each.id].contact for each in contacts] == contacts
        assert uow.contacts.oldest_waiting({"telegram": 9})["telegram"] == contacts[1:3]
    expected = [UNREAD, (), ONE, UNREAD]
    page = storage.contacts.contacts(ContactFilter(), limit=9, after=None)
    assert [each.lead.unread for each in page.items] == expected[::-1]
    assert [each.lead.unread for each in storage.contacts.queue(None, limit=9).items] == [(), ONE]
    export = storage.leads.export(lead.id, limit=5000).contacts
    assert [each.contact.lead.unread for each in export] == expected[::-1]
    for contact, unread in zip(contacts, expected, strict=True):
        assert storage.contacts.contact(contact.id).lead.unread == unread


@pytest.mark.parametrize("value", [*TEXTS, "'", '"', "\\", '["x"]', "\u2028", "\uffff"])
def test_values_of_any_text_are_kept(
    storage: Storage, given: Given, source: Source, lead: Lead, value: str
) -> None:
    unread = tuple(
        UnreadIdentity(f"kind_{number}", value, reason) for number, reason in enumerate(Unreadable)
    )
    contact = given.contact(source, lead, unread=unread)
    assert storage.contacts.contact(contact.id).lead.unread == unread


def test_they_are_erased_with_the_person_and_with_nobody_else(
    storage: Storage, given: Given, ann: Operator, source: Source, lead: Lead
) -> None:
    other = given.lead(Identity("telegram", "second"))
    mine = [given.contact(source, lead, each, unread=UNREAD) for each in (ann, None)]
    kept = given.contact(source, other, ann, unread=UNREAD)
    with storage.unit_of_work() as uow:
        assert uow.leads.erase(lead.id)
    assert [storage.contacts.contact(each.id).lead.unread for each in mine] == [(), ()]
    assert storage.contacts.contact(kept.id).lead.unread == UNREAD
    with storage.unit_of_work() as uow:
        assert not uow.leads.erase(lead.id)


def test_they_alone_are_enough_to_be_erased(storage: Storage, given: Given, source: Source) -> None:
    nobody = given.lead()
    given.contact(source, nobody, unread=ONE)
    with storage.unit_of_work() as uow:
        assert uow.leads.erase(nobody.id)


def test_they_are_purged_with_the_contact(
    storage: Storage, given: Given, ann: Operator, source: Source, lead: Lead
) -> None:
    given.contact(source, lead, ann, closed=True, unread=UNREAD)
    stays = given.contact(source, lead, ann, unread=ONE)
    given.world.clock.advance(hours=1)
    with storage.unit_of_work() as uow:
        assert uow.contacts.remove_closed(given.now, after=None, limit=9).removed == 1
    (left,) = storage.contacts.contacts(ContactFilter(), limit=9, after=None).items
    assert (left.id, left.lead.unread) == (stays.id, ONE)
    assert list(storage.auditor.defects()) == []
