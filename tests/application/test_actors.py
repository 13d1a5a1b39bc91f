"""What an actor is bound to limits it in every use case, wherever the call comes from."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from application.contacts import CloseContact, ShowContact, ShowHistory, TransferContact
from application.leads import AddIdentity
from application.register_contacts import RegisterContact, Registered
from domain import limits
from domain.access import Role
from domain.actor import SCRIPT, Actor
from domain.errors import Forbidden, IdentityTaken, InvalidValue, UnknownContact, UnknownLead
from domain.ids import LeadId
from tests.domain.samples import lead_id
from tests.support import World

BOUND = Actor("flk_ours000000", Role.INTAKE, "ours")
FREE = Actor("flk_anywhere00", Role.INTAKE)
READS = Actor("flk_admin00000", Role.ADMIN)
IVAN = {"phone": "+79161234567"}


@pytest.fixture
def house(world: World) -> World:
    """Two sources, each with an operator."""
    for key in ("ours", "theirs"):
        world.source((world.operator(f"Ann of {key}"), 1), key=key)
    return world


def register(house: World, actor: Actor, command: RegisterContact) -> Registered:
    (outcome,) = house.fairlead.register_contacts([command], actor)
    if not isinstance(outcome, Registered):
        raise outcome
    return outcome


def identities(house: World, lead: LeadId) -> set[str]:
    return {each.kind for each in house.fairlead.leads.lead(lead).identities}


class TestBoundToASource:
    """An actor bound to a source registers, sees and changes nothing on any other."""

    def test_it_registers_there_and_nowhere_else(self, house: World) -> None:
        for source in ("theirs", "nowhere"):
            with pytest.raises(Forbidden) as refusal:
                register(house, BOUND, RegisterContact(source, IVAN))
            assert refusal.value.field == "source"
        outcomes = house.fairlead.register_contacts(
            [RegisterContact("theirs", IVAN), RegisterContact("ours", IVAN)], BOUND
        )
        assert [type(each) for each in outcomes] == [Forbidden, Registered]

    def test_what_is_on_another_source_is_not_there(self, house: World) -> None:
        theirs = house.register("theirs")
        (ann, _) = house.fairlead.catalogue.operators(active=None, limit=2, after=None).items
        fairlead, whole = house.fairlead, replace(BOUND, role=Role.ADMIN)
        acts: tuple[Callable[[], object], ...] = (
            lambda: fairlead.show_contact(ShowContact(theirs.id), whole),
            lambda: fairlead.show_history(ShowHistory(theirs.id), whole),
            lambda: fairlead.close_contact(CloseContact(theirs.id), whole),
            lambda: fairlead.transfer_contact(TransferContact(theirs.id, ann.id), whole),
        )
        for act in acts:
            with pytest.raises(UnknownContact):
                act()
        assert fairlead.contacts.contact(theirs.id) == theirs
        ours = house.register("ours")
        assert len(fairlead.show_history(ShowHistory(ours.id), whole)) == 2


class TestWhoMayNotRead:
    """An actor that may not read learns nothing about a person that it has not sent itself."""

    @pytest.mark.parametrize("actor", [BOUND, FREE], ids=["bound", "free"])
    def test_a_known_person_looks_like_a_new_one(self, house: World, actor: Actor) -> None:
        for number, source in enumerate(("ours", "theirs")):
            house.outcome(
                RegisterContact(source, {"phone": f"+7916123450{number}"}, lead_name="Told Them")
            )
        known = {"phone": "+79161234500", "telegram": "ivan"}
        conflicting = {"phone": "+79161234500", "external_id": "7"}
        house.register("theirs", external_id="7")
        leads = [
            register(house, actor, RegisterContact("ours", each)).contact.lead
            for each in (known, conflicting, {"phone": "+79161234501"}, {"vk": "new"})
        ]
        for lead in leads:
            assert (lead.name, lead.created, lead.conflicts) == (None, None, ())

    def test_a_replay_tells_no_more(self, house: World) -> None:
        command = RegisterContact("ours", IVAN, lead_name="Ivan", idempotency_key="one")
        assert register(house, READS, command).contact.lead.created
        again = register(house, FREE, command)
        assert again.replayed
        assert (again.contact.lead.name, again.contact.lead.created) == (None, None)
        # And it hides nothing from an actor that may read.
        assert register(house, READS, command).contact.lead.name == "Ivan"

    def test_whose_first_contact_shares_a_transaction_is_told_no_more(self, house: World) -> None:
        command = RegisterContact("ours", IVAN, idempotency_key="one")
        both = house.fairlead.register_contacts([command, command], FREE)
        assert [isinstance(each, Registered) and each.contact.lead.created for each in both] == [
            None,
            None,
        ]

    @pytest.mark.parametrize("actor", [BOUND, FREE], ids=["bound", "free"])
    def test_no_id_of_a_lead_is_known_to_it(self, house: World, actor: Actor) -> None:
        """An id that exists and one that does not are refused in the same way."""
        there = house.register("ours").lead.id
        refusals = []
        for each in (there, lead_id(9)):
            for given in ({}, IVAN):
                with pytest.raises(Forbidden) as refusal:
                    register(house, actor, RegisterContact("ours", given, lead_id=each))
                refusals.append((refusal.value.detail, refusal.value.field))
        assert len(set(refusals)) == 1
        with pytest.raises(UnknownLead):
            register(house, READS, RegisterContact("ours", {}, lead_id=lead_id(9)))


class TestNamesAndIdentities:
    """A bot bound to a source cannot take over a person whom another source made known."""

    def test_they_are_added_to_whom_its_source_made_known(self, house: World) -> None:
        made = register(house, BOUND, RegisterContact("ours", IVAN)).contact.lead.id
        register(house, BOUND, RegisterContact("ours", IVAN | {"telegram": "i"}, lead_name="Ivan"))
        assert identities(house, made) == {"phone", "telegram"}
        assert house.fairlead.leads.lead(made).name == "Ivan"

    def test_a_clock_that_was_ahead_changes_nothing_about_it(self, house: World) -> None:
        """The contact that made a person known need not be the one with the oldest id."""
        made = register(house, BOUND, RegisterContact("ours", IVAN)).contact.lead.id
        house.clock.advance(minutes=-5)
        house.register("theirs", **IVAN)
        register(house, BOUND, RegisterContact("ours", IVAN | {"telegram": "i"}))
        assert identities(house, made) == {"phone", "telegram"}

    @pytest.mark.parametrize("first", [RegisterContact("ours", IVAN), None])
    def test_not_to_whom_another_made_known(
        self, house: World, first: RegisterContact | None
    ) -> None:
        victim = house.register("theirs", **IVAN).lead.id
        if first:
            # Writing through a source does not mean being made known by it.
            register(house, BOUND, first)
        both = RegisterContact("ours", IVAN | {"telegram": "attacker"}, lead_name="Attacker")
        assert register(house, BOUND, both).contact.lead.id == victim
        assert identities(house, victim) == {"phone"}
        assert house.fairlead.leads.lead(victim).name is None
        attacker = register(house, BOUND, RegisterContact("ours", {"telegram": "attacker"}))
        assert attacker.contact.lead.id != victim
        assert house.defects() == []

    def test_who_came_before_in_the_same_transaction_counts(self, house: World) -> None:
        vk, more = {"vk": "1"}, {"vk": "1", "phone": "+79161234502"}
        commands = [RegisterContact("ours", each) for each in (IVAN, IVAN | {"email": "i@x.org"})]
        outcomes = house.fairlead.register_contacts(commands, BOUND)
        assert all(isinstance(each, Registered) for each in outcomes)
        lead = house.register("theirs", **IVAN).lead.id
        assert identities(house, lead) == {"phone", "email"}
        house.fairlead.register_contacts(
            [RegisterContact("theirs", vk), RegisterContact("theirs", more)]
        )
        assert identities(house, house.register("ours", **vk).lead.id) == {"vk", "phone"}

    def test_who_is_bound_to_nothing_adds_them_to_anybody(self, house: World) -> None:
        """A key for all sources is the company's own hub, trusted to say who is who."""
        victim = house.register("theirs", **IVAN).lead.id
        register(house, FREE, RegisterContact("ours", IVAN | {"telegram": "i"}, lead_name="Ivan"))
        assert identities(house, victim) == {"phone", "telegram"}


