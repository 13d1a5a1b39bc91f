"""Registering: which lead, which operator, retries, and batches."""

from collections.abc import Mapping
from typing import Any

import pytest

from application.ports.contacts import ContactFilter, ContactView
from application.ports.statistics import HourSpan
from application.register_contacts import Draft, RegisterContact, Registered
from domain.contact import ContactState
from domain.errors import (
    DomainError,
    IdempotencyConflict,
    InvalidIdentity,
    InvalidValue,
    NoIdentity,
    UnknownLead,
    UnknownSource,
)
from domain.ids import LeadId
from domain.lead import Identity
from tests.application.acts import close, update
from tests.domain.samples import lead_id
from tests.support import World


def identities_of(world: World, lead: LeadId) -> list[str]:
    return [each.key for each in world.fairlead.leads.lead(lead).identities]


def number_of_contacts(world: World) -> int:
    return len(world.fairlead.contacts.contacts(ContactFilter(), limit=1000, after=None).items)


def registered(outcome: object) -> ContactView:
    assert isinstance(outcome, Registered), outcome
    return outcome.contact


class TestLead:
    def test_an_unknown_person_becomes_a_lead_with_all_identities_in_their_normal_form(
        self, world: World
    ) -> None:
        world.source((world.operator(), 1))
        contact = world.register(phone="8 (916) 123-45-67", email="Ann@Example.COM", vk=" id1 ")
        assert contact.lead.created
        assert contact.lead.conflicts == ()
        assert identities_of(world, contact.lead.id) == [
            "email:ann@example.com",
            "phone:+79161234567",
            "vk:id1",
        ]

    def test_a_known_person_is_the_same_lead_and_is_known_better_afterwards(
        self, world: World
    ) -> None:
        world.source((world.operator(), 1))
        first = world.register(phone="+79161234567")
        second = world.register(phone="8 916 123 45 67", email="ann@example.com")
        third = world.register(email="ANN@example.com")
        assert first.lead.id == second.lead.id == third.lead.id
        assert [each.lead.created for each in (first, second, third)] == [True, False, False]
        assert identities_of(world, first.lead.id) == [
            "email:ann@example.com",
            "phone:+79161234567",
        ]

    def test_identities_of_several_leads_are_a_conflict_that_moves_nothing(
        self, world: World
    ) -> None:
        world.source((world.operator(), 1))
        ann = world.register(phone="+79161234567").lead.id
        bob = world.register(email="bob@example.com").lead.id
        cat = world.register(external_id="crm-3").lead.id
        contact = world.register(
            email="bob@example.com", vk="new", phone="+79161234567", external_id="crm-3"
        )
        assert contact.lead.id == cat
        assert set(contact.lead.conflicts) == {ann, bob}
        assert not contact.lead.created
        assert identities_of(world, ann) == ["phone:+79161234567"]
        assert identities_of(world, bob) == ["email:bob@example.com"]
        assert identities_of(world, cat) == ["external_id:crm-3", "vk:new"]
        assert world.fairlead.contacts.contact(contact.id).lead == contact.lead

    def test_a_lead_named_by_id_gets_the_contact(self, world: World) -> None:
        world.source((world.operator(), 1))
        ann = world.register(phone="+79161234567").lead.id
        bob = world.register(email="bob@example.com").lead.id
        bare = world.outcome(RegisterContact("telegram", lead_id=ann)).contact
        both = world.outcome(
            RegisterContact("telegram", {"email": "bob@example.com", "vk": "1"}, lead_id=ann)
        ).contact
        assert bare.lead.id == both.lead.id == ann
        assert (bare.lead.conflicts, both.lead.conflicts) == ((), (bob,))
        assert identities_of(world, ann) == ["phone:+79161234567", "vk:1"]

    def test_an_unknown_lead_id_is_refused_and_nothing_is_learned(self, world: World) -> None:
        world.source((world.operator(), 1))
        with pytest.raises(UnknownLead):
            world.outcome(RegisterContact("telegram", {"vk": "1"}, lead_id=LeadId(lead_id(1))))
        found = world.fairlead.leads.leads(identity=Identity("vk", "1"), limit=1, after=None)
        assert found.items == []

    def test_the_first_name_given_is_kept(self, world: World) -> None:
        world.source((world.operator(), 1))

        def write(name: str | None) -> ContactView:
            return world.outcome(RegisterContact("telegram", {"vk": "1"}, lead_name=name)).contact

        names = [write(name).lead.name for name in (None, " Ann ", "Bob", None)]
        assert names == [None, "Ann", "Ann", "Ann"]
        (lead,) = world.fairlead.leads.leads(identity=None, limit=9, after=None).items
        assert lead.name == "Ann"

    def test_a_name_given_for_a_known_nameless_lead_in_the_same_batch_is_kept(
        self, world: World
    ) -> None:
        world.source((world.operator(), 1))
        outcomes = world.fairlead.register_contacts(
            [
                RegisterContact("telegram", {"vk": "1"}),
                RegisterContact("telegram", {"vk": "1"}, lead_name="Ann"),
            ]
        )
        lead = registered(outcomes[1]).lead
        assert (lead.name, lead.created) == ("Ann", False)
        assert world.fairlead.leads.lead(lead.id).name == "Ann"

    @pytest.mark.parametrize("name", ["", "x" * 201, "\0", "\ud800"])
    def test_a_name_out_of_its_limits_is_refused(self, world: World, name: str) -> None:
        world.source((world.operator(), 1))
        with pytest.raises(InvalidValue) as refusal:
            world.outcome(RegisterContact("telegram", {"vk": "1"}, lead_name=name))
        assert refusal.value.field == "lead.name"

    def test_neither_id_nor_identity_is_refused(self, world: World) -> None:
        world.source((world.operator(), 1))
        with pytest.raises(NoIdentity):
            world.outcome(RegisterContact("telegram"))

    @pytest.mark.parametrize(
        ("identities", "error", "field"),
        [
            ({"phone": "none"}, InvalidIdentity, "lead.identities.phone"),
            ({"phone": "+7"}, InvalidIdentity, "lead.identities.phone"),
            ({"email": "ann"}, InvalidIdentity, "lead.identities.email"),
            ({"vk": " "}, NoIdentity, "lead"),
            ({"vk": "a\0"}, InvalidValue, "lead.identities.vk"),
            ({"vk": "\ud800"}, InvalidValue, "lead.identities.vk"),
            ({"Vk": "1"}, InvalidValue, "lead.identities"),
            ({f"k{number}": "1" for number in range(21)}, InvalidValue, "lead.identities"),
        ],
    )
    def test_an_identity_that_is_none_is_refused_by_its_field(
        self,
        world: World,
        identities: Mapping[str, str],
        error: type[DomainError],
        field: str,
    ) -> None:
        world.source((world.operator(), 1))
        with pytest.raises(error) as refusal:
            world.outcome(RegisterContact("telegram", identities))
        assert refusal.value.field == field
        assert number_of_contacts(world) == 0


