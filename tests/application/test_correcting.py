"""Correcting what is known about a person: nothing moves, merges or comes back."""

import threading
from collections.abc import Callable

import pytest

from application.leads import AddIdentity, EraseLead, RemoveIdentity, RenameLead
from application.ports.leads import LeadView
from application.register_contacts import RegisterContact
from domain.audit import Action
from domain.errors import (
    DomainError,
    IdentityTaken,
    InvalidIdentity,
    InvalidValue,
    UnknownIdentity,
    UnknownLead,
)
from domain.ids import LeadId
from domain.lead import Identity, Lead, Recognition
from tests.domain.samples import lead_id
from tests.support import World


@pytest.fixture
def ivan(world: World) -> LeadView:
    world.source((world.operator(), 1))
    command = RegisterContact(
        "telegram", {"phone": "+79161234567", "telegram": "ivan77"}, lead_name="Ivan"
    )
    return world.fairlead.leads.lead(world.outcome(command).contact.lead.id)


def keys(lead: LeadView) -> list[str]:
    return [each.key for each in lead.identities]


def written(world: World) -> list[tuple[Action, str, object, object]]:
    entries = world.fairlead.audit.entries(subject=None, action=None, limit=200, after=None).items
    mine = {Action.LEAD_RENAMED, Action.IDENTITY_ADDED, Action.IDENTITY_REMOVED}
    return [(e.action, e.subject, e.before, e.after) for e in entries if e.action in mine]


def rename(world: World, lead: LeadView, name: str | None) -> LeadView:
    return world.fairlead.rename_lead(RenameLead(lead.id, name))


def add(world: World, lead: LeadView, kind: str, value: str) -> LeadView:
    return world.fairlead.add_identity(AddIdentity(lead.id, kind, value)).lead


def remove(world: World, lead: LeadView, kind: str, value: str) -> LeadView:
    return world.fairlead.remove_identity(RemoveIdentity(lead.id, kind, value))


def come(world: World, name: str | None, **identities: str) -> tuple[LeadId, str | None]:
    lead = world.outcome(RegisterContact("telegram", identities, lead_name=name)).contact.lead
    return lead.id, lead.name


class TestNames:
    """A name set by hand stays; names from later contacts do not overwrite it."""

    def test_a_name_is_corrected_wherever_it_is_shown(self, world: World, ivan: LeadView) -> None:
        changed = rename(world, ivan, " Пётр Ёлкин ")
        assert changed.name == "Пётр Ёлкин"
        assert changed == world.fairlead.leads.lead(ivan.id)
        assert [each.id for each in world.fairlead.search("елкин").leads] == [ivan.id]
        assert world.fairlead.search("Ivan V").leads == []
        assert come(world, None, telegram="ivan77") == (ivan.id, "Пётр Ёлкин")
        assert written(world) == [(Action.LEAD_RENAMED, str(ivan.id), None, None)]

    def test_what_comes_later_does_not_overwrite_it(self, world: World, ivan: LeadView) -> None:
        rename(world, ivan, "Petr")
        assert come(world, "Ivan", telegram="ivan77", vk="1") == (ivan.id, "Petr")
        assert world.fairlead.leads.lead(ivan.id).name == "Petr"

    def test_one_that_is_removed_makes_room_for_the_next(
        self, world: World, ivan: LeadView
    ) -> None:
        assert rename(world, ivan, None).name is None
        assert come(world, None, telegram="ivan77") == (ivan.id, None)
        assert world.fairlead.search("ivan x").leads == []
        assert come(world, "Petr", telegram="ivan77") == (ivan.id, "Petr")
        assert come(world, "Pavel", telegram="ivan77") == (ivan.id, "Petr")
        assert [each.id for each in world.fairlead.search("petr").leads] == [ivan.id]

    @pytest.mark.parametrize("name", ["Petr", None])
    def test_twice_is_as_once(self, world: World, ivan: LeadView, name: str | None) -> None:
        assert rename(world, ivan, name) == rename(world, ivan, name)
        assert len(written(world)) == 1

    @pytest.mark.parametrize("name", ["", " ", "x" * 201, "a\0", "\ud800"])
    def test_what_is_no_name_is_refused(self, world: World, ivan: LeadView, name: str) -> None:
        with pytest.raises(InvalidValue) as refusal:
            rename(world, ivan, name)
        assert refusal.value.field == "name"
        assert world.fairlead.leads.lead(ivan.id) == ivan
        assert written(world) == []


