"""The contract of Leads."""

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

import pytest

from application.ports.storage import Storage
from domain import limits
from domain.contact import Contact
from domain.errors import UnknownLead
from domain.events import Registered
from domain.ids import ContactId, LeadId
from domain.lead import Identity, Lead, LeadIndex, Recognition
from tests.contract.given import NOBODY, Given, everything, happened
from tests.contract.test_operators import TEXTS

PHONE = Identity("phone", "+79161234567")
EMAIL = Identity("email", "ann@example.com")
CHAT = Identity("telegram", "Ann_42")


def index(
    storage: Storage, identities: Iterable[Identity] = (), lead_ids: Iterable[LeadId] = ()
) -> LeadIndex:
    with storage.unit_of_work() as uow:
        return uow.leads.index(identities, lead_ids)


def recognise(found: LeadIndex, *identities: Identity, name: str | None = None) -> Recognition:
    return found.recognise(identities, new_id=lambda: NOBODY, name=name)


def test_a_lead_is_found_by_any_of_its_identities(storage: Storage, given: Given) -> None:
    lead = given.lead(PHONE, EMAIL, name="Ann")
    given.lead(CHAT)
    for identity in (PHONE, EMAIL):
        found = recognise(index(storage, [identity]), identity)
        assert (found.lead, found.created, found.learned) == (lead, False, [])


def test_a_lead_is_found_by_its_id(storage: Storage, given: Given) -> None:
    lead = given.lead(PHONE)
    found = index(storage, [], [lead.id]).recognise([], new_id=UUID, lead_id=lead.id)
    assert found.lead == lead


def test_one_lead_found_in_several_ways_is_one_object(storage: Storage, given: Given) -> None:
    lead = given.lead(PHONE, EMAIL)
    found = index(storage, [PHONE, EMAIL], [lead.id])
    assert recognise(found, PHONE, name="Ann").named
    assert recognise(found, EMAIL).lead.name == "Ann"
    assert found.recognise([], new_id=UUID, lead_id=lead.id).lead.name == "Ann"


def test_nobody_is_found_who_is_not_there(storage: Storage, given: Given) -> None:
    given.lead(PHONE)
    found = index(storage, [EMAIL], [LeadId(NOBODY)])
    assert recognise(found, EMAIL).created
    assert recognise(index(storage, [EMAIL]), PHONE).created
    with pytest.raises(UnknownLead):
        found.recognise([], new_id=UUID, lead_id=LeadId(UUID(int=2)))


def test_the_kind_belongs_to_the_identity(storage: Storage, given: Given) -> None:
    given.lead(Identity("telegram", "42"))
    other = Identity("vk", "42")
    assert recognise(index(storage, [other]), other).created


@pytest.mark.parametrize(
    ("stored", "asked"),
    [("Ann", "ann"), ("é", "e\u0301"), ("a_c", "abc"), ("a%", "abc"), ("1", "01"), ("1", "1.0")],
)
def test_values_are_matched_exactly(
    storage: Storage, given: Given, stored: str, asked: str
) -> None:
    given.lead(Identity("telegram", stored))
    other = Identity("telegram", asked)
    assert recognise(index(storage, [other]), other).created


@pytest.mark.parametrize("value", [*TEXTS, "a:b:c", '["x"]', "null", "\\u0041", "1e5"])
def test_values_of_any_text_are_kept(storage: Storage, given: Given, value: str) -> None:
    identity = Identity("telegram", value)
    lead = given.lead(identity, name=value)
    assert recognise(index(storage, [identity]), identity).lead == lead
    assert storage.leads.lead(lead.id).identities == [identity]


def test_a_lead_is_found_by_other_spellings_of_its_identities(
    storage: Storage, given: Given
) -> None:
    ann = given.lead(PHONE)
    bob = given.lead(Identity("phone", "+74951234567"), Identity("telegram", "a:b"))
    other = Identity("phone", "+79161234568", (PHONE.key, "phone:+7"))
    found = recognise(index(storage, [other]), other)
    assert (found.lead, found.created, found.learned) == (ann, False, [other])
    with storage.unit_of_work() as uow:
        uow.leads.learn([found])
    assert storage.leads.lead(ann.id).identities == [PHONE, other]
    # An exact match wins over other spellings; spellings of two leads match neither.
    own = Identity("phone", "+74951234567", (PHONE.key,))
    assert recognise(index(storage, [own]), own).lead == bob
    both = Identity("phone", "+70", (PHONE.key, "telegram:a:b"))
    assert recognise(index(storage, [both]), both).created