class TestAssignment:
    def test_a_contact_is_stored_as_it_was_answered(self, world: World) -> None:
        ann = world.operator("Ann")
        world.source((ann, 1))
        payload: dict[str, Any] = {
            "text": "привет \\u0000 😀",
            "n": [1, 2.5, None, True, {"a": {}}],
        }
        contact = world.outcome(
            RegisterContact("telegram", {"vk": "1"}, lead_name="Lead", payload=payload)
        ).contact
        assert world.fairlead.contacts.contact(contact.id) == contact
        assert contact.payload == payload
        assert contact.operator is not None
        assert contact.operator.id == ann.id
        assert contact.operator.name == "Ann"
        assert contact.assigned_at == contact.created_at == world.clock.now()
        assert world.load(ann) == 1

    def test_nobody_eligible_makes_it_wait(self, world: World) -> None:
        world.source((world.operator(capacity=0), 1))
        contact = world.register()
        assert (contact.state, contact.operator) == (ContactState.WAITING, None)
        assert world.fairlead.contacts.contact(contact.id) == contact
        assert world.fairlead.catalogue.source("telegram").waiting == 1
        assert world.defects() == []

    def test_a_source_without_operators_makes_it_wait(self, world: World) -> None:
        world.source()
        assert world.register().state is ContactState.WAITING

    def test_capacity_is_never_exceeded_within_one_batch(self, world: World) -> None:
        ann, bob = world.operator("Ann", 2), world.operator("Bob", 3)
        world.source((ann, 1), (bob, 1))
        outcomes = world.fairlead.register_contacts(
            [RegisterContact("telegram", {"vk": str(number)}) for number in range(8)]
        )
        states = [registered(each).state for each in outcomes]
        assert states == [ContactState.ASSIGNED] * 5 + [ContactState.WAITING] * 3
        assert (world.load(ann), world.load(bob)) == (2, 3)
        assert world.defects() == []

    def test_a_capacity_is_shared_by_all_sources_of_a_batch(self, world: World) -> None:
        ann = world.operator(capacity=1)
        world.source((ann, 1), key="a")
        world.source((ann, 1), key="b")
        outcomes = world.fairlead.register_contacts(
            [RegisterContact(key, {"vk": key}) for key in "ba"]
        )
        assert [registered(each).state for each in outcomes] == ["assigned", "waiting"]

    def test_a_batch_shares_contacts_as_single_ones_do(self, world: World) -> None:
        operators = [world.operator(str(number)) for number in range(3)]
        weights = list(zip(operators, (5, 3, 2), strict=True))
        one_by_one, together = (world.source(*weights, key=key) for key in ("one", "batch"))
        first = [world.register(one_by_one).operator for _ in range(20)]
        second = [
            registered(each).operator
            for each in world.fairlead.register_contacts(
                [RegisterContact(together, {"vk": str(number)}) for number in range(20)]
            )
        ]
        assert first == second
        assert [world.load(each) for each in operators] == [20, 12, 8]

    def test_an_unknown_source_is_refused(self, world: World) -> None:
        with pytest.raises(UnknownSource) as refusal:
            world.outcome(RegisterContact("viber", {"vk": "1"}))
        assert refusal.value.field == "source"


