"""The latest assignments, found without an index on their time."""

import random

from application.contacts import CloseContact
from application.ports.contacts import ContactFilter
from domain.ids import ContactId
from tests.support import World


def latest(world: World, limit: int = 5) -> list[ContactId]:
    queued = [
        each.key
        for each in world.fairlead.catalogue.sources(limit=50, after=None).items
        if each.waiting
    ]
    return [each.id for each in world.fairlead.latest_assignments(queued, limit=limit)]


def test_nothing_was_assigned_where_nothing_has_come(world: World) -> None:
    world.source()
    world.register()
    assert latest(world) == []


def test_a_contact_that_waited_comes_first_when_it_is_handed_out(world: World) -> None:
    """However many contacts have come since, on the same source or another."""
    busy, free = world.operator("Busy", 1), world.operator("Free", 1000)
    world.source((busy, 1), key="slow")
    world.source((free, 1), key="fast")
    held = world.register("slow")
    waited = [world.register("slow") for _ in range(20)]
    for _ in range(20):
        world.clock.advance(seconds=1)
        last = world.register("fast")
    assert latest(world)[0] == last.id
    world.clock.advance(seconds=1)
    world.fairlead.close_contact(CloseContact(held.id))
    assert latest(world)[:2] == [waited[0].id, last.id]


def test_they_are_those_that_a_walk_through_all_contacts_finds(world: World) -> None:
    chance = random.Random(5)
    ann, bob = world.operator("Ann", 3), world.operator("Bob", 2)
    keys = [
        world.source((ann, 1), key="a"),
        world.source((ann, 1), (bob, 2), key="b"),
        world.source((bob, 1), key="c"),
    ]
    for _ in range(120):
        world.clock.advance(seconds=1)
        if chance.random() < 0.6:
            world.register(chance.choice(keys))
            continue
        every = world.fairlead.contacts.contacts(ContactFilter(), limit=200, after=None).items
        assigned = [each for each in every if each.state.value == "assigned"]
        if assigned:
            world.fairlead.close_contact(CloseContact(chance.choice(assigned).id))
        every = world.fairlead.contacts.contacts(ContactFilter(), limit=200, after=None).items
        moments = [each.assigned_at for each in every if each.assigned_at is not None]
        if moments:
            found = world.fairlead.contacts.contact(latest(world)[0])
            assert found.assigned_at == max(moments)