class TestIdentitiesAdded:
    """An identity can be added only if no other lead has it."""

    def test_a_person_is_known_by_it_from_then_on(self, world: World, ivan: LeadView) -> None:
        changed = add(world, ivan, "email", " Ivan@Shop.RU ")
        assert keys(changed) == ["email:ivan@shop.ru", "phone:+79161234567", "telegram:ivan77"]
        assert changed == world.fairlead.leads.lead(ivan.id)
        assert come(world, None, email="ivan@shop.ru") == (ivan.id, "Ivan")
        assert written(world) == [
            (Action.IDENTITY_ADDED, str(ivan.id), None, {"kind": "email"}),
        ]

    def test_twice_is_as_once_in_any_spelling(self, world: World, ivan: LeadView) -> None:
        first = world.fairlead.add_identity(AddIdentity(ivan.id, "phone", "8 916 000-00-07"))
        again = world.fairlead.add_identity(AddIdentity(ivan.id, "phone", "+79160000007"))
        assert (first.added, again.added) == (True, False)
        assert first.lead == again.lead
        assert len(written(world)) == 1

    def test_one_that_another_person_has_stays_there(self, world: World, ivan: LeadView) -> None:
        other, _ = come(world, "Petr", vk="7")
        for kind, value in (("vk", "7"), ("vk", " 7 ")):
            with pytest.raises(IdentityTaken) as refusal:
                add(world, ivan, kind, value)
            assert refusal.value.lead_id == other
            assert str(other) in refusal.value.detail
            assert refusal.value.field == "value"
        assert keys(world.fairlead.leads.lead(other)) == ["vk:7"]
        assert world.fairlead.leads.lead(ivan.id) == ivan
        assert written(world) == []

    @pytest.mark.parametrize(
        ("kind", "value", "field"),
        [
            ("phone", "12", "value"),
            ("email", "nobody", "value"),
            ("vk", "", "value"),
            ("vk", "x" * 201, "value"),
            ("vk", "a\0", "value"),
            ("", "x", "kind"),
            ("a:b", "x", "kind"),
            ("Phone", "+79161234567", "kind"),
        ],
    )
    def test_what_is_no_identity_is_refused(
        self, world: World, ivan: LeadView, kind: str, value: str, field: str
    ) -> None:
        with pytest.raises((InvalidIdentity, InvalidValue)) as refusal:
            add(world, ivan, kind, value)
        assert refusal.value.field == field
        assert world.fairlead.leads.lead(ivan.id) == ivan

    def test_of_two_who_give_it_at_once_one_is_refused(self, world: World, ivan: LeadView) -> None:
        other = world.fairlead.leads.lead(come(world, "Petr", vk="7")[0])
        outcomes: list[object] = []

        def give(lead: LeadView) -> None:
            try:
                outcomes.append(add(world, lead, "email", "a@b.ru").id)
            except DomainError as refusal:
                outcomes.append(refusal)

        threads = [threading.Thread(target=give, args=(each,)) for each in (ivan, other) * 3]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        refused = [each for each in outcomes if isinstance(each, IdentityTaken)]
        (owner,) = {each for each in outcomes if not isinstance(each, IdentityTaken)}
        assert len(refused) == 3
        assert {each.lead_id for each in refused} == {owner}
        assert len(written(world)) == 1
        assert world.defects() == []


