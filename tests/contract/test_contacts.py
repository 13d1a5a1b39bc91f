"""The contract of Contacts."""

import itertools
import json
from typing import Any

import pytest

from application.ports.contacts import Found
from application.ports.storage import Storage
from domain import limits
from domain.contact import Contact, payload_text
from domain.events import Assigned, Closed, Registered
from domain.ids import ContactId, LeadId, time_of
from domain.lead import Identity, Lead
from domain.operator import Operator
from domain.source import Source
from tests.contract.given import NOBODY, Given, decision_on, happened, moved_to_its_operator

PAYLOADS: list[dict[str, Any]] = [
    {},
    {"text": "Здравствуйте 👋🏽, \u202eRTL\u202c e\u0301 \t\n\\ \" '"},
    {"nested": [[], {}, None, True, False, [{"deep": [1, 2.5, -0.0, 1e300]}]]},
    {"large": 2**70, "small": -(2**70), "": ""},
    {"long": "ж" * 8000},
]


@pytest.fixture
def ann(given: Given) -> Operator:
    return given.operator("Ann")


@pytest.fixture
def source(given: Given, ann: Operator) -> Source:
    return given.source("telegram", (ann, 1))


@pytest.fixture
def lead(given: Given) -> Lead:
    return given.lead(Identity("telegram", "first"))


def stored(storage: Storage, contact_id: ContactId) -> Contact:
    with storage.unit_of_work() as uow:
        return uow.contacts.find([contact_id])[contact_id].contact


def test_waiting_assigned_and_closed_contacts_are_read_back(
    storage: Storage, given: Given, ann: Operator, source: Source, lead: Lead
) -> None:
    given.world.clock.advance(milliseconds=7)
    contacts = [
        given.contact(source, lead),
        given.contact(source, lead, ann, lead_created=True),
        given.contact(source, lead, ann, closed=True),
        given.contact(source, lead, closed=True),
    ]
    for contact in contacts:
        assert stored(storage, contact.id) == contact
        assert contact.created_at == time_of(contact.id) == given.now


@pytest.mark.parametrize("payload", [None, *PAYLOADS])
def test_payloads_are_kept_to_the_letter(
    storage: Storage, given: Given, source: Source, lead: Lead, payload: dict[str, Any] | None
) -> None:
    text = None if payload is None else payload_text(payload)
    contact = given.contact(source, lead, payload=text)
    assert stored(storage, contact.id).payload == text
    assert storage.contacts.contact(contact.id).payload == payload


def test_a_payload_of_the_largest_is_kept(
    storage: Storage, given: Given, source: Source, lead: Lead
) -> None:
    text = payload_text({"x": "y" * (limits.MAX_PAYLOAD - len('{"x":""}'))})
    assert len(text) == limits.MAX_PAYLOAD
    contact = given.contact(source, lead, payload=text)
    assert storage.contacts.contact(contact.id).payload == json.loads(text)


@pytest.mark.parametrize("count", [1, 2, limits.MAX_IDENTITIES])
def test_conflicts_are_kept_in_their_order(
    storage: Storage, given: Given, source: Source, lead: Lead, count: int
) -> None:
    conflicts = tuple(LeadId(given.new_id()) for _ in range(count))[::-1]
    contact = given.contact(source, lead, conflicts=conflicts)
    assert stored(storage, contact.id).conflicts == conflicts
    assert tuple(storage.contacts.contact(contact.id).lead.conflicts) == conflicts


def test_contacts_are_found_with_their_leads_names_and_what_is_not_there_is_missing(
    storage: Storage, given: Given, source: Source
) -> None:
    contacts = [
        given.contact(source, given.lead(Identity("vk", str(name)), name=name))
        for name in (None, "Zoe", "Ян")
    ]
    asked = [ContactId(NOBODY), *(each.id for each in contacts)]
    with storage.unit_of_work() as uow:
        found = uow.contacts.find(asked)
        assert found == {
            contact.id: Found(contact, name)
            for contact, name in zip(contacts, (None, "Zoe", "Ян"), strict=True)
        }
        assert uow.contacts.find([]) == {}


