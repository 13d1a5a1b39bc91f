"""The contract of StatisticsReader: counters say what a count of the contacts would say."""

import random
from collections import Counter
from datetime import timedelta

import pytest

from application.contacts import CloseContact, TransferContact
from application.operators import UpdateOperator
from application.ports import Storage
from application.views import HourSpan, OperatorShare
from domain.dispatch import hour_of
from domain.errors import UnknownSource
from domain.ids import OperatorId
from tests.contract.given import Given
from tests.support import START, World

FIRST = hour_of(START)


def test_any_span_of_hours_counts_what_came_in_during_it(storage: Storage, given: Given) -> None:
    world, chance = given.world, random.Random(7)
    ann, bob = world.operator("Ann"), world.operator("Bob")
    for key in ("a", "b"):
        world.source((ann, 2), (bob, 1), key=key)
    registered: Counter[tuple[str, int]] = Counter()
    assigned: Counter[tuple[str, OperatorId, int]] = Counter()
    for _ in range(90):
        world.clock.advance(minutes=chance.randrange(110))
        contact = world.register(chance.choice("ab"))
        hour = hour_of(contact.created_at)
        registered[contact.source, hour] += 1
        assert contact.operator
        assigned[contact.source, contact.operator.id, hour] += 1
    last = hour_of(world.clock.now())
    assert last - FIRST > 60, "several whole days lie inside"

    ends = [
        None,
        *range(FIRST - 2, last + 3, 5),
        *(day * 24 for day in range(FIRST // 24, last // 24)),
    ]
    for since in ends:
        for until in ends:
            low, high = since or 0, last + 9 if until is None else until
            for each in storage.statistics.distribution(source=None, span=HourSpan(since, until)):
                total = sum(
                    number
                    for (key, hour), number in registered.items()
                    if key == each.source and low <= hour < high
                )
                given_to = {
                    operator.id: sum(
                        number
                        for (key, operator_id, hour), number in assigned.items()
                        if (key, operator_id) == (each.source, operator.id) and low <= hour < high
                    )
                    for operator in (ann, bob)
                }
                assert each.total == total, (since, until)
                assert {one.operator.id: one.contacts for one in each.operators} == given_to
                assert [one.actual_share for one in each.operators] == [
                    number / total if total else None for number in given_to.values()
                ]


def test_a_source_is_shown_alone_or_all_by_key(storage: Storage, given: Given) -> None:
    ann = given.operator()
    for key in ("b", "a", "c"):
        given.source(key, (ann, 1))
    every = storage.statistics.distribution(source=None, span=HourSpan())
    assert [each.source for each in every] == ["a", "b", "c"]
    for each in every:
        assert storage.statistics.distribution(source=each.source, span=HourSpan()) == [each]


def test_a_source_that_is_not_there_is_refused(storage: Storage) -> None:
    with pytest.raises(UnknownSource):
        storage.statistics.distribution(source="nowhere", span=HourSpan())


def test_who_is_no_longer_allocated_keeps_what_it_got(storage: Storage, given: Given) -> None:
    world = given.world
    ann, bob = world.operator("Ann"), world.operator("Bob")
    key = world.source((ann, 1))
    world.register()
    world.allocate(key, (bob, 5))
    world.register()
    (found,) = storage.statistics.distribution(source=key, span=HourSpan())
    views = {each.operator.id: each for each in found.operators}
    assert views == {
        ann.id: OperatorShare(views[ann.id].operator, 0, 0.0, 1, 0.5),
        bob.id: OperatorShare(views[bob.id].operator, 5, 1.0, 1, 0.5),
    }
    assert [each.operator.name for each in found.operators] == ["Ann", "Bob"]


def test_the_hour_of_an_assignment_is_that_of_the_handing_out(
    storage: Storage, given: Given
) -> None:
    world = given.world
    ann = world.operator("Ann", capacity=0)
    key = world.source((ann, 1))
    world.register()
    world.clock.advance(hours=2)
    (waiting,) = storage.statistics.distribution(source=key, span=HourSpan())
    assert (waiting.total, waiting.waiting, waiting.operators[0].contacts) == (1, 1, 0)
    world.fairlead.update_operator(UpdateOperator(ann.id, capacity=1))
    (first,) = storage.statistics.distribution(source=key, span=HourSpan(FIRST, FIRST + 1))
    (third,) = storage.statistics.distribution(source=key, span=HourSpan(FIRST + 2, FIRST + 3))
    assert (first.total, first.waiting, first.operators[0].contacts) == (1, 0, 0)
    assert (third.total, third.waiting, third.operators[0].contacts) == (0, 0, 1)


def test_a_transfer_and_a_close_count_nothing(storage: Storage, world: World) -> None:
    ann, bob = world.operator("Ann"), world.operator("Bob")
    key = world.source((ann, 1))
    contact = world.register()
    before = storage.statistics.distribution(source=key, span=HourSpan())
    world.fairlead.transfer_contact(TransferContact(contact.id, bob.id))
    assert storage.statistics.distribution(source=key, span=HourSpan()) == before
    world.fairlead.close_contact(CloseContact(contact.id))
    assert storage.statistics.distribution(source=key, span=HourSpan()) == before


def test_operators_show_load_utilisation_and_contacts_by_source(
    storage: Storage, world: World
) -> None:
    ann, off = world.operator("Ann", capacity=8), world.operator("Off", capacity=0, active=False)
    for key, times in (("b", 2), ("a", 1)):
        world.source((ann, 1), (off, 1), key=key)
        for _ in range(times):
            world.register(key)
            world.clock.advance(hours=30)
    mine, other = storage.statistics.operators()
    assert (mine.operator.id, mine.operator.load, mine.utilisation) == (ann.id, 3, 3 / 8)
    assert list(mine.contacts.items()) == [("a", 1), ("b", 2)]
    assert (other.operator.id, other.utilisation, dict(other.contacts)) == (off.id, None, {})


def test_hours_are_those_of_utc(storage: Storage, world: World) -> None:
    key = world.source((world.operator(), 1))
    world.clock.moment = START + timedelta(minutes=59, seconds=59, milliseconds=999)
    world.register()
    world.clock.advance(milliseconds=1)
    world.register()
    for hour in (FIRST, FIRST + 1):
        (found,) = storage.statistics.distribution(source=key, span=HourSpan(hour, hour + 1))
        assert found.total == 1