class TestRoomForIdentities:
    """A lead has at most a hundred identities, however they are added."""

    def test_contacts_go_on_and_add_no_more(self, house: World) -> None:
        lead = self.crowded(house, limits.MAX_LEAD_IDENTITIES - 1)
        for more in ({"vk": "x", "viber": "y"}, {"viber": "z"}):
            assert house.register("ours", **IVAN, **more).lead.id == lead
        assert len(house.fairlead.leads.lead(lead).identities) == limits.MAX_LEAD_IDENTITIES
        assert house.defects() == []

    def test_those_of_one_transaction_are_counted_together(self, house: World) -> None:
        lead = self.crowded(house, limits.MAX_LEAD_IDENTITIES - 1)
        house.fairlead.register_contacts(
            [RegisterContact("ours", IVAN | {"viber": f"{number}"}) for number in range(5)]
        )
        assert len(house.fairlead.leads.lead(lead).identities) == limits.MAX_LEAD_IDENTITIES

    def test_by_hand_it_is_refused(self, house: World) -> None:
        lead = self.crowded(house, limits.MAX_LEAD_IDENTITIES)
        known = house.fairlead.add_identity(AddIdentity(lead, "phone", IVAN["phone"]))
        assert not known.added
        with pytest.raises(InvalidValue) as refusal:
            house.fairlead.add_identity(AddIdentity(lead, "viber", "x"))
        assert "100" in refusal.value.detail
        house.register("ours", vk="taken")
        with pytest.raises(IdentityTaken):
            house.fairlead.add_identity(AddIdentity(lead, "vk", "taken"))

    def crowded(self, house: World, identities: int) -> LeadId:
        house.fairlead.register_contacts(
            [
                RegisterContact("ours", IVAN | {"vk": f"{number}"})
                for number in range(identities - 1)
            ],
            SCRIPT,
        )
        lead = house.register("ours", **IVAN).lead.id
        assert len(house.fairlead.leads.lead(lead).identities) == identities
        return lead