def test_a_contact_is_one_object_within_a_unit_of_work(
    storage: Storage, given: Given, source: Source, lead: Lead
) -> None:
    """Otherwise one command would not see what the command before did to it."""
    waiting = given.contact(source, lead)
    with storage.unit_of_work() as uow:
        found = uow.contacts.find([waiting.id])[waiting.id].contact
        assert uow.contacts.oldest_waiting({"telegram": 9})["telegram"][0] is found


def test_hundreds_are_added_at_once(
    storage: Storage, given: Given, ann: Operator, source: Source, lead: Lead
) -> None:
    contacts = []
    for number in range(600):
        contact_id = ContactId(given.new_id())
        contact = Contact(contact_id, source.key, lead.id, time_of(contact_id), f'{{"n":{number}}}')
        if number % 3:
            contact.assign(ann.id, given.now)
        contacts.append(contact)
    decided = [(each, decision_on(ann) if each.operator_id else None) for each in contacts]
    keys = {each.id: (f"key-{number}", bytes(32)) for number, each in enumerate(contacts)}
    with storage.unit_of_work() as uow:
        happened(uow, *(Registered(each, why, keys[each.id]) for each, why in decided))
    with storage.unit_of_work() as uow:
        assert [uow.contacts.find([each.id])[each.id].contact for each in contacts] == contacts
        asked = [("telegram", key) for key, _ in keys.values()]
        found = uow.contacts.keyed(asked)
    assert [found[slot].contact_id for slot in asked] == [each.id for each in contacts]
    with storage.auditor.facts() as facts:
        found_decided = {each.id for each in facts.contacts() if each.decision}
    assert found_decided == {each.id for each in contacts if each.operator_id}


class TestKeyed:
    """Contacts registered earlier, by source and idempotency key."""

    def test_the_key_is_unique_within_a_source(
        self, storage: Storage, given: Given, lead: Lead
    ) -> None:
        contacts = {
            key: Contact(ContactId(given.new_id()), key, lead.id, given.now)
            for key in ("a", "b", "a.b")
        }
        for key in contacts:
            given.source(key)
        slots = [("a", "b:c"), ("b", "b:c"), ("a.b", "c")]
        with storage.unit_of_work() as uow:
            for (source_key, key), print_ in zip(slots, (b"\0", b"1" * 32, b"\xff"), strict=True):
                contact = contacts[source_key]
                happened(uow, Registered(contact, None, (key, print_)))
        with storage.unit_of_work() as uow:
            sources = {each.id: key for key, each in contacts.items()}
            found = uow.contacts.keyed([*slots, ("a", "c"), ("a.b", "b:c"), ("nowhere", "b:c")])
        assert {
            slot: (each.fingerprint, sources[each.contact_id]) for slot, each in found.items()
        } == {
            ("a", "b:c"): (b"\0", "a"),
            ("b", "b:c"): (b"1" * 32, "b"),
            ("a.b", "c"): (b"\xff", "a.b"),
        }

    @pytest.mark.parametrize("key", ["x" * 200, "😀" * 200, "a:b", "Ключ", " x", "%_'\""])
    def test_keys_are_matched_exactly(
        self, storage: Storage, given: Given, source: Source, lead: Lead, key: str
    ) -> None:
        contact = Contact(ContactId(given.new_id()), source.key, lead.id, given.now)
        with storage.unit_of_work() as uow:
            happened(uow, Registered(contact, None, (key, b"print")))
        with storage.unit_of_work() as uow:
            asked = [(source.key, each) for each in (key, key.upper() + "!", key[:-1] + "_")]
            assert list(uow.contacts.keyed(asked)) == [(source.key, key)]

    def test_nothing_asked_is_nothing_found(self, storage: Storage) -> None:
        with storage.unit_of_work() as uow:
            assert not uow.contacts.keyed([])


