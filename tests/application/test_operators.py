"""Creating and changing operators, and handing out what waited for capacity."""

import sqlite3
from contextlib import closing

import pytest

from application.operators import CreateOperator, UpdateOperator
from application.ports.contacts import ContactFilter
from application.register_contacts import RegisterContact
from domain.contact import ContactState
from domain.errors import InvalidValue, OperatorExists, UnknownOperator
from tests.application.acts import close, holder, now, update
from tests.domain.samples import operator_id
from tests.support import World, open_world


def test_an_operator_is_stored_as_it_was_answered(world: World) -> None:
    ann = world.fairlead.create_operator(CreateOperator(" Ann ", 5))
    assert (ann.name, ann.capacity, ann.active, ann.load) == ("Ann", 5, True, 0)
    assert ann.created_at == world.clock.now()
    assert world.fairlead.catalogue.operator(ann.id) == ann


@pytest.mark.parametrize(("name", "capacity"), [("", 1), ("Ann", -1), ("Ann", 2**70), ("\0", 1)])
def test_an_invalid_operator_is_not_stored(world: World, name: str, capacity: int) -> None:
    with pytest.raises(InvalidValue):
        world.fairlead.create_operator(CreateOperator(name, capacity))
    assert world.fairlead.catalogue.operators(active=None, limit=9, after=None).items == []


def test_a_change_is_stored_and_leaves_the_load(world: World) -> None:
    ann = world.operator("Ann", 3)
    world.source((ann, 1))
    world.register()
    changed = update(world, ann, name="Anna", capacity=7, active=False)
    assert (changed.name, changed.capacity, changed.active, changed.load) == ("Anna", 7, False, 1)
    assert world.fairlead.catalogue.operator(ann.id) == changed


def test_an_invalid_change_changes_nothing(world: World) -> None:
    ann = world.operator("Ann", 3)
    with pytest.raises(InvalidValue):
        update(world, ann, name="Anna", capacity=-1, active=False)
    assert world.fairlead.catalogue.operator(ann.id) == ann


def test_an_unknown_operator_is_refused(world: World) -> None:
    with pytest.raises(UnknownOperator):
        world.fairlead.update_operator(UpdateOperator(operator_id(1), name="Ann"))


def test_an_inactive_operator_gets_nothing_and_keeps_what_it_has(world: World) -> None:
    # On this source, ties go to the operator created second.
    bob, ann = world.operator("Bob"), world.operator("Ann")
    world.source((ann, 1), (bob, 1))
    first = world.register()
    assert holder(world, first) == "Ann"
    update(world, ann, active=False)
    assert {holder(world, world.register()) for _ in range(5)} == {"Bob"}
    assert holder(world, first) == "Ann"
    close(world, first)
    assert world.load(ann) == 0
    assert world.defects() == []


@pytest.mark.parametrize("how", ["raise", "activate"])
def test_new_room_goes_to_the_oldest_contacts_across_all_sources(world: World, how: str) -> None:
    ann = world.operator("Ann", capacity=0 if how == "raise" else 3, active=how != "activate")
    idle = world.operator("Idle", capacity=0)
    for key in ("a", "b", "c"):
        world.source((ann, 1), (idle, 1), key=key)
    world.source((idle, 1), key="elsewhere")
    elsewhere = world.register("elsewhere")
    waiting = []
    for key in ("c", "a", "a", "b", "c"):
        waiting.append(world.register(key))
        world.clock.advance(seconds=1)
    changed = update(world, ann, capacity=3, active=True)
    assert changed.load == world.load(ann) == 3
    assert [holder(world, each) for each in waiting] == ["Ann", "Ann", "Ann", None, None]
    assert now(world, waiting[0]).assigned_at == world.clock.now()
    assert now(world, elsewhere).state is ContactState.WAITING
    assert world.defects() == []


