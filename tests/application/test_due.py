"""The one clock: every transaction settles what is due before it decides anything."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from application.contacts import CloseContact
from application.due import AT_ONCE, Alarm
from application.intake import Intake
from application.leads import RenameLead
from application.operators import UpdateOperator
from application.ports.due import DueItem
from application.ports.failures import StorageUnavailable, TransactionLost
from application.ports.unit_of_work import UnitOfWork
from application.purging import PlanPurge
from application.register_contacts import RegisterContact
from domain.actor import SCRIPT
from domain.operator import OperatorChange
from tests.support import World


@dataclass
class Diary:
    """A timer that notes what it is called with, and may do some work besides."""

    settled: list[DueItem] = field(default_factory=list)
    work: Callable[[UnitOfWork, DueItem], Sequence[DueItem] | None] = lambda _uow, _item: None

    def __call__(self, uow: UnitOfWork, item: DueItem) -> Sequence[DueItem]:
        rest = self.work(uow, item) or ()
        self.settled.append(item)
        return rest

    @property
    def subjects(self) -> list[str]:
        return [each.subject for each in self.settled]


@pytest.fixture
def diary(world: World) -> Diary:
    """One more kind of item that the world knows how to settle."""
    made = Diary()
    by_kind = world.container.timers().by_kind
    assert isinstance(by_kind, dict)
    by_kind["note"] = made
    return made


def put(world: World, *subjects: str, **late: float) -> None:
    with world.container.storage().unit_of_work() as uow:
        for each in subjects:
            uow.due.put(DueItem(world.clock.now() + timedelta(**late), "note", each))


def test_whatever_is_asked_for_what_is_due_happens_before(world: World, diary: Diary) -> None:
    ann = world.operator(capacity=1)
    world.source((ann, 1))
    person = world.register().lead.id
    command = RegisterContact("telegram", {"vk": "1"})
    acts: dict[str, Callable[[], object]] = {
        "register": world.register,
        "change": lambda: world.fairlead.update_operator(UpdateOperator(ann.id, capacity=2)),
        "many": lambda: world.fairlead.register_contacts([command, command]),
        "rename": lambda: world.fairlead.rename_lead(RenameLead(person, "Ivan")),
    }
    for name, act in acts.items():
        put(world, name)
        act()
        assert diary.subjects[-1] == name
    assert len(diary.settled) == len(acts), "each once"


def test_what_happens_is_in_time_for_what_is_decided(world: World, diary: Diary) -> None:
    """An operator whose shift has ended by the clock gets nothing, even if no alarm rang."""
    ann, bob = world.operator("Ann"), world.operator("Bob")
    world.source((ann, 1000), (bob, 1))

    def pause(uow: UnitOfWork, _: DueItem) -> None:
        dispatch = uow.dispatches.load(served_by=[ann.id])
        dispatch.change_operator(ann.id, OperatorChange(active=False))
        uow.save(dispatch)

    diary.work = pause
    put(world, "ann", hours=1)
    names = []
    for _ in range(4):
        world.clock.advance(minutes=20)
        contact = world.register()
        names.append(contact.operator and contact.operator.name)
    assert names == ["Ann", "Ann", "Bob", "Bob"]
    assert world.defects() == []


def test_what_is_due_happens_in_order_of_time(world: World, diary: Diary) -> None:
    world.source()
    for minutes in (3, 1, 2, 9):
        put(world, str(minutes), minutes=minutes)
    world.clock.advance(minutes=5)
    world.register()
    assert diary.subjects == ["1", "2", "3"]


def test_a_clock_that_steps_back_makes_nothing_happen_twice(world: World, diary: Diary) -> None:
    world.source()
    put(world, "once")
    for step in (0, -3600, 7200, -60):
        world.clock.advance(seconds=step)
        world.register()
    assert diary.subjects == ["once"]


def test_what_is_left_of_long_work_is_due_again(world: World, diary: Diary) -> None:
    world.source()

    def a_slice(_: UnitOfWork, item: DueItem) -> Sequence[DueItem]:
        left = int(item.subject) - 1
        return [DueItem(AT_ONCE, "note", str(left))] if left else []

    diary.work = a_slice
    put(world, "3")
    for count in (1, 2, 3, 3):
        # In the next transaction, even if no time has passed or the clock was set back.
        world.register()
        world.clock.advance(hours=-1)
        assert diary.subjects == ["3", "2", "1"][:count]


def test_one_that_fails_is_put_off_and_harms_nobody(
    world: World, diary: Diary, caplog: pytest.LogCaptureFixture
) -> None:
    world.source()

    def fail(uow: UnitOfWork, item: DueItem) -> None:
        if item.subject == "bad":
            uow.due.put(DueItem(world.clock.now(), "note", "taken back"))
            raise ZeroDivisionError

    diary.work = fail
    put(world, "bad", "good")
    world.register()
    assert diary.subjects == ["good"]
    assert "'bad' was due and could not be settled" in caplog.text
    assert "ZeroDivisionError" in caplog.text
    world.clock.advance(seconds=59)
    world.register()
    assert diary.subjects == ["good"]
    diary.work = lambda _uow, _item: None
    world.clock.advance(seconds=2)
    world.register()
    assert diary.subjects == ["good", "bad"]


def test_one_for_which_the_storage_fails_is_not_put_off(world: World, diary: Diary) -> None:
    world.source()
    failures: list[Exception] = [TransactionLost("lost."), StorageUnavailable("away.")]

    def fail(_uow: UnitOfWork, _item: DueItem) -> None:
        if failures:
            raise failures.pop(0)

    diary.work = fail
    put(world, "again")
    with pytest.raises(StorageUnavailable, match="away"):
        world.fairlead.register_contact(RegisterContact("telegram", {"vk": "1"}))
    world.register()
    assert diary.subjects == ["again"]


def test_who_rides_together_is_settled_for_once_and_answered(world: World, diary: Diary) -> None:
    world.source((world.operator(), 1))
    first = world.register()

    def fail_once(_uow: UnitOfWork, item: DueItem) -> None:
        if item.subject == "bad":
            raise ZeroDivisionError

    diary.work = fail_once
    put(world, "bad", "good")

    async def main() -> None:
        intake = world.container.intake()
        fairlead = world.fairlead
        registered, closed = await asyncio.gather(
            intake.submit(
                fairlead.register_contact, RegisterContact("telegram", {"vk": "2"}), SCRIPT
            ),
            intake.submit(fairlead.close_contact, CloseContact(first.id), SCRIPT),
        )
        assert registered.contact.operator == first.operator
        assert closed.id == first.id
        await intake.close()

    asyncio.run(main())
    assert diary.subjects == ["good"]
    assert world.defects() == []


@pytest.mark.usefixtures("diary")
def test_kinds_that_this_process_does_not_know_are_left_alone(world: World) -> None:
    world.source()
    item = DueItem(world.clock.now(), "of another release", "x")
    with world.container.storage().unit_of_work() as uow:
        uow.due.put(item)
    world.register()
    with world.container.storage().unit_of_work() as uow:
        assert uow.due.take({item.kind}, item.at) == item


def test_the_alarm_wakes_when_nobody_calls(world: World, diary: Diary) -> None:
    put(world, "now")
    put(world, "later", seconds=30)
    settled = asyncio.Event()
    diary.work = lambda _uow, _item: settled.set()

    async def main() -> None:
        intake: Intake = world.container.intake()

        async def wake() -> None:
            settled.clear()
            await intake.submit(world.fairlead.plan_purge, PlanPurge(), SCRIPT)

        alarm = Alarm(world.container.timers(), world.container.storage().due, wake)
        running = asyncio.create_task(alarm.run())
        await asyncio.wait_for(settled.wait(), 20)
        assert diary.subjects == ["now"]
        settled.clear()
        # A clock may jump, and a sleep until a fixed time would not notice.
        world.clock.advance(minutes=1)
        await asyncio.wait_for(settled.wait(), 20)
        running.cancel()
        await intake.close()

    asyncio.run(main())
    assert diary.subjects == ["now", "later"]


def test_an_alarm_that_cannot_wake_tries_again(
    world: World, diary: Diary, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever the failure is, due items are settled once it is over."""
    put(world, "now")
    failures: list[Exception] = [ZeroDivisionError(), StorageUnavailable("away.")]

    async def main() -> None:
        woke = asyncio.Event()

        async def wake() -> None:
            if failures:
                raise failures.pop(0)
            await asyncio.to_thread(world.operator)
            woke.set()

        alarm = Alarm(world.container.timers(), world.container.storage().due, wake)
        running = asyncio.create_task(alarm.run())
        await asyncio.wait_for(woke.wait(), 20)
        running.cancel()

    asyncio.run(main())
    assert diary.subjects == ["now"]
    assert caplog.text.count("the alarm could not wake") == 1


def test_an_alarm_that_never_can_wake_rests_longer_each_time(
    world: World, diary: Diary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a read-only database would fill the log."""
    monkeypatch.setattr("application.due._LOOK", 0.001)
    put(world, "now")
    tries = 0

    async def main() -> None:
        async def wake() -> None:
            nonlocal tries
            tries += 1
            raise StorageUnavailable("can only be read.")

        alarm = Alarm(world.container.timers(), world.container.storage().due, wake)
        running = asyncio.create_task(alarm.run())
        await asyncio.sleep(0.5)
        running.cancel()

    asyncio.run(main())
    # It rests 1, 2, 4, ... milliseconds: nine rests take half a second.
    assert 1 <= tries <= 10
    assert diary.subjects == []