class TestIdentitiesRemoved:
    """An identity removed from a lead belongs to no lead."""

    @pytest.mark.parametrize("value", ["+79161234567", "8 (916) 123-45-67", " 9161234567 "])
    def test_whoever_comes_with_it_later_is_somebody_else(
        self, world: World, ivan: LeadView, value: str
    ) -> None:
        changed = remove(world, ivan, "phone", value)
        assert keys(changed) == ["telegram:ivan77"]
        assert changed == world.fairlead.leads.lead(ivan.id)
        assert come(world, None, phone="+79161234567")[0] != ivan.id
        assert written(world) == [
            (Action.IDENTITY_REMOVED, str(ivan.id), {"kind": "phone"}, None),
        ]
        assert world.defects() == []

    def test_the_last_one_may_go_and_the_lead_stays(self, world: World, ivan: LeadView) -> None:
        remove(world, ivan, "phone", "+79161234567")
        bare = remove(world, ivan, "telegram", "ivan77")
        assert (bare.name, list(bare.identities)) == ("Ivan", [])
        outcome = world.outcome(RegisterContact("telegram", {"vk": "9"}, lead_id=ivan.id))
        assert outcome.contact.lead.id == ivan.id
        assert keys(world.fairlead.leads.lead(ivan.id)) == ["vk:9"]

    def test_it_moves_to_another_person_in_two_steps(self, world: World, ivan: LeadView) -> None:
        other = world.fairlead.leads.lead(come(world, "Petr", vk="7")[0])
        remove(world, ivan, "telegram", "ivan77")
        assert keys(add(world, other, "telegram", "ivan77")) == ["telegram:ivan77", "vk:7"]
        assert come(world, None, telegram="ivan77") == (other.id, "Petr")
        assert world.defects() == []

    @pytest.mark.parametrize(
        ("kind", "value"),
        [
            ("vk", "1"),
            ("telegram", "Ivan77"),
            ("telegram", "ivan"),
            ("whatsapp", "+79161234567"),
            ("phone", "none"),
            ("phone", ""),
            ("email", "nobody"),
            ("", ""),
            ("Phone", "+79161234567"),
            ("vk", "a\0"),
            ("vk", "\ud800"),
            ("vk", "x" * 1000),
        ],
    )
    def test_what_the_person_has_not_is_refused(
        self, world: World, ivan: LeadView, kind: str, value: str
    ) -> None:
        come(world, "Petr", vk="1")
        with pytest.raises(UnknownIdentity):
            remove(world, ivan, kind, value)
        assert world.fairlead.leads.lead(ivan.id) == ivan
        assert written(world) == []

    def test_one_that_would_not_be_taken_for_one_today_can_go(
        self, world: World, ivan: LeadView
    ) -> None:
        """What was stored under other rules, or for another country, is removed as stored."""
        with world.container.storage().unit_of_work() as uow:
            lead = Lead(ivan.id, ivan.name, ivan.created_at)
            uow.leads.learn([Recognition(lead, False, [Identity("phone", "none")], False)])
        assert keys(remove(world, ivan, "phone", "none")) == keys(ivan)

    def test_twice_is_once_and_a_refusal(self, world: World, ivan: LeadView) -> None:
        remove(world, ivan, "telegram", "ivan77")
        with pytest.raises(UnknownIdentity):
            remove(world, ivan, "telegram", "ivan77")
        assert len(written(world)) == 1


def test_somebody_who_was_erased_is_a_lead_like_any_other(world: World, ivan: LeadView) -> None:
    world.fairlead.erase_lead(EraseLead(ivan.id))
    assert rename(world, ivan, "Petr").name == "Petr"
    assert keys(add(world, ivan, "phone", "+79161234567")) == ["phone:+79161234567"]
    world.fairlead.erase_lead(EraseLead(ivan.id))
    bare = world.fairlead.leads.lead(ivan.id)
    assert (bare.name, list(bare.identities)) == (None, [])


@pytest.mark.parametrize(
    "act",
    [
        lambda world: world.fairlead.rename_lead(RenameLead(lead_id(1), "x")),
        lambda world: world.fairlead.add_identity(AddIdentity(lead_id(1), "vk", "free")),
        lambda world: world.fairlead.add_identity(AddIdentity(lead_id(1), "telegram", "ivan77")),
        lambda world: world.fairlead.remove_identity(
            RemoveIdentity(lead_id(1), "telegram", "ivan77")
        ),
    ],
)
def test_a_lead_that_is_not_there_is_refused(
    world: World, ivan: LeadView, act: Callable[[World], object]
) -> None:
    with pytest.raises(UnknownLead):
        act(world)
    assert world.fairlead.leads.lead(ivan.id) == ivan
    assert written(world) == []
