"""The event log is kept for a while: old events go, hour by hour, and the numbers go on."""

from datetime import timedelta

import pytest

from application.event_log import OLD_EVENTS, ForgetOldEvents, PlanForgetting
from tests.support import World

KEEP = timedelta(days=30)


@pytest.fixture
def keeping(world: World) -> World:
    """A world that keeps events for thirty days, with the removal of older ones planned."""
    by_kind = world.container.timers().by_kind
    assert isinstance(by_kind, dict)
    by_kind[OLD_EVENTS] = ForgetOldEvents(KEEP, world.clock)
    world.source((world.operator(capacity=10_000), 1))
    world.fairlead.plan_forgetting(PlanForgetting())
    return world


def bounds(world: World) -> tuple[int, int]:
    page = world.fairlead.events.events(after=0, limit=1)
    return page.earliest, page.last


def hours_pass(world: World, hours: int) -> None:
    """Let time pass, with somebody writing once an hour, as the alarm does."""
    for _ in range(hours):
        world.clock.advance(hours=1)
        world.fairlead.plan_forgetting(PlanForgetting())


def test_events_go_when_they_are_old_and_not_before(keeping: World) -> None:
    first, made = bounds(keeping)
    assert first == 1
    hours_pass(keeping, 15 * 24)
    keeping.register()
    hours_pass(keeping, 15 * 24 - 1)
    assert bounds(keeping) == (1, made + 2)
    hours_pass(keeping, 3)
    assert bounds(keeping) == (made + 1, made + 2)
    # The newest stay: the next one is numbered after them.
    hours_pass(keeping, 15 * 24)
    assert bounds(keeping) == (made + 1, made + 2)
    keeping.register()
    assert bounds(keeping)[1] == made + 4
    assert keeping.defects() == []


def test_many_go_a_few_at_a_time(keeping: World) -> None:
    made = bounds(keeping)[1]
    for _ in range(3000):
        keeping.register()
    _, last = bounds(keeping)
    hours_pass(keeping, 24)
    keeping.clock.advance(days=30)
    left = []
    # Days late: it waits for another hour first.
    keeping.register()
    keeping.clock.advance(hours=1)
    for _ in range(4):
        keeping.fairlead.plan_forgetting(PlanForgetting())
        left.append(bounds(keeping)[0])
        keeping.clock.advance(milliseconds=100)
    # Two thousand rows at a time; those of the contacts hold two events each.
    assert left == [made + 2 * (2000 - made) + 1, last + 1, last + 1, last + 1]
    assert keeping.defects() == []


def test_a_clock_that_is_years_ahead_removes_nothing(
    keeping: World, caplog: pytest.LogCaptureFixture
) -> None:
    hours_pass(keeping, 2)
    before = bounds(keeping)
    keeping.clock.advance(days=4 * 365)
    keeping.fairlead.plan_forgetting(PlanForgetting())
    assert "days late" in caplog.text
    keeping.clock.advance(days=-4 * 365)
    hours_pass(keeping, 3)
    assert bounds(keeping) == before
