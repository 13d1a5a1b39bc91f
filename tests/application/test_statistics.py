"""Statistics: what each operator should have received, and what each did."""

import itertools
from datetime import timedelta

import pytest

from application.ports.statistics import HourSpan, OperatorShare, SourceDistribution
from domain.dispatch import hour_of
from domain.errors import UnknownSource
from tests.application.acts import close, transfer, update
from tests.support import START, World

EVER = HourSpan()


def distribution(
    world: World, source: str = "telegram", span: HourSpan = EVER
) -> SourceDistribution:
    (found,) = world.fairlead.statistics.distribution(sources=[source], span=span)
    return found


def counts(found: SourceDistribution) -> dict[str, int]:
    return {each.operator.name: each.contacts for each in found.operators}


def test_shares_stand_beside_their_targets(world: World) -> None:
    ann, bob, cat = (world.operator(name) for name in ("Ann", "Bob", "Cat"))
    world.source((ann, 3), (bob, 1), (cat, 0))
    for _ in range(8):
        world.register()
    found = distribution(world)
    assert (found.source, found.total, found.waiting) == ("telegram", 8, 0)
    shown = [
        (each.operator.name, each.weight, each.target_share, each.contacts, each.actual_share)
        for each in found.operators
    ]
    assert shown == [
        ("Ann", 3, 0.75, 6, 0.75),
        ("Bob", 1, 0.25, 2, 0.25),
        ("Cat", 0, 0.0, 0, 0.0),
    ]


def test_a_source_on_which_nothing_happened_has_no_actual_shares(world: World) -> None:
    ann = world.operator("Ann")
    world.source((ann, 1))
    found = distribution(world)
    assert (found.total, found.waiting) == (0, 0)
    (only,) = found.operators
    assert isinstance(only, OperatorShare)
    assert (only.target_share, only.contacts, only.actual_share) == (1.0, 0, None)


def test_all_sources_come_in_the_order_of_their_keys(world: World) -> None:
    ann = world.operator("Ann")
    for key in ("c", "a", "b"):
        world.source((ann, 1), key=key)
    world.register("b")
    found = world.fairlead.statistics.distribution(sources=None, span=EVER)
    assert [(each.source, each.total) for each in found] == [("a", 0), ("b", 1), ("c", 0)]


def test_an_unknown_source_is_refused(world: World) -> None:
    with pytest.raises(UnknownSource):
        world.fairlead.statistics.distribution(sources=["vk"], span=EVER)


def test_waiting_contacts_count_in_the_total_and_when_handed_out(world: World) -> None:
    ann = world.operator("Ann", capacity=1)
    world.source((ann, 1))
    for _ in range(3):
        world.register()
    found = distribution(world)
    assert (found.total, found.waiting, counts(found)) == (3, 2, {"Ann": 1})
    update(world, ann, capacity=2)
    found = distribution(world)
    assert (found.total, found.waiting, counts(found)) == (3, 1, {"Ann": 2})


def test_closing_and_transferring_change_nothing_that_was_counted(world: World) -> None:
    ann, bob = world.operator("Ann"), world.operator("Bob")
    world.source((ann, 1))
    first, second = world.register(), world.register()
    before = distribution(world)
    transfer(world, first, bob)
    close(world, second)
    assert distribution(world) == before
    assert counts(before) == {"Ann": 2}


def test_a_waiting_contact_given_away_by_hand_counts_for_nobody(world: World) -> None:
    bob = world.operator("Bob")
    world.source()
    transfer(world, world.register(), bob)
    found = distribution(world)
    assert (found.total, found.waiting, counts(found)) == (1, 0, {})


def test_an_operator_that_was_removed_is_still_shown_with_weight_0(world: World) -> None:
    ann, bob = world.operator("Ann"), world.operator("Bob")
    world.source((ann, 1), (bob, 1))
    for _ in range(4):
        world.register()
    world.allocate("telegram", (bob, 1))
    for _ in range(4):
        world.register()
    shown = [
        (each.operator.name, each.weight, each.target_share, each.contacts, each.actual_share)
        for each in distribution(world).operators
    ]
    assert shown == [("Ann", 0, 0.0, 2, 0.25), ("Bob", 1, 1.0, 6, 0.75)]


def test_a_period_of_whole_hours_counts_what_happened_in_it(world: World) -> None:
    """START is at 9:00, so midnights are 15, 39 and 63 hours later. `until` is exclusive."""
    # On this source, ties go to the operator created second.
    bob, ann = world.operator("Bob"), world.operator("Ann")
    world.source((ann, 1), (bob, 1))
    hours = [0, 0, 1, 14, 15, 15, 38, 39, 62, 63, 64, 90]
    for hour in hours:
        world.clock.moment = START + timedelta(hours=hour, minutes=59)
        world.register()
    begin = hour_of(START)
    ends = [None, -1, 0, 1, 14, 15, 16, 38, 39, 40, 63, 64, 200]
    for since, until in itertools.product(ends, ends):
        span = HourSpan(
            None if since is None else begin + since, None if until is None else begin + until
        )
        expected = [
            number
            for number, hour in enumerate(hours)
            if (since is None or hour >= since) and (until is None or hour < until)
        ]
        found = distribution(world, span=span)
        assert found.total == len(expected), (since, until)
        assert sum(counts(found).values()) == len(expected), (since, until)
        assert counts(found)["Bob"] == sum(number % 2 for number in expected), (since, until)


def test_a_contact_counts_when_it_came_in_and_for_the_operator_when_it_was_given(
    world: World,
) -> None:
    ann = world.operator("Ann", capacity=0)
    world.source((ann, 1))
    world.register()
    world.clock.advance(hours=30)
    update(world, ann, capacity=1)
    begin = hour_of(START)
    early = distribution(world, span=HourSpan(until=begin + 30))
    late = distribution(world, span=HourSpan(since=begin + 30))
    assert (early.total, counts(early)) == (1, {"Ann": 0})
    assert (late.total, counts(late)) == (0, {"Ann": 1})


def test_operators_show_load_utilisation_and_what_each_source_gave(world: World) -> None:
    ann, bob = world.operator("Ann", 4), world.operator("Bob", 0)
    world.source((ann, 1), key="a")
    world.source((ann, 1), (bob, 1), key="b")
    first = world.register("a")
    world.register("b")
    world.clock.advance(days=2)
    world.register("b")
    close(world, first)
    shown = [
        (each.operator.name, each.operator.load, each.utilisation, dict(each.contacts))
        for each in world.fairlead.statistics.operators()
    ]
    assert shown == [("Ann", 2, 0.5, {"a": 1, "b": 2}), ("Bob", 0, None, {})]
