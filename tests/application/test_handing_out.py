"""A long hand-out runs in slices: others get their turn, and no contact jumps a queue."""

import asyncio
from collections.abc import Sequence

import pytest

from application.contacts import CloseContact
from application.operators import UpdateOperator
from application.ports.contacts import ContactView
from application.ports.operators import OperatorView
from application.register_contacts import RegisterContact, Registered
from application.sources import ReplaceAllocations
from application.together import carry_out_together
from application.use_case import Order, carry_out
from domain.actor import SCRIPT
from tests.application.acts import holder, update
from tests.e2e.server import all_contacts
from tests.support import World

MANY = 1000
SOURCES = ("telegram", "vk", "max", "viber")

pytestmark = pytest.mark.every_storage


@pytest.fixture
def ann(world: World) -> OperatorView:
    """Inactive, while a thousand contacts wait for her, most of them on one of four sources."""
    made = world.operator("Ann", capacity=10 * MANY, active=False)
    for key in SOURCES:
        world.source((made, 1), key=key)
    return made


@pytest.fixture
def queue(world: World, ann: OperatorView) -> Sequence[ContactView]:
    del ann
    commands = [
        RegisterContact(
            SOURCES[number // 8 % 4] if number % 8 == 0 else "telegram",
            {"telegram": f"user-{number}"},
        )
        for number in range(MANY)
    ]
    outcomes = world.fairlead.register_contacts(commands)
    return [each.contact for each in outcomes if isinstance(each, Registered)]


def handed_out(world: World, queue: Sequence[ContactView]) -> int:
    """Return how many of a queue have an operator; assert that they are the first ones."""
    operators = {each.id: each.operator for each in all_contacts(world.fairlead)}
    has = [operators[each.id] is not None for each in queue]
    assert has == sorted(has, reverse=True)
    return sum(has)


def anything(world: World) -> None:
    """Begin a transaction, as any request does."""
    world.container.transactions()(lambda _: None)


def come_back(world: World, ann: OperatorView) -> int:
    """Activate Ann in a single transaction; return how many contacts it gave her."""
    transactions = world.container.transactions()
    order = world.fairlead.update_operator.order(UpdateOperator(ann.id, active=True), SCRIPT)
    transactions(lambda uow: carry_out(uow, [order]))
    return world.load(ann)


def test_a_script_comes_back_when_all_is_handed_out(
    world: World, ann: OperatorView, queue: Sequence[ContactView]
) -> None:
    update(world, ann, active=True)
    assert handed_out(world, queue) == MANY
    assert not world.defects()


def test_every_transaction_hands_out_the_next_slice(
    world: World, ann: OperatorView, queue: Sequence[ContactView]
) -> None:
    slices = [come_back(world, ann)]
    while slices[-1] < MANY:
        assert not world.defects()
        assert handed_out(world, queue) == slices[-1]
        anything(world)
        slices.append(world.load(ann))
    assert len(slices) >= 3
    # Nothing is left to do.
    with world.container.storage().unit_of_work() as uow:
        assert not world.container.timers().leaves_some(uow)


def test_whoever_comes_meanwhile_is_served_after_those_who_waited(
    world: World, ann: OperatorView, queue: Sequence[ContactView]
) -> None:
    come_back(world, ann)
    late = [world.register("telegram"), world.register("vk")]
    assert [each.operator for each in late] == [None, None]
    while holder(world, queue[-1]) is None:
        assert [holder(world, each) for each in late] == [None, None]
        anything(world)
    while holder(world, late[-1]) is None:
        anything(world)
    assert [holder(world, each) for each in late] == ["Ann", "Ann"]
    assert not world.defects()
    assert world.register("vk").operator is not None


def test_a_source_without_a_queue_goes_on_meanwhile(
    world: World, ann: OperatorView, queue: Sequence[ContactView]
) -> None:
    bob = world.operator("Bob")
    world.source((bob, 1), key="site")
    come_back(world, ann)
    contact = world.register("site")
    assert contact.operator is not None
    assert handed_out(world, queue) < MANY


def test_a_hand_out_that_is_stopped_halfway_stops(
    world: World, ann: OperatorView, queue: Sequence[ContactView]
) -> None:
    given = come_back(world, ann)
    update(world, ann, active=False)
    settled = handed_out(world, queue)
    assert given <= settled < MANY
    assert not world.defects()
    update(world, ann, active=True)
    assert handed_out(world, queue) == MANY


def test_allocations_of_many_operators_are_handed_out_in_slices_too(
    world: World, ann: OperatorView, queue: Sequence[ContactView]
) -> None:
    del ann
    team = [world.operator(f"Operator {number}", capacity=10) for number in range(24)]
    world.fairlead.replace_allocations(
        ReplaceAllocations("telegram", [(each.id, 1) for each in team])
    )
    assert [world.load(each) for each in team] == [10] * 24
    waited = sum(each.source == "telegram" for each in queue)
    assert world.fairlead.catalogue.source("telegram").waiting == waited - 240
    assert not world.defects()


def test_a_queue_that_nobody_hands_out_is_a_defect(
    world: World, ann: OperatorView, queue: Sequence[ContactView]
) -> None:
    del queue
    come_back(world, ann)
    with world.container.storage().unit_of_work() as uow:
        uow.due.cancel("hand_out")
    assert [each[:2] for each in world.defects()] == ["I3"] * len(SOURCES)


def test_an_older_contact_that_comes_later_is_served_first(world: World) -> None:
    """As from a process whose clock is behind; it also holds within one transaction."""
    ann = world.operator("Ann", capacity=1)
    world.source((ann, 1))
    served, waiting = world.register(), world.register()
    world.clock.advance(minutes=-5)
    fairlead = world.fairlead
    orders: list[Order] = [
        fairlead.register_contact.order(RegisterContact("telegram", {"vk": "older"}), SCRIPT),
        fairlead.close_contact.order(CloseContact(served.id), SCRIPT),
    ]
    registered, _ = carry_out_together(world.container.transactions(), orders)
    assert (holder(world, registered.contact), holder(world, waiting)) == ("Ann", None)


def test_an_intake_lets_others_in_between_slices(
    world: World, ann: OperatorView, queue: Sequence[ContactView]
) -> None:
    """And it finishes on its own, even if no further request comes."""
    bob = world.operator("Bob")
    world.source((bob, 1), key="site")
    fairlead = world.fairlead

    async def story() -> None:
        intake = world.container.intake()
        await intake.submit(fairlead.update_operator, UpdateOperator(ann.id, active=True), SCRIPT)
        command = RegisterContact("site", {"telegram": "passer-by"})
        registered = await intake.submit(fairlead.register_contact, command, SCRIPT)
        assert registered.contact.operator is not None
        assert world.load(ann) < MANY
        for _ in range(1000):
            if world.load(ann) == MANY:
                break
            await asyncio.sleep(0.01)
        await intake.close()

    asyncio.run(story())
    assert handed_out(world, queue) == MANY
    assert not world.defects()


def test_an_intake_that_is_closed_leaves_the_rest_to_the_next_process(
    world: World, ann: OperatorView, queue: Sequence[ContactView]
) -> None:
    async def story() -> None:
        intake = world.container.intake()
        await intake.submit(
            world.fairlead.update_operator, UpdateOperator(ann.id, active=True), SCRIPT
        )
        await intake.close()

    asyncio.run(story())
    assert 0 < handed_out(world, queue) < MANY
    assert not world.defects()
    for _ in range(100):
        anything(world)
    assert handed_out(world, queue) == MANY