def test_new_room_is_filled_by_the_picker_of_each_source(world: World) -> None:
    """Not simply by the operator who was freed: the source's picker decides among all."""
    ann, bob = world.operator("Ann", 0), world.operator("Bob", 0)
    world.source((ann, 1), (bob, 3))
    contacts = [world.register() for _ in range(8)]
    world.allocate("telegram", (ann, 1))
    update(world, bob, capacity=100)
    update(world, ann, active=False, capacity=100)
    world.allocate("telegram", (ann, 1), (bob, 0))
    update(world, ann, active=True, capacity=0)
    assert [holder(world, each) for each in contacts] == [None] * 8
    world.allocate("telegram")
    update(world, ann, capacity=100)
    world.allocate("telegram", (ann, 1), (bob, 3))
    assert (world.load(ann), world.load(bob)) == (2, 6)
    assert world.defects() == []


def test_more_waiting_contacts_than_are_read_at_once_are_all_handed_out(world: World) -> None:
    ann = world.operator("Ann", capacity=0)
    key = world.source((ann, 1))
    world.fairlead.register_contacts(
        [RegisterContact(key, {"vk": str(number)}) for number in range(1203)]
    )
    update(world, ann, capacity=1200)
    assert world.load(ann) == 1200
    assert world.fairlead.catalogue.source(key).waiting == 3
    still = ContactFilter(states=[ContactState.WAITING])
    newest = world.fairlead.contacts.contacts(ContactFilter(), limit=3, after=None).items
    assert world.fairlead.contacts.contacts(still, limit=9, after=None).items == newest
    assert world.defects() == []


def test_a_capacity_lowered_below_the_load_takes_nothing_away(world: World) -> None:
    ann = world.operator("Ann", 3)
    world.source((ann, 1))
    contacts = [world.register() for _ in range(3)]
    changed = update(world, ann, capacity=0)
    assert (changed.capacity, changed.load) == (0, 3)
    assert [holder(world, each) for each in contacts] == ["Ann"] * 3
    assert world.register().state is ContactState.WAITING
    assert world.defects() == []


def test_a_wrong_length_of_a_queue_does_not_stop_the_service(sqlite_url: str) -> None:
    """Handing out must not loop forever looking for a contact that is not there."""
    with open_world(sqlite_url) as world:
        ann = world.operator()
        world.source((ann, 1))
        path = sqlite_url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE sources SET waiting = 1")
        update(world, ann, name="Anna")
        assert world.fairlead.catalogue.operator(ann.id).name == "Anna"


class TestKeys:
    """A key stands for an operator where people and programs name it."""

    def test_it_is_made_of_the_name_and_never_anothers(self, world: World) -> None:
        names = ("Анна Ёлкина", "anna elkina", "ANNA-ELKINA!", "Annabel", "李", "王")
        keys = [world.operator(name).key for name in names]
        assert keys == [
            *("anna-elkina", "anna-elkina-2", "anna-elkina-3"),
            *("annabel", "operator", "operator-2"),
        ]

    def test_it_stays_whatever_the_name_becomes(self, world: World) -> None:
        ann = world.operator("Ann")
        assert update(world, ann, name="Anna Petrova").key == "ann"
        assert world.operator("Ann").key == "ann-2"

    def test_one_may_be_given(self, world: World) -> None:
        given = CreateOperator("Ann", 5, key="crm.0042")
        assert world.fairlead.create_operator(given).key == "crm.0042"
        ids = world.fairlead.catalogue.operator_ids(["crm.0042", "nobody", "Crm.0042"])
        (ann,) = world.fairlead.catalogue.operators(active=None, limit=9, after=None).items
        assert ids == {"crm.0042": ann.id}
        with pytest.raises(OperatorExists) as raised:
            world.fairlead.create_operator(given)
        assert raised.value.field == "key"
        assert "'crm.0042'" in str(raised.value)

    @pytest.mark.parametrize("key", [" ann", "Ann", "анна", "-a", "a" * 65, "a/b", "a\n"])
    def test_one_that_is_none_is_refused(self, world: World, key: str) -> None:
        with pytest.raises(InvalidValue) as raised:
            world.fairlead.create_operator(CreateOperator("Ann", 5, key=key))
        assert raised.value.field == "key"

    def test_what_reads_as_an_id_is_none(self, world: World) -> None:
        with pytest.raises(InvalidValue, match="reads as an id"):
            world.fairlead.create_operator(CreateOperator("Ann", 5, key=str(operator_id(1))))
