"""Waiting times: of every contact in a period if there are few enough, else of the newest."""

from collections.abc import Mapping
from datetime import datetime
from statistics import median
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.contacts import CloseContact
from application.operators import UpdateOperator
from application.ports.statistics import HourSpan, SourceDistribution, SourceWaits, ninth
from application.waits import WaitingTimesHandler
from domain.dispatch import hour_of
from tests.support import START, FakeClock, World


class Asked:
    """Notes what it is asked for, and reports that no contact waited."""

    def __init__(self) -> None:
        self.most: Mapping[str, int] = {}

    def waits(self, most: Mapping[str, int], *, span: HourSpan, now: datetime) -> list[SourceWaits]:
        assert (span, now) == (HourSpan(1, 2), START)
        self.most = most
        return []


def asked_for(totals: Mapping[str, int], room: int) -> Mapping[str, int]:
    reader: Any = Asked()
    handler = WaitingTimesHandler(reader, FakeClock(), room)
    handler(
        [SourceDistribution(key, total, 0, ()) for key, total in totals.items()], HourSpan(1, 2)
    )
    most: Mapping[str, int] = reader.most
    return most


def looked_at(totals: Mapping[str, int], most: Mapping[str, int]) -> dict[str, int]:
    return {key: min(total, most[key]) for key, total in totals.items()}


TOTALS = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(0, 400), max_size=9)


@given(TOTALS, st.integers(0, 1000))
def test_all_are_looked_at_if_they_fit(totals: dict[str, int], spare: int) -> None:
    most = asked_for(totals, sum(totals.values()) + spare)
    assert looked_at(totals, most) == totals


@given(TOTALS, st.integers(9, 1000))
def test_else_no_more_than_fit_and_nobody_has_more_at_the_cost_of_others(
    totals: dict[str, int], room: int
) -> None:
    seen = looked_at(totals, asked_for(totals, room))
    assert sum(seen.values()) <= room
    cut = [number for key, number in seen.items() if number < totals[key]]
    if cut:
        # A source that is cut gets no less than any other, apart from rounding.
        assert max(seen.values()) - min(cut) <= len(totals)
        assert room - sum(seen.values()) < len(totals)


def test_contacts_that_come_meanwhile_find_room() -> None:
    assert asked_for({"a": 3, "b": 5}, 100) == {"a": 50, "b": 97}


def test_sources_that_nobody_wrote_to_are_left_out(world: World) -> None:
    ann = world.operator("Ann", capacity=1)
    for key in ("quiet", "busy"):
        world.source((ann, 1), key=key)
    for _ in range(12):
        world.register("busy")
        world.clock.advance(seconds=10)
    span = HourSpan(hour_of(START))
    distribution = world.fairlead.statistics.distribution(sources=None, span=span)
    (waits,) = world.fairlead.waiting_times(distribution, span)
    assert (waits.source, waits.waiting, waits.whole) == ("busy", 11, True)
    assert waits.seconds == [0, *range(10, 120, 10)]
    assert median(waits.seconds) == 55
    assert ninth(waits.seconds) == pytest.approx(99)
    handler = WaitingTimesHandler(world.fairlead.statistics, world.clock, room=6)
    (newest,) = handler(distribution, span)
    assert (newest.seconds, newest.whole) == ([10, 20, 30, 40, 50, 60], False)


def test_one_contact_is_its_own_ninth(world: World) -> None:
    ann = world.operator("Ann", capacity=0)
    world.source((ann, 1))
    held = world.register()
    world.clock.advance(hours=8)
    world.fairlead.update_operator(UpdateOperator(ann.id, capacity=1))
    world.fairlead.close_contact(CloseContact(held.id))
    distribution = world.fairlead.statistics.distribution(sources=None, span=HourSpan())
    (waits,) = world.fairlead.waiting_times(distribution, HourSpan())
    assert ninth(waits.seconds) == 8 * 3600