class TestBatch:
    def test_no_commands_give_no_results(self, world: World) -> None:
        assert world.fairlead.register_contacts([]) == []

    def test_bad_items_harm_no_other_and_results_come_in_order(self, world: World) -> None:
        ann = world.operator()
        world.source((ann, 1))
        items: list[tuple[RegisterContact, type[object]]] = [
            (RegisterContact("telegram", {"vk": "1"}), Registered),
            (RegisterContact("viber", {"vk": "2"}), UnknownSource),
            (RegisterContact("telegram", {"phone": "none"}), InvalidIdentity),
            (RegisterContact("telegram", {"vk": "3"}), Registered),
            (RegisterContact("telegram"), NoIdentity),
            (RegisterContact("telegram", {"vk": "4"}, payload={"a": "\0"}), InvalidValue),
            (RegisterContact("telegram", lead_id=lead_id(1)), UnknownLead),
            (RegisterContact("telegram", {"vk": "5"}, idempotency_key=""), InvalidValue),
            (RegisterContact("telegram", {"vk": "6"}, idempotency_key="k"), Registered),
            (RegisterContact("telegram", {"vk": "7"}, idempotency_key="k"), IdempotencyConflict),
            (RegisterContact("telegram", {"vk": "8"}), Registered),
        ]
        outcomes = world.fairlead.register_contacts([command for command, _ in items])
        assert [type(each) for each in outcomes] == [expected for _, expected in items]
        for (command, _), outcome in zip(items, outcomes, strict=True):
            if isinstance(outcome, Registered):
                lead = outcome.contact.lead.id
                assert identities_of(world, lead) == [f"vk:{command.identities['vk']}"]
        assert world.load(ann) == number_of_contacts(world) == 4
        leads = world.fairlead.leads.leads(identity=None, limit=100, after=None).items
        assert len(leads) == 4
        assert world.defects() == []

    def test_a_batch_of_nothing_but_bad_items_is_refused_item_by_item(self, world: World) -> None:
        outcomes = world.fairlead.register_contacts(
            [
                RegisterContact("telegram", {"phone": "none"}),
                RegisterContact("telegram", {"vk": "x" * 201}),
                RegisterContact("viber", {"vk": "1"}),
            ]
        )
        assert [type(each) for each in outcomes] == [InvalidIdentity, InvalidValue, UnknownSource]

    def test_contacts_of_one_unknown_person_in_a_batch_make_one_lead(self, world: World) -> None:
        world.source((world.operator(), 1))
        outcomes = world.fairlead.register_contacts(
            [
                RegisterContact("telegram", {"phone": "+79161234567"}),
                RegisterContact("telegram", {"phone": "89161234567", "vk": "1"}),
                RegisterContact("telegram", {"vk": "1"}),
            ]
        )
        leads = [registered(each).lead for each in outcomes]
        assert len({each.id for each in leads}) == 1
        assert [each.created for each in leads] == [True, False, False]
        assert identities_of(world, leads[0].id) == ["phone:+79161234567", "vk:1"]

    def test_a_refused_item_teaches_nothing_to_those_after_it(self, world: World) -> None:
        world.source((world.operator(), 1))
        outcomes = world.fairlead.register_contacts(
            [
                RegisterContact("viber", {"vk": "1"}),
                RegisterContact("telegram", {"vk": "1"}),
            ]
        )
        assert registered(outcomes[1]).lead.created

    def test_contacts_of_a_batch_stand_in_its_order(self, world: World) -> None:
        world.source((world.operator(), 1))
        outcomes = world.fairlead.register_contacts(
            [RegisterContact("telegram", {"vk": str(number)}) for number in range(20)]
        )
        listed = world.fairlead.contacts.contacts(ContactFilter(), limit=100, after=None).items
        assert [registered(each).id for each in reversed(outcomes)] == [each.id for each in listed]


