"""A dispatch kept from one registration to the next agrees with the database."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from application.contacts import CloseContact, TransferContact
from application.fairlead import Fairlead
from application.operators import CreateOperator, UpdateOperator
from application.ports.contacts import ContactView
from application.ports.failures import StorageUnavailable
from application.ports.operators import OperatorView
from application.purging import PurgeContacts
from application.register_contacts import RegisterContact, RegisterContactsHandler, Registered
from application.sources import CreateSource, ReplaceAllocations, UpdateSource
from domain.errors import OperatorInactive, UnknownSource
from domain.strategy import Strategy
from entrypoints.scripting import open_fairlead
from tests.adapters.statements import recording
from tests.adapters.units_of_work import FailingCommit
from tests.support import World, open_world

RECORDED = pytest.mark.parametrize("shared_url", ["sqlite"], indirect=True)


@pytest.fixture
def world(shared_url: str) -> Iterator[World]:
    with open_world(shared_url) as opened:
        yield opened


@pytest.fixture
def elsewhere(world: World, shared_url: str) -> Iterator[World]:
    """The same database, opened as another process would open it."""
    with open_world(shared_url, beside=world) as opened:
        yield opened


def register(world: World, source: str = "telegram") -> ContactView:
    (outcome,) = world.fairlead.register_contacts(
        [RegisterContact(source, {"vk": str(world.container.ids().new())})]
    )
    assert isinstance(outcome, Registered), outcome
    return outcome.contact


@RECORDED
def test_the_second_registration_reads_no_source_and_no_operator(world: World) -> None:
    world.source((world.operator(), 1))
    with recording(world.container.storage()) as recorded:
        register(world)
        first = [each.sql for each in recorded if "FROM operators" in each.sql]
        recorded.clear()
        for _ in range(3):
            register(world)
        again = [each.sql for each in recorded if "FROM operators" in each.sql]
    assert len(first) == 1
    assert again == []


@RECORDED
def test_what_others_registered_is_read_but_not_made_anew(world: World, elsewhere: World) -> None:
    """The lineup stands for all that could be rebuilt: a new one would be stored again."""
    world.source((world.operator(), 1), (world.operator(), 2))
    register(elsewhere)
    # Now that another process writes too, it also reads what does not change.
    register(world)
    with recording(world.container.storage()) as recorded:
        for other in (elsewhere, world, elsewhere):
            held = register(other)
            other.fairlead.close_contact(CloseContact(held.id))
            register(world)
        taken = [each.sql for each in recorded]
    assert sum("FROM operators" in each for each in taken) >= 2
    assert not any("INTO lineups" in each for each in taken)
    assert world.fairlead.check_invariants() == []


def test_what_is_kept_does_not_grow_with_what_happens(world: World) -> None:
    """A service runs for months; a lineup of a thousand operators takes 60 KB."""
    ann = world.operator("Ann", 2)
    world.source((ann, 1))
    held = [register(world) for _ in range(4)]
    for number in range(20):
        # One is closed, a waiting one is handed out, and a capacity is changed.
        world.fairlead.close_contact(CloseContact(held.pop(0).id))
        held.append(register(world))
        world.fairlead.update_operator(UpdateOperator(ann.id, capacity=3 - number % 2))
        register(world)
    keeper = world.container.storage().unit_of_work.args[1]  # type: ignore[attr-defined]
    assert len(keeper._kept.lineups) <= 1
    assert world.fairlead.check_invariants() == []


CHANGES: dict[str, Callable[[World, OperatorView, OperatorView], object]] = {
    "a capacity": lambda world, ann, _: world.fairlead.update_operator(
        UpdateOperator(ann.id, capacity=0)
    ),
    "an activity": lambda world, ann, _: world.fairlead.update_operator(
        UpdateOperator(ann.id, active=False)
    ),
    "the weights": lambda world, ann, bob: world.fairlead.replace_allocations(
        ReplaceAllocations("telegram", [(ann.id, 0), (bob.id, 1)])
    ),
    "who is allocated": lambda world, _, bob: world.fairlead.replace_allocations(
        ReplaceAllocations("telegram", [(bob.id, 1)])
    ),
}


@pytest.mark.parametrize("where", ["here", "elsewhere"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_holds_from_the_next_registration_on(
    world: World, elsewhere: World, where: str, change: str
) -> None:
    ann, bob = world.operator("Ann", 100), world.operator("Bob", 100)
    world.source((ann, 1000), (bob, 1))
    assert {register(world).operator.name for _ in range(3)} == {"Ann"}  # type: ignore[union-attr]
    CHANGES[change](world if where == "here" else elsewhere, ann, bob)
    assert {register(world).operator.name for _ in range(3)} == {"Bob"}  # type: ignore[union-attr]
    assert world.fairlead.check_invariants() == []


def test_what_others_set_for_somebody_without_a_source_is_seen(
    world: World, elsewhere: World
) -> None:
    ann, bob = world.operator("Ann", 5), world.operator("Bob", 5)
    world.source((ann, 1), (bob, 1))
    held = [register(world) for _ in range(2)]
    elsewhere.fairlead.replace_allocations(ReplaceAllocations("telegram", [(ann.id, 1)]))
    elsewhere.fairlead.update_operator(UpdateOperator(bob.id, capacity=77, active=False))
    register(world)
    (anns,) = (each for each in held if each.operator and each.operator.id == ann.id)
    with pytest.raises(OperatorInactive):
        world.fairlead.transfer_contact(TransferContact(anns.id, bob.id))
    register(elsewhere)
    elsewhere.fairlead.update_operator(UpdateOperator(bob.id, capacity=78))
    register(world)
    world.fairlead.update_operator(UpdateOperator(bob.id, name="Robert"))
    shown = elsewhere.fairlead.catalogue.operator(bob.id)
    assert (shown.name, shown.capacity, shown.active) == ("Robert", 78, False)
    assert world.fairlead.check_invariants() == []


def test_a_new_name_and_a_new_strategy_show_at_once(world: World, elsewhere: World) -> None:
    ann = world.operator("Ann", 100)
    world.source((ann, 1))
    register(world)
    elsewhere.fairlead.update_operator(UpdateOperator(ann.id, name="Anna"))
    elsewhere.fairlead.update_source(UpdateSource("telegram", strategy=Strategy.RANDOM))
    contact = register(world)
    assert contact.operator is not None
    assert contact.operator.name == "Anna"
    decision = world.fairlead.contacts.decision(contact.id).decision
    assert decision is not None
    assert decision.strategy is Strategy.RANDOM


def test_what_others_take_and_free_is_seen(world: World, elsewhere: World) -> None:
    ann, bob = world.operator("Ann", 2), world.operator("Bob", 2)
    world.source((ann, 1), (bob, 1))
    open_contacts = [register(each) for each in (world, elsewhere, world, elsewhere)]
    assert register(world).operator is None
    elsewhere.fairlead.close_contact(CloseContact(open_contacts[0].id))
    assert register(elsewhere).operator is None, "the one that waited has taken the slot"
    world.fairlead.close_contact(CloseContact(open_contacts[1].id))
    elsewhere.fairlead.close_contact(CloseContact(open_contacts[2].id))
    moved = register(world)
    assert moved.operator is not None
    other = bob if moved.operator.id == ann.id else ann
    elsewhere.fairlead.update_operator(UpdateOperator(other.id, capacity=3))
    world.fairlead.transfer_contact(TransferContact(moved.id, other.id))
    register(elsewhere)
    register(world)
    assert world.fairlead.check_invariants() == []


def test_a_source_that_came_later_is_found(world: World, elsewhere: World) -> None:
    ann = world.operator("Ann", 100)
    world.source((ann, 1))
    register(world)
    command = RegisterContact("whatsapp", {"vk": "1"})
    (refused,) = world.fairlead.register_contacts([command])
    assert isinstance(refused, UnknownSource)
    elsewhere.fairlead.create_source(CreateSource("whatsapp"))
    elsewhere.fairlead.replace_allocations(ReplaceAllocations("whatsapp", [(ann.id, 1)]))
    assert register(world, "whatsapp").operator is not None
    assert register(world).operator is not None
    assert world.fairlead.check_invariants() == []


def test_a_registration_that_failed_leaves_nothing_behind(world: World) -> None:
    ann = world.operator("Ann", 2)
    world.source((ann, 1))
    register(world)
    storage = world.container.storage()
    transactions = replace(
        world.container.transactions(), begin=lambda: FailingCommit(storage.unit_of_work())
    )
    failing = RegisterContactsHandler(
        replace(world.fairlead.register_contact, transactions=transactions)
    )
    for number in range(5):
        (outcome,) = failing([RegisterContact("telegram", {"vk": f"{number}"})])
        assert isinstance(outcome, StorageUnavailable)
    assert register(world).operator is not None
    assert register(world).operator is None
    assert world.fairlead.check_invariants() == []


def purge(fairlead: Fairlead, world: World) -> int:
    """Purge everything that is closed."""
    world.clock.advance(hours=1)
    return fairlead.purge_contacts(PurgeContacts(world.clock.now() - timedelta(minutes=1)))


def test_what_is_kept_survives_a_purge(world: World) -> None:
    world.source((world.operator("Ann", 100), 1))
    old, held = register(world), register(world)
    world.fairlead.close_contact(CloseContact(old.id))
    assert purge(world.fairlead, world) == 1
    assert world.fairlead.contacts.decision(held.id).decision is not None
    assert world.fairlead.check_invariants() == []


def test_many_writers_at_once_keep_every_invariant(sqlite_url: str) -> None:
    with open_fairlead(sqlite_url) as one, open_fairlead(sqlite_url) as two:
        ann, bob = (one.create_operator(CreateOperator(name, 20)) for name in ("Ann", "Bob"))
        for key in ("telegram", "whatsapp"):
            one.create_source(CreateSource(key))
            one.replace_allocations(ReplaceAllocations(key, [(ann.id, 1), (bob.id, 2)]))

        def work(number: int) -> None:
            fairlead = (one, two)[number % 2]
            key = ("telegram", "whatsapp")[number % 3 % 2]
            (outcome,) = fairlead.register_contacts([RegisterContact(key, {"vk": f"{number}"})])
            assert isinstance(outcome, Registered), outcome
            if number % 4 == 0:
                fairlead.close_contact(CloseContact(outcome.contact.id))
            if number % 10 == 0:
                fairlead.update_operator(UpdateOperator(ann.id, capacity=20 + number // 10))

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(work, range(150)))
        assert one.check_invariants() == []