def test_an_index_of_thousands_is_complete(storage: Storage, given: Given) -> None:
    lessons = []
    for number in range(1200):
        lead = Lead(LeadId(given.new_id()), f"Lead {number}", given.now)
        lessons.append(Recognition(lead, True, [Identity("telegram", f"user-{number}")], False))
    with storage.unit_of_work() as uow:
        uow.leads.learn(lessons)
    identities = [each.learned[0] for each in lessons]
    found = index(storage, identities, [each.lead.id for each in lessons])
    for lesson in lessons:
        assert recognise(found, *lesson.learned).lead == lesson.lead
        assert found.recognise([], new_id=UUID, lead_id=lesson.lead.id).lead == lesson.lead


def test_a_known_lead_learns_identities_and_a_name(storage: Storage, given: Given) -> None:
    lead = given.lead(PHONE)
    named = replace(lead, name="Ann")
    with storage.unit_of_work() as uow:
        uow.leads.learn([Recognition(named, created=False, named=True, learned=[CHAT, EMAIL])])
    view = storage.leads.lead(lead.id)
    assert (view.name, view.identities) == ("Ann", [EMAIL, PHONE, CHAT])


def test_a_lead_can_be_made_and_taught_more_in_one_go(storage: Storage, given: Given) -> None:
    lead = Lead(LeadId(given.new_id()), None, given.now)
    lessons = [Recognition(lead, created=True, named=False, learned=[PHONE])]
    lead.name = "Ann"
    lessons.append(Recognition(lead, created=False, named=True, learned=[EMAIL]))
    with storage.unit_of_work() as uow:
        uow.leads.learn(lessons)
    view = storage.leads.lead(lead.id)
    assert (view.name, view.identities) == ("Ann", [EMAIL, PHONE])


@pytest.mark.parametrize("first", [0, 1, 2])
def test_a_lead_is_known_by_the_contact_that_made_it_known(
    storage: Storage, given: Given, first: int
) -> None:
    """It need not be the one with the oldest id: clocks differ, and can step back."""
    lead, stranger = given.lead(PHONE, CHAT), given.lead(Identity("vk", "1"))
    sources = [given.source(key) for key in "abc"]
    for number, source in enumerate(sources):
        given.contact(source, lead, lead_created=number == first)
    given.contact(sources[0], stranger, lead_created=False)
    with storage.unit_of_work() as uow:
        assert uow.leads.acquaintance(lead.id) == ("abc"[first], 2)
        assert uow.leads.acquaintance(stranger.id) == (None, 1)


def test_a_lead_without_a_name_stays_without(storage: Storage, given: Given) -> None:
    lead = given.lead(PHONE)
    with storage.unit_of_work() as uow:
        uow.leads.learn([Recognition(lead, created=False, named=False, learned=[EMAIL])])
    assert storage.leads.lead(lead.id).name is None


def test_every_identity_has_one_owner_whatever_is_registered(
    storage: Storage, given: Given
) -> None:
    """A contact that names two leads moves nothing from one to the other."""
    first, second = given.lead(PHONE), given.lead(EMAIL)
    given.source("telegram")
    contact = given.world.register(phone=PHONE.value, email=EMAIL.value, telegram=CHAT.value)
    assert (contact.lead.id, list(contact.lead.conflicts)) == (first.id, [second.id])
    with storage.auditor.facts() as facts:
        owners = [(key, lead_id) for key, lead_id, _ in facts.identities()]
    assert owners == [(EMAIL.key, second.id), (PHONE.key, first.id), (CHAT.key, first.id)]


def test_a_name_of_the_longest_is_kept(storage: Storage, given: Given) -> None:
    lead = given.lead(PHONE, name="\U0001f600" * limits.MAX_TEXT)
    assert storage.leads.lead(lead.id).name == lead.name


