"""Purging removes contacts closed long ago, and nothing else changes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from application.auditing import Recorder
from application.ports.contacts import ContactFilter, ContactView
from application.ports.failures import StorageUnavailable
from application.ports.statistics import HourSpan
from application.ports.unit_of_work import UnitOfWork
from application.purging import (
    PURGE,
    NightlyPurge,
    PlanPurge,
    PurgeContacts,
    PurgeContactsHandler,
)
from application.register_contacts import RegisterContact, Registered
from domain.audit import Action
from domain.contact import ContactState
from domain.errors import InvalidValue, UnknownContact
from tests.application.acts import close, now, transfer
from tests.support import World


def purge(world: World, before: datetime | None = None) -> int:
    before = before or world.clock.now() - timedelta(seconds=1)
    return world.fairlead.purge_contacts(PurgeContacts(before))


def several(world: World, number: int) -> Sequence[ContactView]:
    outcomes = world.fairlead.register_contacts(
        [RegisterContact("telegram", {"vk": f"{each}"}) for each in range(number)]
    )
    return [each.contact for each in outcomes if isinstance(each, Registered)]


def test_closed_contacts_go_and_open_ones_stay(world: World) -> None:
    ann = world.operator("Ann", capacity=3)
    world.source((ann, 1))
    old, held, *_ = contacts = [world.register() for _ in range(5)]
    close(world, old)
    world.clock.advance(days=1)
    moment = world.clock.now()
    world.clock.advance(days=1)
    close(world, contacts[2])
    assert purge(world, moment) == 1
    with pytest.raises(UnknownContact):
        now(world, old)
    assert now(world, held).state is ContactState.ASSIGNED
    assert [now(world, each).state for each in contacts[2:]] == ["closed", "assigned", "assigned"]
    assert world.load(ann) == 3
    assert world.defects() == []
    assert purge(world, moment) == 0


def test_statistics_tell_the_same_afterwards_and_the_check_finds_nothing(world: World) -> None:
    ann, bob = world.operator("Ann"), world.operator("Bob")
    world.source((ann, 3), (bob, 1))
    world.source((bob, 1), key="web")
    for number in range(12):
        contact = world.register(("telegram", "web")[number % 2])
        if number % 3 == 0:
            transfer(world, contact, ann)
        if number < 9:
            close(world, contact)
        world.clock.advance(hours=7)
    statistics = world.fairlead.statistics

    def told() -> object:
        return statistics.distribution(sources=None, span=HourSpan()), statistics.operators()

    before = told()
    assert purge(world) == 9
    assert told() == before
    assert world.defects() == []
    world.register()
    assert world.defects() == []


def test_a_closed_contact_that_nobody_ever_had_goes_too(world: World) -> None:
    world.source()
    close(world, world.register())
    world.clock.advance(hours=1)
    assert purge(world) == 1
    assert world.defects() == []


def test_the_person_is_still_known(world: World) -> None:
    world.source((world.operator(), 1))
    contact = world.register(telegram="ivan")
    close(world, contact)
    world.clock.advance(hours=1)
    purge(world)
    again = world.register(telegram="ivan")
    assert (again.lead.id, again.lead.created) == (contact.lead.id, False)


def test_the_key_of_a_contact_that_is_gone_is_free(world: World) -> None:
    world.source((world.operator(), 1))
    command = RegisterContact("telegram", {"telegram": "ivan"}, idempotency_key="1")
    first = world.outcome(command).contact
    close(world, first)
    world.clock.advance(hours=1)
    purge(world)
    again = world.outcome(command)
    assert not again.replayed
    assert again.contact.id != first.id
    assert world.outcome(command).replayed


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(days=1)])
def test_a_moment_that_is_not_in_the_past_is_refused(world: World, ahead: timedelta) -> None:
    world.source((world.operator(), 1))
    close(world, world.register())
    now = world.clock.now()
    world.clock.advance(hours=-1)
    with pytest.raises(InvalidValue, match="not in the past"):
        purge(world, world.clock.now() + ahead)
    world.clock.moment = now
    assert len(world.fairlead.contacts.contacts(ContactFilter(), limit=9, after=None).items) == 1


class Units:
    """Counts units of work; one of them may fail."""

    def __init__(self, world: World, failing: int | None = None) -> None:
        self.world, self.failing, self.begun = world, failing, 0

    def __call__(self) -> UnitOfWork:
        self.begun += 1
        if self.begun == self.failing:
            raise StorageUnavailable("the disk is full.")
        return self.world.container.storage().unit_of_work()


def test_many_go_in_small_transactions_with_a_pause_between_them(world: World) -> None:
    world.source((world.operator(capacity=2000), 1))
    for each in several(world, 353):
        close(world, each)
    world.clock.advance(hours=1)
    units, pauses, told = Units(world), list[int](), list[int]()

    def pause(most: float | None = None) -> None:  # noqa: ARG001 -- any length is the same here
        # Others write in between, and their writes stay.
        pauses.append(units.begun)
        close(world, world.register())

    handler = PurgeContactsHandler(
        replace(world.container.transactions(), begin=units),
        world.clock,
        pause,
        Recorder(world.container.ids()),
    )
    before = world.clock.now() - timedelta(seconds=1)
    assert handler(PurgeContacts(before), progress=told.append) == 353
    assert units.begun == 3
    assert pauses == [1, 2]
    assert told == [150, 300, 353]
    assert len(world.fairlead.contacts.contacts(ContactFilter(), limit=9, after=None).items) == 2
    assert world.defects() == []


def test_what_was_removed_before_a_failure_is_removed(world: World) -> None:
    world.source((world.operator(capacity=2000), 1))
    for each in several(world, 250):
        close(world, each)
    world.clock.advance(hours=1)
    record = Recorder(world.container.ids())
    pause = world.container.pause()
    handler = PurgeContactsHandler(
        replace(world.container.transactions(), begin=Units(world, failing=2)),
        world.clock,
        pause,
        record,
    )
    with pytest.raises(StorageUnavailable):
        handler(PurgeContacts(world.clock.now() - timedelta(seconds=1)))
    assert len(world.fairlead.contacts.contacts(ContactFilter(), limit=600, after=None).items) == (
        100
    )
    assert world.defects() == []
    assert purge(world) == 100


class TestNightly:
    """What FAIRLEAD_KEEP_DAYS does, in a world that keeps closed contacts for thirty days."""

    KEEP = timedelta(days=30)

    @pytest.fixture
    def nightly(self, world: World) -> World:
        by_kind = world.container.timers().by_kind
        assert isinstance(by_kind, dict)
        record = Recorder(world.container.ids())
        by_kind[PURGE] = NightlyPurge(self.KEEP, world.clock, record)
        world.source((world.operator(capacity=2000), 1))
        return world

    def test_what_was_closed_long_enough_ago_goes_at_night(self, nightly: World) -> None:
        old = nightly.register()
        close(nightly, old)
        open_ = nightly.register()
        nightly.fairlead.plan_purge(PlanPurge())
        planned = nightly.container.storage().due.earliest({PURGE})
        assert planned is not None
        here = planned.astimezone()
        assert (here.hour, here.minute) == (3, 0)
        assert timedelta() < planned - nightly.clock.now() <= timedelta(days=1)
        nightly.clock.moment = planned + timedelta(seconds=1)
        young = nightly.register()
        close(nightly, young)
        assert now(nightly, old).state is ContactState.CLOSED, "a day is not thirty"
        for _ in range(30):
            nightly.clock.advance(days=1)
            nightly.fairlead.plan_purge(PlanPurge())
        with pytest.raises(UnknownContact):
            now(nightly, old)
        assert now(nightly, open_).state is ContactState.ASSIGNED
        assert now(nightly, young).state is ContactState.CLOSED
        assert nightly.defects() == []
        (entry,) = nightly.fairlead.audit.entries(
            subject=None, action=Action.CONTACTS_PURGED, limit=9, after=None
        ).items
        assert (entry.actor, entry.after) == ("timer", {"removed": 1})

    def test_many_go_a_few_at_a_time_and_each_night_begins_anew(self, nightly: World) -> None:
        for each in several(nightly, 353):
            close(nightly, each)
        nightly.clock.advance(days=31)
        nightly.fairlead.plan_purge(PlanPurge())
        nightly.clock.advance(days=1)
        left = []
        for _ in range(6):
            nightly.fairlead.plan_purge(PlanPurge())
            page = nightly.fairlead.contacts.contacts(ContactFilter(), limit=2000, after=None)
            left.append(len(page.items))
            nightly.clock.advance(milliseconds=100)
        assert left == [203, 53, 0, 0, 0, 0]
        planned = nightly.container.storage().due.earliest({PURGE})
        assert planned is not None
        assert timedelta(hours=1) < planned - nightly.clock.now() <= timedelta(days=1)
        assert nightly.defects() == []

    def test_what_is_planned_is_cancelled_where_it_is_no_longer_asked_for(
        self, nightly: World
    ) -> None:
        nightly.fairlead.plan_purge(PlanPurge())
        by_kind = nightly.container.timers().by_kind
        assert isinstance(by_kind, dict)
        by_kind.clear()
        assert nightly.container.storage().due.earliest({PURGE}) is not None
        nightly.fairlead.plan_purge(PlanPurge())
        assert nightly.container.storage().due.earliest({PURGE}) is None

    def test_a_clock_that_is_years_ahead_removes_nothing_and_leaves_no_plan_behind(
        self, nightly: World, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A machine may start with a wrong clock and correct it a minute later."""
        old = nightly.register()
        close(nightly, old)
        nightly.fairlead.plan_purge(PlanPurge())
        planned, right = nightly.container.storage().due.earliest({PURGE}), nightly.clock.now()
        nightly.clock.advance(days=4 * 365)
        nightly.register()
        assert now(nightly, old).state is ContactState.CLOSED
        assert "days late: nothing ran, or the clock is wrong" in caplog.text
        nightly.clock.moment = right
        nightly.fairlead.plan_purge(PlanPurge())
        assert nightly.container.storage().due.earliest({PURGE}) == planned
        assert nightly.defects() == []

    def test_what_is_late_by_days_is_done_in_the_next_night(self, nightly: World) -> None:
        old = nightly.register()
        close(nightly, old)
        nightly.fairlead.plan_purge(PlanPurge())
        nightly.clock.advance(days=60)
        nightly.register()
        nightly.clock.advance(days=1)
        nightly.register()
        with pytest.raises(UnknownContact):
            now(nightly, old)
