"""The contract of EventLog and EventReader: numbered without gaps, and nothing about a person."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from application.contacts import CloseContact, TransferContact
from application.leads import AddIdentity, EraseLead, RenameLead
from application.operators import CreateOperator, UpdateOperator
from application.ports.contacts import ContactView
from application.ports.events import Entry, EventFilter, EventPage, LoggedEvent
from application.ports.storage import Storage
from application.register_contacts import RegisterContact, Registered
from application.sources import CreateSource, ReplaceAllocations, UpdateSource
from domain.actor import Actor
from domain.event_type import EventType
from domain.ids import time_of
from domain.strategy import Strategy
from tests.contract.given import Given
from tests.support import START, World

ANYBODY = Actor("abcdefghij")


def logged(storage: Storage, after: int = 0) -> list[LoggedEvent]:
    return list(storage.events.events(after=after, limit=10_000).items)


def bounds(storage: Storage) -> tuple[int, int]:
    page = storage.events.events(after=0, limit=1)
    return page.earliest, page.last


def entry(number: int) -> Entry:
    at = START + timedelta(hours=number)
    return Entry(EventType.SOURCE_CHANGED, at, "script", source_key=f"source-{number}")


def register(world: World) -> ContactView:
    command = RegisterContact("vk", {"telegram": "ivan77"}, lead_name="Ivan", payload={"text": "?"})
    (outcome,) = world.fairlead.register_contacts([command])
    assert isinstance(outcome, Registered)
    return outcome.contact


@pytest.fixture
def told(world: World) -> Iterator[Callable[[], list[tuple[EventType, Entry]]]]:
    """Return what was logged since the last call."""
    storage, seen = world.container.storage(), 0

    def since() -> list[tuple[EventType, Entry]]:
        nonlocal seen
        new = logged(storage, seen)
        assert [each.seq for each in new] == list(range(seen + 1, seen + 1 + len(new)))
        seen += len(new)
        return [(each.entry.type, each.entry) for each in new]

    yield since
    assert world.defects() == []


def test_the_life_of_a_contact_is_logged_by_whose_doing_it_is(
    world: World, told: Callable[[], list[tuple[EventType, Entry]]]
) -> None:
    ann, bob = world.operator("Ann", 1), world.operator("Bob", 9)
    world.source((ann, 1), key="telegram")
    told()
    fairlead = world.fairlead
    commands = [RegisterContact("telegram", {"vk": name}, lead_name=name) for name in "ab"]
    outcomes = fairlead.register_contacts(commands, ANYBODY)
    first, second = (each.contact for each in outcomes if isinstance(each, Registered))
    assert told() == [
        (
            EventType.CONTACT_REGISTERED,
            Entry(
                EventType.CONTACT_REGISTERED,
                first.created_at,
                ANYBODY.name,
                "telegram",
                first.id,
                None,
                first.lead.id,
            ),
        ),
        (
            EventType.CONTACT_ASSIGNED,
            Entry(
                EventType.CONTACT_ASSIGNED,
                first.created_at,
                ANYBODY.name,
                "telegram",
                first.id,
                ann.id,
            ),
        ),
        (
            EventType.CONTACT_REGISTERED,
            Entry(
                EventType.CONTACT_REGISTERED,
                second.created_at,
                ANYBODY.name,
                "telegram",
                second.id,
                None,
                second.lead.id,
            ),
        ),
    ]
    world.clock.advance(minutes=1)
    fairlead.transfer_contact(TransferContact(first.id, bob.id), ANYBODY)
    fairlead.close_contact(CloseContact(first.id))
    now = world.clock.now()
    assert [each for _, each in told()] == [
        Entry(
            EventType.CONTACT_TRANSFERRED, now, ANYBODY.name, "telegram", first.id, bob.id, ann.id
        ),
        # The slot that it freed goes to the one that waited.
        Entry(EventType.CONTACT_ASSIGNED, now, ANYBODY.name, "telegram", second.id, ann.id),
        Entry(EventType.CONTACT_CLOSED, now, "script", "telegram", first.id, bob.id),
    ]


def test_what_people_set_is_logged_without_names(
    world: World, told: Callable[[], list[tuple[EventType, Entry]]]
) -> None:
    fairlead = world.fairlead
    ann = fairlead.create_operator(CreateOperator("Ann", 5), ANYBODY)
    fairlead.update_operator(UpdateOperator(ann.id, name="Anna", capacity=7), ANYBODY)
    fairlead.update_operator(UpdateOperator(ann.id, capacity=7), ANYBODY)
    fairlead.create_source(CreateSource("vk", "Sales of Ann"), ANYBODY)
    fairlead.update_source(UpdateSource("vk", strategy=Strategy.RANDOM), ANYBODY)
    fairlead.replace_allocations(ReplaceAllocations("vk", [(ann.id, 3)]), ANYBODY)
    found = [(kind, each.operator_id or each.source_key, each.data) for kind, each in told()]
    assert found == [
        (EventType.OPERATOR_CREATED, ann.id, '{"capacity": 5, "active": true}'),
        (EventType.OPERATOR_CHANGED, ann.id, '{"capacity": 7}'),
        (EventType.SOURCE_CREATED, "vk", '{"strategy": "exact"}'),
        (EventType.SOURCE_CHANGED, "vk", '{"strategy": "random"}'),
        (EventType.ALLOCATIONS_REPLACED, "vk", f'{{"weights": {{"{ann.id}": 3}}}}'),
    ]


def test_people_are_named_by_their_ids_alone(
    world: World, told: Callable[[], list[tuple[EventType, Entry]]]
) -> None:
    world.source(key="vk")
    told()
    contacts = [register(world) for _ in range(3)]
    lead_id = contacts[0].lead.id
    told()
    world.fairlead.rename_lead(RenameLead(lead_id, "Ivan Petrov"))
    world.fairlead.add_identity(AddIdentity(lead_id, "email", "ivan@example.com"))
    world.fairlead.erase_lead(EraseLead(lead_id))
    world.fairlead.erase_lead(EraseLead(lead_id))
    found = told()
    assert [(kind, each.other_id, each.data) for kind, each in found] == [
        (EventType.LEAD_CHANGED, lead_id, None),
        (EventType.LEAD_CHANGED, lead_id, None),
        *[(EventType.CONTACT_ERASED, lead_id, None)] * 3,
    ]
    assert [each.contact_id for _, each in found[2:]] == [each.id for each in contacts]


def test_a_unit_of_work_that_fails_leaves_no_gap(storage: Storage) -> None:
    assert storage.events.events(after=0, limit=9) == EventPage([], 0, 0, 0)
    with storage.unit_of_work() as uow:
        uow.events.add([entry(1), entry(2)])
        uow.events.add([])
    with suppress(ZeroDivisionError), storage.unit_of_work() as uow:
        uow.events.add([entry(3)])
        raise ZeroDivisionError
    with storage.unit_of_work() as uow:
        uow.events.add([entry(4)])
    assert logged(storage) == [
        LoggedEvent(seq, entry(number)) for seq, number in enumerate((1, 2, 4), 1)
    ]
    page = storage.events.events(after=1, limit=1)
    assert page == EventPage([LoggedEvent(2, entry(2))], 2, 1, 3)
    assert storage.events.events(after=3, limit=9) == EventPage([], 3, 1, 3)
    assert storage.events.events(after=9, limit=9) == EventPage([], 9, 1, 3)


def test_old_events_go_a_few_at_a_time_and_the_numbers_go_on(storage: Storage) -> None:
    with storage.unit_of_work() as uow:
        uow.events.add([entry(number) for number in range(10)])
    removed = []
    for _ in range(4):
        with storage.unit_of_work() as uow:
            removed.append(uow.events.forget(START + timedelta(hours=7), 3))
    assert removed == [3, 3, 1, 0]
    assert bounds(storage) == (8, 10)
    with storage.unit_of_work() as uow:
        assert uow.events.forget(START + timedelta(days=9), 100) == 2
    assert bounds(storage) == (10, 10)
    with storage.unit_of_work() as uow:
        uow.events.add([entry(11)])
    assert bounds(storage) == (10, 11)


def test_erased_contacts_are_logged_after_what_came_before(given: Given, storage: Storage) -> None:
    source, lead = given.source("vk"), given.lead()
    given.contact(source, lead)
    (last,) = logged(storage)[-1:]
    with storage.unit_of_work() as uow:
        uow.events.add([entry(1)])
        uow.events.add_erased(lead.id, given.now, "script")
        uow.events.add([entry(2)])
    found = logged(storage, last.seq)
    assert [each.seq for each in found] == [last.seq + each for each in (1, 2, 3)]
    assert found[1].entry.type is EventType.CONTACT_ERASED


def test_an_event_has_an_id_of_its_moment_and_its_number(storage: Storage) -> None:
    with storage.unit_of_work() as uow:
        uow.events.add([entry(1), entry(1), entry(2)])
    ids = [each.id for each in logged(storage)]
    assert len(set(ids)) == 3
    assert sorted(ids) == ids
    assert [time_of(each) for each in ids] == [each.entry.at for each in logged(storage)]
    assert {each.version for each in ids} == {7}


def test_what_is_not_wanted_is_passed_over(world: World) -> None:
    storage = world.container.storage()
    ann, bob = world.operator("Ann", 9), world.operator("Bob", 9)
    for key in ("a", "b"):
        world.source((ann, 1), key=key)
    first, second = world.register("a"), world.register("b")
    world.fairlead.transfer_contact(TransferContact(first.id, bob.id))
    world.fairlead.close_contact(CloseContact(second.id))

    def found(limit: int = 99, **where: Any) -> list[tuple[EventType, object]]:
        page = storage.events.events(after=0, limit=limit, where=EventFilter(**where))
        assert page.reached == (page.items[-1].seq if len(page.items) == limit else page.last)
        return [(each.entry.type, each.entry.contact_id) for each in page.items]

    life = [(EventType.CONTACT_REGISTERED, first.id), (EventType.CONTACT_ASSIGNED, first.id)]
    moved = (EventType.CONTACT_TRANSFERRED, first.id)
    assert found(contact_id=first.id) == [*life, moved]
    assert found(contact_id=first.id, limit=1) == life[:1]
    assert found(operator_id=bob.id) == [(EventType.OPERATOR_CREATED, None), moved]
    assert moved in found(operator_id=ann.id)
    assert found(types=[EventType.CONTACT_CLOSED]) == [(EventType.CONTACT_CLOSED, second.id)]
    assert found(
        source_keys=["b"], types=[EventType.CONTACT_CLOSED, EventType.CONTACT_TRANSFERRED]
    ) == [(EventType.CONTACT_CLOSED, second.id)]
    assert found(source_keys=["nowhere"]) == []


def test_every_cursor_page_and_filter_agree_with_the_whole_log(world: World) -> None:
    """A contact that is assigned at once takes two numbers; a cursor may stand between them."""
    storage = world.container.storage()
    ann, bob = world.operator("Ann", 2), world.operator("Bob", 9)
    world.source((ann, 1), key="a")
    contacts = [world.register("a") for _ in range(3)]
    world.fairlead.transfer_contact(TransferContact(contacts[0].id, bob.id))
    world.fairlead.close_contact(CloseContact(contacts[1].id))
    contacts.append(world.register("a"))
    everything = logged(storage)
    assert [each.seq for each in everything] == [*range(1, everything[-1].seq + 1)]
    wishes = [
        EventFilter(),
        EventFilter(types=[EventType.CONTACT_REGISTERED]),
        EventFilter(types=[EventType.CONTACT_ASSIGNED]),
        EventFilter(operator_id=ann.id),
        EventFilter(operator_id=bob.id),
        EventFilter(contact_id=contacts[0].id),
        EventFilter(source_keys=["a"], types=[EventType.CONTACT_ASSIGNED], operator_id=ann.id),
    ]
    for where in wishes:
        wanted = [each for each in everything if where.wants(each)]
        for after in range(everything[-1].seq + 1):
            follow = [each for each in wanted if each.seq > after]
            for limit in (1, 2, 3):
                page = storage.events.events(after=after, limit=limit, where=where)
                assert page.items == follow[:limit]
    assert world.defects() == []