class TestOldestWaiting:
    """The queue."""

    def test_the_oldest_of_each_source_come_first(
        self, storage: Storage, given: Given, lead: Lead
    ) -> None:
        sources = {key: given.source(key) for key in "cab"}
        waiting: dict[str, list[Contact]] = {key: [] for key in sources}
        for number in range(12):
            key = "cab"[number * 7 % 3]
            waiting[key].append(given.contact(sources[key], lead))
        with storage.unit_of_work() as uow:
            for keys in itertools.permutations("abc"):
                assert uow.contacts.oldest_waiting(dict.fromkeys(keys, 100)) == waiting
            found = uow.contacts.oldest_waiting({"b": 1, "a": 3})
            assert found == {"b": waiting["b"][:1], "a": waiting["a"][:3]}

    def test_only_the_sources_asked_for(self, storage: Storage, given: Given, lead: Lead) -> None:
        first, second = given.source("a"), given.source("b")
        mine = [given.contact(first, lead), given.contact(second, lead)][:1]
        with storage.unit_of_work() as uow:
            assert uow.contacts.oldest_waiting({"a": 10}) == {"a": mine}
            assert uow.contacts.oldest_waiting({"nowhere": 10}) == {"nowhere": []}
            assert uow.contacts.oldest_waiting({}) == {}

    def test_assigned_and_closed_contacts_do_not_wait(
        self, storage: Storage, given: Given, ann: Operator, source: Source, lead: Lead
    ) -> None:
        assigned, closed, handed, transferred, waiting = (
            given.contact(source, lead, ann),
            given.contact(source, lead),
            given.contact(source, lead),
            given.contact(source, lead),
            given.contact(source, lead),
        )
        closed.close(given.now)
        handed.assign(ann.id, given.now)
        transferred.assign(ann.id, given.now)
        with storage.unit_of_work() as uow:
            happened(uow, Closed(closed, closed.operator_id, given.now))
            happened(uow, Assigned(handed, decision_on(ann), given.now))
            happened(uow, moved_to_its_operator(transferred, None, given.now))
            assert uow.contacts.oldest_waiting({"telegram": 10})["telegram"] == [waiting]
        with storage.unit_of_work() as uow:
            assert uow.contacts.oldest_waiting({"telegram": 10})["telegram"] == [waiting]
            assert uow.contacts.find([assigned.id])[assigned.id].contact == assigned


class TestSaving:
    """What happens to a contact after it is registered."""

    def test_what_is_handed_out_is_assigned_with_its_decision(
        self, storage: Storage, given: Given, ann: Operator, source: Source, lead: Lead
    ) -> None:
        contacts = [given.contact(source, lead, payload='{"n":1}') for _ in range(3)]
        given.world.clock.advance(hours=1, milliseconds=1)
        for contact in contacts[:2]:
            contact.assign(ann.id, given.now)
        with storage.unit_of_work() as uow:
            happened(uow, *(Assigned(each, decision_on(ann), given.now) for each in contacts[:2]))
        assert [stored(storage, each.id) for each in contacts] == contacts
        for contact in contacts[:2]:
            view = storage.contacts.decision(contact.id)
            assert (view.decision, view.names) == (decision_on(ann), {ann.id: "Ann"})

    def test_a_closed_contact_keeps_all_but_its_state(
        self, storage: Storage, given: Given, ann: Operator, source: Source, lead: Lead
    ) -> None:
        contact, other = given.contact(source, lead, ann), given.contact(source, lead, ann)
        given.world.clock.advance(milliseconds=1)
        contact.close(given.now)
        with storage.unit_of_work() as uow:
            happened(uow, Closed(contact, contact.operator_id, given.now))
        assert stored(storage, contact.id) == contact
        assert stored(storage, other.id) == other

    def test_transfers_are_kept_in_the_order_in_which_they_happened(
        self, storage: Storage, given: Given, ann: Operator, source: Source, lead: Lead
    ) -> None:
        bob = given.operator("Боб")
        contact = given.contact(source, lead)
        previous = None
        for target in (bob, ann, bob):
            # Within one millisecond: the order does not come from the clock.
            contact.assign(target.id, given.now)
            with storage.unit_of_work() as uow:
                happened(uow, moved_to_its_operator(contact, previous, given.now))
            previous = target.id
        assert stored(storage, contact.id) == contact
        view = storage.contacts.decision(contact.id)
        assert view.decision is None
        assert [
            (each.previous and each.previous.name, each.operator.name, each.at)
            for each in view.transfers
        ] == [(None, "Боб", given.now), ("Боб", "Ann", given.now), ("Ann", "Боб", given.now)]
