"""The contract of StatisticsReader: counters agree with a count of the contacts."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from application.contacts import CloseContact, TransferContact
from application.operators import UpdateOperator
from application.ports.statistics import HourSpan, OperatorShare, SourceDistribution, SourceWaits
from application.ports.storage import Storage
from application.purging import PurgeContacts
from domain.contact import ContactState
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
            for each in storage.statistics.distribution(sources=None, span=HourSpan(since, until)):
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
    every = storage.statistics.distribution(sources=None, span=HourSpan())
    assert [each.source for each in every] == ["a", "b", "c"]
    for each in every:
        assert storage.statistics.distribution(sources=[each.source], span=HourSpan()) == [each]


def test_totals_are_those_of_all_time(storage: Storage, given: Given) -> None:
    world = given.world
    ann = world.operator("Ann", capacity=2)
    for key in ("b", "a", "c"):
        world.source((ann, 1), key=key)
    for key in "abbaab":
        world.register(key)
        world.clock.advance(hours=7)
    everything = storage.statistics.distribution(sources=None, span=HourSpan())
    totals = storage.statistics.totals()
    assert [each[:3] for each in totals] == [shown(each) for each in everything]
    # Ann has two contacts by now, which is all that she can take.
    assert totals == [("a", 3, 2, 1, 0), ("b", 3, 2, 1, 0), ("c", 0, 0, 1, 0)]
    some = storage.statistics.distribution(sources=["c", "a"], span=HourSpan())
    assert some == [everything[0], everything[2]]
    for span in (
        HourSpan(FIRST + 1),
        HourSpan(FIRST, FIRST + 20),
        HourSpan(FIRST + 40, FIRST + 50),
    ):
        everything = storage.statistics.distribution(sources=None, span=span)
        totals = storage.statistics.totals(span)
        assert [each[:3] for each in totals] == [shown(each) for each in everything]
    assert not any(each.total for each in totals)


def shown(distribution: SourceDistribution) -> tuple[str, int, int]:
    return distribution.source, distribution.total, distribution.waiting


def test_totals_tell_who_answers_and_who_could_now(storage: Storage, given: Given) -> None:
    world = given.world
    free, full, away = (world.operator(name, capacity=1) for name in ("Ann", "Bob", "Cid"))
    world.source((full, 1), key="taken")
    world.register("taken")
    world.fairlead.update_operator(UpdateOperator(away.id, active=False))
    world.source((free, 1), (full, 1), (away, 1), key="mixed")
    world.source((free, 0), key="none")
    found = {each.source: (each.answering, each.eligible) for each in storage.statistics.totals()}
    assert found == {"mixed": (3, 1), "none": (0, 0), "taken": (1, 0)}


def test_of_each_queue_the_contact_tells_that_is_handed_out_next(
    storage: Storage, given: Given
) -> None:
    world = given.world
    ann = world.operator("Ann", capacity=1)
    for key in ("b", "a", "free", "idle"):
        world.source((ann, 1), key=key)
    world.register("free")
    assert storage.statistics.waiting_since() == {}
    moments = dict[str, datetime]()
    for key in "baab":
        world.clock.advance(minutes=1)
        moments.setdefault(key, world.register(key).created_at)
    assert list(storage.statistics.waiting_since().items()) == sorted(moments.items())
    # The order is that of the queue, even if it is not that of coming in.
    last = storage.contacts.queue("b", limit=9).items[-1]
    with storage.unit_of_work() as uow:
        uow.contacts.requeue([(START, last.id)])
    assert storage.statistics.waiting_since() == {**moments, "b": last.created_at}
    for each in storage.contacts.queue("a", limit=9).items:
        world.fairlead.close_contact(CloseContact(each.id))
    assert storage.statistics.waiting_since() == {"b": last.created_at}


def test_a_source_that_is_not_there_is_refused(storage: Storage) -> None:
    with pytest.raises(UnknownSource):
        storage.statistics.distribution(sources=["nowhere"], span=HourSpan())


def test_who_is_no_longer_allocated_keeps_what_it_got(storage: Storage, given: Given) -> None:
    world = given.world
    ann, bob = world.operator("Ann"), world.operator("Bob")
    key = world.source((ann, 1))
    world.register()
    world.allocate(key, (bob, 5))
    world.register()
    (found,) = storage.statistics.distribution(sources=[key], span=HourSpan())
    views = {each.operator.id: each for each in found.operators}
    assert views == {
        ann.id: OperatorShare(views[ann.id].operator, 0, 0.0, 1, 0.5, 1.0, 0.5, 0, 0),
        bob.id: OperatorShare(views[bob.id].operator, 5, 1.0, 1, 0.5, 1.0, 0.5, 0, 0),
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
    (waiting,) = storage.statistics.distribution(sources=[key], span=HourSpan())
    assert (waiting.total, waiting.waiting, waiting.operators[0].contacts) == (1, 1, 0)
    world.fairlead.update_operator(UpdateOperator(ann.id, capacity=1))
    (first,) = storage.statistics.distribution(sources=[key], span=HourSpan(FIRST, FIRST + 1))
    (third,) = storage.statistics.distribution(sources=[key], span=HourSpan(FIRST + 2, FIRST + 3))
    assert (first.total, first.waiting, first.operators[0].contacts) == (1, 0, 0)
    assert (third.total, third.waiting, third.operators[0].contacts) == (0, 0, 1)


def test_a_transfer_and_a_close_count_nothing(storage: Storage, world: World) -> None:
    ann, bob = world.operator("Ann"), world.operator("Bob")
    key = world.source((ann, 1))
    contact = world.register()
    before = storage.statistics.distribution(sources=[key], span=HourSpan())
    world.fairlead.transfer_contact(TransferContact(contact.id, bob.id))
    assert storage.statistics.distribution(sources=[key], span=HourSpan()) == before
    world.fairlead.close_contact(CloseContact(contact.id))
    assert storage.statistics.distribution(sources=[key], span=HourSpan()) == before


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
        (found,) = storage.statistics.distribution(sources=[key], span=HourSpan(hour, hour + 1))
        assert found.total == 1


HOUR = timedelta(hours=1)
MILLISECOND = timedelta(milliseconds=1)


def test_contacts_by_hour_are_those_that_came_in_then(storage: Storage, given: Given) -> None:
    world, chance = given.world, random.Random(11)
    ann = world.operator("Ann", capacity=40)
    for key in ("a", "b", "idle"):
        world.source((ann, 1), key=key)
    came: Counter[tuple[str, int]] = Counter()
    for _ in range(80):
        world.clock.advance(minutes=chance.randrange(100))
        contact = world.register(chance.choice("ab"))
        came[contact.source, hour_of(contact.created_at)] += 1
    last = hour_of(world.clock.now())
    assert last - FIRST > 48, "counters of whole days must not be taken for hours"
    ends = [None, -1, FIRST - 1, FIRST, FIRST // 24 * 24 + 24, FIRST + 30, last, last + 1, 10**9]
    for source in (None, "a", "b", "idle", "nowhere"):
        for since in ends:
            for until in ends:
                low, high = since or 0, 10**9 if until is None else until
                expected: Counter[int] = Counter()
                for (key, hour), number in came.items():
                    if source in {None, key} and low <= hour < high:
                        expected[hour] += number
                found = storage.statistics.by_hour(source=source, span=HourSpan(since, until))
                assert list(found.items()) == sorted(expected.items())


def test_what_is_there_of_a_period_is_counted_to_the_millisecond(
    storage: Storage, given: Given
) -> None:
    source, lead, ann = given.source("a"), given.lead(), given.operator()
    moments = []
    for number in range(30):
        contact = given.contact(source, lead, ann if number % 3 else None, closed=number % 2 == 0)
        moments.append(contact.created_at)
        given.world.clock.advance(milliseconds=number % 4)
    ends = [
        START - HOUR,
        *moments[::5],
        moments[7] + timedelta(microseconds=1),
        given.now + HOUR,
        datetime.min.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
    ]
    for since in ends:
        for until in ends:
            expected = sum(since <= each < until for each in moments)
            assert storage.statistics.registered(since, until) == expected, (since, until)


def test_what_was_purged_is_no_longer_there(storage: Storage, world: World) -> None:
    world.source((world.operator(), 1))
    world.fairlead.close_contact(CloseContact(world.register().id))
    world.register()
    world.clock.advance(hours=1)
    world.fairlead.purge_contacts(PurgeContacts(world.clock.now() - MILLISECOND))
    assert storage.statistics.registered(START, START + HOUR) == 1
    assert storage.statistics.by_hour(source=None, span=HourSpan()) == {FIRST: 2}


class TestWaits:
    """How long contacts waited for an operator, or have been waiting until now."""

    def test_the_newest_of_every_source_are_looked_at(self, storage: Storage, given: Given) -> None:
        chance, lead, ann = random.Random(3), given.lead(), given.operator()
        sources = [given.source(key) for key in ("a", "b", "c", "empty")]
        came: dict[str, list[tuple[int, float | None, datetime]]] = {
            each.key: [] for each in sources
        }
        for _ in range(90):
            given.world.clock.advance(minutes=chance.randrange(9), milliseconds=chance.randrange(3))
            source = chance.choice(sources[:3])
            assigned, closed = chance.randrange(2), chance.randrange(2)
            waited = chance.choice([0.0, 0.001, 0.25, 61.5, 7200.0, -5.0])
            more: dict[str, Any] = {
                "assigned_at": given.now + timedelta(seconds=waited),
                "operator_id": ann.id,
                "state": ContactState.ASSIGNED,
            }
            contact = given.contact(source, lead, closed=bool(closed), **more if assigned else {})
            # Here, a contact closed without an operator is closed at once.
            seconds = max(waited, 0.0) if assigned else 0.0 if closed else None
            came[source.key].append((hour_of(contact.created_at), seconds, contact.created_at))
        last, now = hour_of(given.now), given.now + timedelta(minutes=5, milliseconds=7)
        assert last - FIRST > 4
        ends = [None, -5, FIRST, FIRST + 1, FIRST + 3, last, last + 1, 10**15]
        for since in ends:
            for until in ends:
                for most in (1, 3, 500):
                    found = storage.statistics.waits(
                        {"c": most, "a": most, "empty": most, "nowhere": most, "b": most},
                        span=HourSpan(since, until),
                        now=now,
                    )
                    assert [each.source for each in found] == ["c", "a", "empty", "nowhere", "b"]
                    for each in found:
                        inside = [
                            (seconds, created_at)
                            for hour, seconds, created_at in came.get(each.source, [])
                            if (since is None or hour >= since) and (until is None or hour < until)
                        ]
                        newest = inside[-most:]
                        assert each.seconds == pytest.approx(
                            sorted(
                                (now - created_at).total_seconds() if seconds is None else seconds
                                for seconds, created_at in newest
                            )
                        )
                        assert each.waiting == sum(seconds is None for seconds, _ in newest)
                        assert each.whole == (len(inside) <= most)

    def test_who_waits_has_waited_until_now(self, storage: Storage, world: World) -> None:
        """A queue of three must not show a median of 0."""
        world.source((world.operator(capacity=0), 1))
        for _ in range(3):
            world.register()
            world.clock.advance(minutes=1)
        assert waits(storage, world) == SourceWaits("telegram", [60, 120, 180], [], 3, whole=True)

    def test_a_contact_that_was_handed_out_has_waited(self, storage: Storage, world: World) -> None:
        ann = world.operator(capacity=1)
        world.source((ann, 1))
        first = world.register()
        world.register()
        world.register()
        world.clock.advance(seconds=90, milliseconds=5)
        world.fairlead.close_contact(CloseContact(first.id))
        world.clock.advance(seconds=1)
        found = waits(storage, world)
        assert found.seconds == pytest.approx([0, 90.005, 91.005])
        assert found.waiting == 1
        assert found.handling == pytest.approx([90.005])
        assert found.at_once == pytest.approx(1 / 3)

    def test_who_was_given_away_by_hand_has_waited_until_then(
        self, storage: Storage, world: World
    ) -> None:
        ann, bob = world.operator("Ann", capacity=0), world.operator("Bob")
        cid = world.operator("Cid")
        world.source((ann, 1))
        contact = world.register()
        world.clock.advance(seconds=30)
        world.fairlead.transfer_contact(TransferContact(contact.id, bob.id))
        world.clock.advance(seconds=30)
        world.fairlead.transfer_contact(TransferContact(contact.id, cid.id))
        world.clock.advance(seconds=30)
        assert waits(storage, world).seconds == [30], "the first assignment ended the wait"
        world.fairlead.close_contact(CloseContact(contact.id))
        assert waits(storage, world) == SourceWaits("telegram", [30], [60], 0, whole=True)

    def test_who_was_closed_before_anybody_got_it_has_waited_until_then(
        self, storage: Storage, world: World
    ) -> None:
        world.source()
        contact = world.register()
        world.clock.advance(seconds=45)
        world.fairlead.close_contact(CloseContact(contact.id))
        world.clock.advance(hours=1)
        assert waits(storage, world) == SourceWaits("telegram", [45], [], 0, whole=True)


def waits(storage: Storage, world: World) -> SourceWaits:
    """Return the waits on the only source, over all time."""
    (found,) = storage.statistics.waits({"telegram": 500}, span=HourSpan(), now=world.clock.now())
    return found