class TestCorrecting:
    """Corrections of a lead by hand."""

    def test_a_lead_is_read_as_it_stands(self, storage: Storage, given: Given) -> None:
        lead = given.lead(PHONE, name="Ann")
        with storage.unit_of_work() as uow:
            assert uow.leads.get(lead.id) == lead
            assert uow.leads.view(lead.id) == storage.leads.lead(lead.id)
            for ask in (uow.leads.get, uow.leads.view):
                with pytest.raises(UnknownLead):
                    ask(LeadId(NOBODY))

    @pytest.mark.parametrize("name", [*TEXTS, None])
    def test_a_name_is_stored_and_answered_from_within(
        self, storage: Storage, given: Given, name: str | None
    ) -> None:
        lead, other = given.lead(PHONE, name="Before"), given.lead(CHAT, name="Before")
        with storage.unit_of_work() as uow:
            loaded = uow.leads.get(lead.id)
            assert loaded.rename(name)
            uow.leads.save_renamed(loaded, "Before")
            view = uow.leads.view(lead.id)
        assert (view.name, view.identities) == (loaded.name, [PHONE])
        assert storage.leads.lead(lead.id) == view
        assert storage.leads.lead(other.id).name == "Before"

    def test_an_identity_is_forgotten_by_its_owner_alone(
        self, storage: Storage, given: Given
    ) -> None:
        lead, other = given.lead(PHONE, CHAT), given.lead(EMAIL)
        with storage.unit_of_work() as uow:
            assert not uow.leads.forget(other.id, PHONE)
            assert not uow.leads.forget(lead.id, Identity("vk", "1"))
            assert not uow.leads.forget(LeadId(NOBODY), PHONE)
            assert uow.leads.forget(lead.id, PHONE)
            assert not uow.leads.forget(lead.id, PHONE)
            assert uow.leads.view(lead.id).identities == [CHAT]
        assert storage.leads.lead(lead.id).identities == [CHAT]
        assert storage.leads.lead(other.id).identities == [EMAIL]
        assert recognise(index(storage, [PHONE]), PHONE).created

    def test_all_of_it_can_be_rolled_back(self, storage: Storage, given: Given) -> None:
        lead = given.lead(PHONE, name="Ann Lee")
        before = everything(storage)
        with pytest.raises(UnknownLead):
            self.correct_and_fail(storage, lead)
        assert everything(storage) == before
        found = storage.lead_search.by_words(["ann"], after=None, limit=9, but=lambda _: False)
        assert [each.lead.id for each in found.met] == [lead.id]

    def correct_and_fail(self, storage: Storage, lead: Lead) -> None:
        with storage.unit_of_work() as uow:
            uow.leads.save_renamed(replace(lead, name="Lee Ann Bob"), lead.name)
            uow.leads.forget(lead.id, PHONE)
            uow.leads.get(LeadId(NOBODY))


class TestErasing:
    """Everything about the person goes; what is counted stays."""

    def erase(self, storage: Storage, *lead_ids: LeadId) -> None:
        with storage.unit_of_work() as uow:
            for each in lead_ids:
                uow.leads.erase(each)

    def test_the_name_and_the_identities_go(self, storage: Storage, given: Given) -> None:
        lead, other = given.lead(PHONE, EMAIL, name="Ann"), given.lead(CHAT, name="Bob")
        self.erase(storage, lead.id)
        view = storage.leads.lead(lead.id)
        assert (view.name, view.identities) == (None, [])
        view = storage.leads.lead(other.id)
        assert (view.name, view.identities) == ("Bob", [CHAT])

    def test_payloads_go_and_nothing_else_of_a_contact(
        self, storage: Storage, given: Given
    ) -> None:
        ann = given.operator("Ann")
        source = given.source("telegram", (ann, 1))
        lead, other = given.lead(PHONE), given.lead(CHAT)
        contacts = [
            given.contact(source, lead, payload='{"text":"x"}'),
            given.contact(source, lead, ann, payload='{"text":"y"}', closed=True),
            given.contact(source, lead, ann),
        ]
        kept = given.contact(source, other, ann, payload='{"text":"z"}')
        self.erase(storage, lead.id)
        with storage.unit_of_work() as uow:
            for each in contacts:
                assert uow.contacts.find([each.id])[each.id].contact == replace(each, payload=None)
            assert uow.contacts.find([kept.id])[kept.id].contact == kept
            assert [
                each.id for each in uow.contacts.oldest_waiting({"telegram": 9})["telegram"]
            ] == [contacts[0].id]
        assert storage.contacts.decision(contacts[1].id).decision is not None

    def test_idempotency_keys_go(self, storage: Storage, given: Given) -> None:
        given.source("telegram")
        lead, other = given.lead(PHONE), given.lead(CHAT)
        contacts = {}
        for key, owner in (("a", lead), ("b", other), ("c", lead)):
            contacts[key] = Contact(ContactId(given.new_id()), "telegram", owner.id, given.now)
            with storage.unit_of_work() as uow:
                happened(uow, Registered(contacts[key], None, (key, bytes(32))))
        self.erase(storage, lead.id)
        with storage.unit_of_work() as uow:
            assert list(uow.contacts.keyed([("telegram", each) for each in "abc"])) == [
                ("telegram", "b")
            ]

    def test_twice_is_as_once(self, storage: Storage, given: Given) -> None:
        lead = given.lead(PHONE, name="Ann")
        self.erase(storage, lead.id)
        before = everything(storage)
        self.erase(storage, lead.id)
        assert everything(storage) == before

    def test_a_lead_that_is_not_there_is_refused(self, storage: Storage, given: Given) -> None:
        given.lead(PHONE)
        before = everything(storage)
        with pytest.raises(UnknownLead):
            self.erase(storage, LeadId(NOBODY))
        assert everything(storage) == before

    def test_it_can_be_rolled_back(self, storage: Storage, given: Given) -> None:
        lead = given.lead(PHONE, name="Ann")
        given.contact(given.source("telegram"), lead, payload="{}")
        before = everything(storage)
        with pytest.raises(UnknownLead):
            self.erase(storage, lead.id, LeadId(NOBODY))
        assert everything(storage) == before
