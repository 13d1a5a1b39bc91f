"""A clock that was ahead leaves no one at the end of the queue."""

import asyncio
from datetime import timedelta

import pytest

from application.due import Alarm
from application.operators import UpdateOperator
from application.requeuing import Requeue
from domain.contact import ContactState
from tests.support import World

pytestmark = pytest.mark.every_storage

DAY = timedelta(days=1)


def set_right(world: World) -> None:
    """Have the clock be right again after it was a day ahead."""
    world.clock.moment -= DAY
    world.clock.jumps += 1
    world.clock.corrections += 1


def test_contacts_of_a_clock_that_was_ahead_keep_their_place(world: World) -> None:
    ann = world.operator("Ann", capacity=0)
    for key in ("telegram", "vk"):
        world.source((ann, 1), key=key)
    before = world.register("telegram")
    world.clock.advance(seconds=1)
    world.clock.moment += DAY
    ahead = [world.register(key) for key in ("vk", "telegram", "vk")]
    set_right(world)
    assert world.fairlead.requeue(Requeue()) == len(ahead)
    assert world.fairlead.requeue(Requeue()) == 0
    after = [world.register(key) for key in ("telegram", "vk")]
    order = [each.id for each in (before, *ahead, *after)]

    reader = world.fairlead.contacts
    assert [each.id for each in reader.queue(None, limit=9).items] == sorted(order)
    of_vk = [each.id for each in (ahead[0], ahead[2], after[1])]
    assert [each.id for each in reader.queue("vk", limit=9).items] == of_vk
    assert [each.id for each in reader.queue("vk", limit=9, after=of_vk[1]).items] == of_vk[2:]
    for capacity in range(1, len(order) + 1):
        world.fairlead.update_operator(UpdateOperator(ann.id, capacity=capacity))
        states = [reader.contact(each).state for each in order]
        assert states.count(ContactState.ASSIGNED) == capacity
        assert set(states[:capacity]) == {ContactState.ASSIGNED}
    assert world.defects() == []


def test_a_clock_that_is_set_right_in_steps_moves_nobody_past_anybody(world: World) -> None:
    """Ids begin anew at each step, so what comes later has the smaller id."""
    ann = world.operator("Ann", capacity=0)
    world.source((ann, 1), key="telegram")
    world.clock.moment += 3 * DAY
    contacts = [world.register("telegram") for _ in range(2)]
    for _ in range(3):
        set_right(world)
        world.fairlead.requeue(Requeue())
        world.clock.advance(seconds=20)
        contacts += [world.register("telegram") for _ in range(2)]
    world.clock.advance(days=-1)
    # Nothing that comes after this may be held up by what a wrong clock has left.
    assert world.fairlead.requeue(Requeue()) == len(contacts)
    order = [each.id for each in world.fairlead.contacts.queue("telegram", limit=20).items]
    assert order == [each.id for each in contacts]
    assert world.defects() == []


def test_another_machine_whose_clock_is_a_little_ahead_is_not_wrong(world: World) -> None:
    world.source(key="telegram")
    world.clock.moment += timedelta(seconds=5)
    world.register("telegram")
    world.clock.moment -= timedelta(seconds=5)
    assert world.fairlead.requeue(Requeue()) == 0


def test_the_alarm_wakes_after_a_jump(world: World) -> None:
    async def main() -> None:
        woke = asyncio.Event()

        async def wake() -> None:
            woke.set()

        alarm = Alarm(world.container.timers(), world.container.storage().due, wake)
        running = asyncio.create_task(alarm.run())
        await asyncio.wait_for(woke.wait(), 20)
        woke.clear()
        set_right(world)
        await asyncio.wait_for(woke.wait(), 20)
        running.cancel()

    asyncio.run(main())