class TestAskedTwice:
    COMMAND = RegisterContact(
        "telegram",
        {"phone": "+79161234567", "vk": "1"},
        lead_name="Ann",
        payload={"text": "hello"},
        idempotency_key="message-1",
    )

    def test_the_same_again_gives_the_first_contact_and_changes_nothing(self, world: World) -> None:
        ann = world.operator()
        world.source((ann, 1))
        first = world.outcome(self.COMMAND)
        world.clock.advance(days=3)
        again = world.outcome(self.COMMAND)
        assert (first.replayed, again.replayed) == (False, True)
        assert again.contact == first.contact
        assert world.load(ann) == number_of_contacts(world) == 1
        (shown,) = world.fairlead.statistics.distribution(sources=None, span=HourSpan())
        assert shown.total == 1

    def test_other_spellings_of_the_same_identities_are_the_same_body(self, world: World) -> None:
        world.source((world.operator(), 1))
        first = world.outcome(self.COMMAND)
        again = world.outcome(
            RegisterContact(
                "telegram",
                {"vk": " 1", "phone": "8 (916) 123-45-67"},
                lead_name="Ann ",
                payload={"text": "hello"},
                idempotency_key="message-1",
            )
        )
        assert again.replayed
        assert again.contact == first.contact

    def test_a_fingerprint_is_the_same_in_every_release(self) -> None:
        """A retry may come after an upgrade."""
        draft = Draft.of(
            RegisterContact(
                "telegram",
                {"vk": "1", "external_id": "7"},
                lead_name="Зоя",
                payload={"b": [1, 2.5, None, "é"], "a": {"y": "\u2028", "x": True}},
            ),
            Identity,
        )
        assert draft.fingerprint().hex() == (
            "62f0a7d915f9a799fb670d9b4d82c1b2c18b37e9c7d90a160c7be678cc9b692f"
        )

    @pytest.mark.parametrize(
        "change",
        [
            {"identities": {"phone": "+79161234567"}},
            {"identities": {"phone": "+79161234567", "vk": "2"}},
            {"lead_name": None},
            {"lead_name": "Bob"},
            {"payload": None},
            {"payload": {"text": "hello", "more": 1}},
        ],
    )
    def test_the_same_key_with_another_body_is_a_conflict(
        self, world: World, change: Mapping[str, Any]
    ) -> None:
        ann = world.operator()
        world.source((ann, 1))
        world.outcome(self.COMMAND)
        body = {
            "identities": self.COMMAND.identities,
            "lead_name": self.COMMAND.lead_name,
            "payload": self.COMMAND.payload,
        }
        with pytest.raises(IdempotencyConflict) as refusal:
            world.outcome(
                RegisterContact("telegram", **{**body, **change}, idempotency_key="message-1")
            )
        assert refusal.value.field == "idempotency_key"
        assert world.load(ann) == number_of_contacts(world) == 1

    def test_a_lead_named_by_id_is_another_body(self, world: World) -> None:
        world.source((world.operator(), 1))
        first = world.outcome(RegisterContact("telegram", {"vk": "1"}, idempotency_key="k"))
        with pytest.raises(IdempotencyConflict):
            world.outcome(
                RegisterContact(
                    "telegram", {"vk": "1"}, lead_id=first.contact.lead.id, idempotency_key="k"
                )
            )

    def test_a_key_counts_for_its_source_only(self, world: World) -> None:
        ann = world.operator()
        for key in ("a", "b"):
            world.source((ann, 1), key=key)
        first, second = (
            world.outcome(RegisterContact(key, {"vk": "1"}, idempotency_key="k")) for key in "ab"
        )
        assert not second.replayed
        assert second.contact.id != first.contact.id

    def test_twice_in_one_batch_makes_one_contact(self, world: World) -> None:
        ann = world.operator()
        world.source((ann, 1))
        first, second, other = world.fairlead.register_contacts(
            [
                self.COMMAND,
                self.COMMAND,
                RegisterContact("telegram", {"vk": "2"}, idempotency_key="message-1"),
            ]
        )
        assert isinstance(second, Registered)
        assert second.replayed
        assert second.contact == registered(first)
        assert isinstance(other, IdempotencyConflict)
        assert world.load(ann) == number_of_contacts(world) == 1

    def test_a_replay_shows_the_contact_as_it_is_now(self, world: World) -> None:
        ann = world.operator()
        world.source((ann, 1))
        first = world.outcome(self.COMMAND).contact
        world.clock.advance(minutes=5)
        closed = close(world, first)
        again = world.outcome(self.COMMAND)
        assert again.replayed
        assert again.contact == closed
        assert again.contact.state is ContactState.CLOSED
        assert world.load(ann) == 0

    def test_a_replay_shows_who_got_the_contact_that_had_waited(self, world: World) -> None:
        ann = world.operator(capacity=0)
        world.source((ann, 1))
        assert world.outcome(self.COMMAND).contact.operator is None
        update(world, ann, capacity=1)
        operator = world.outcome(self.COMMAND).contact.operator
        assert operator is not None
        assert operator.id == ann.id

    def test_a_refused_command_does_not_use_up_its_key(self, world: World) -> None:
        command = RegisterContact("telegram", {"vk": "1"}, idempotency_key="k")
        with pytest.raises(UnknownSource):
            world.outcome(command)
        world.source((world.operator(), 1))
        assert not world.outcome(command).replayed

    @pytest.mark.parametrize("key", ["", "x" * 201, "a\0", "\ud800"])
    def test_a_key_out_of_its_limits_is_refused(self, world: World, key: str) -> None:
        world.source((world.operator(), 1))
        with pytest.raises(InvalidValue) as refusal:
            world.outcome(RegisterContact("telegram", {"vk": "1"}, idempotency_key=key))
        assert refusal.value.field == "idempotency_key"

    def test_white_space_around_a_key_does_not_count(self, world: World) -> None:
        world.source((world.operator(), 1))
        first = world.outcome(RegisterContact("telegram", {"vk": "1"}, idempotency_key="k"))
        again = world.outcome(RegisterContact("telegram", {"vk": "1"}, idempotency_key=" k\n"))
        assert (again.replayed, again.contact) == (True, first.contact)

    @pytest.mark.every_storage
    def test_a_colon_in_a_key_cannot_make_two_keys_one(self, world: World) -> None:
        """The stored form is `source:key`; `a` with `b:c` is not `a:b` with `c`."""
        world.source((world.operator(), 1), key="a")
        first = RegisterContact("a", {"vk": "1"}, idempotency_key="b:c")
        other = RegisterContact("a:b", {"vk": "1"}, idempotency_key="c")
        world.outcome(first)
        replayed, unknown = world.fairlead.register_contacts([first, other])
        assert isinstance(replayed, Registered)
        assert replayed.replayed
        assert isinstance(unknown, UnknownSource)


@pytest.mark.every_storage
def test_a_source_key_that_no_database_stores_harms_no_other_command(world: World) -> None:
    world.source((world.operator(), 1))
    bad, good = world.fairlead.register_contacts(
        [
            RegisterContact("\ud800", {"vk": "1"}, idempotency_key="k"),
            RegisterContact("telegram", {"vk": "2"}),
        ]
    )
    assert isinstance(bad, DomainError)
    assert isinstance(good, Registered)


def test_the_order_of_keys_in_a_payload_does_not_make_another_body(world: World) -> None:
    world.source()
    first, second = (
        world.outcome(RegisterContact("telegram", {"vk": "1"}, payload=each, idempotency_key="k"))
        for each in ({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1})
    )
    assert second.replayed
    assert second.contact.id == first.contact.id
