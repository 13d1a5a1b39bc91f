"""Group commit: what arrives together is stored together; each caller gets its own result."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from application.intake import MOST, Intake
from application.ports.failures import Overloaded, StorageUnavailable
from application.ports.unit_of_work import UnitOfWork
from application.register_contacts import RegisterContact, Registered
from application.use_case import Alone
from domain.actor import SCRIPT, Actor
from domain.contact import Contact
from domain.errors import InvalidIdentity, UnknownSource
from tests.adapters.units_of_work import FailingCommit, Watched, fails_on
from tests.support import World


@pytest.fixture
def watched(world: World) -> Iterator[Watched]:
    world.source((world.operator(), 1))
    made = Watched(world.container.storage().unit_of_work)
    made.gate.set()
    made.disk.set()
    yield made
    made.gate.set()
    made.disk.set()


@dataclass
class Registering:
    """An intake through which scripts register contacts."""

    world: World
    intake: Intake

    def submit(self, command: RegisterContact, *more: Any) -> Awaitable[Any]:
        return self.intake.submit(self.world.fairlead.register_contact, command, SCRIPT, *more)


@pytest.fixture
def run(
    world: World, watched: Watched
) -> Callable[[Callable[[Registering], Awaitable[None]]], None]:
    """Return a function that runs a story with an intake on an event loop, then closes it."""

    def runner(story: Callable[[Registering], Awaitable[None]]) -> None:
        async def main() -> None:
            intake = Intake(replace(world.container.transactions(), begin=watched))
            await asyncio.wait_for(story(Registering(world, intake)), 30)
            await asyncio.wait_for(intake.close(), 30)

        asyncio.run(main())

    return runner


Runner = Callable[[Callable[[Registering], Awaitable[None]]], None]


def command(number: int, source: str = "telegram") -> RegisterContact:
    return RegisterContact(source, {"telegram": f"user-{number}"}, payload={"number": number})


def test_commands_submitted_together_share_one_transaction(run: Runner, watched: Watched) -> None:
    async def story(intake: Registering) -> None:
        waiters = [intake.submit(command(number)) for number in range(100)]
        outcomes = await asyncio.gather(*waiters)
        assert [each.contact.payload for each in outcomes] == [{"number": n} for n in range(100)]

    run(story)
    assert [len(batch) for batch in watched.batches] == [100]


def test_tasks_that_submit_at_the_same_moment_share_it_too(run: Runner, watched: Watched) -> None:
    async def story(intake: Registering) -> None:
        async def request(number: int) -> None:
            outcome = await intake.submit(command(number))
            assert outcome.contact.payload == {"number": number}

        await asyncio.gather(*(request(number) for number in range(32)))

    run(story)
    assert len(watched.batches) <= 2


def test_a_transaction_takes_no_more_than_the_most(run: Runner, watched: Watched) -> None:
    async def story(intake: Registering) -> None:
        await asyncio.gather(*(intake.submit(command(n)) for n in range(2 * MOST + 10)))

    run(story)
    assert [len(batch) for batch in watched.batches] == [MOST, MOST, 10]


def test_what_comes_while_a_transaction_waits_for_its_turn_shares_it(
    run: Runner, watched: Watched
) -> None:
    watched.gate.clear()

    async def story(intake: Registering) -> None:
        first = intake.submit(command(0))
        await asyncio.sleep(0.05)
        later = [intake.submit(command(number)) for number in range(1, 40)]
        await asyncio.sleep(0)
        watched.gate.set()
        await asyncio.gather(first, *later)

    run(story)
    assert [len(batch) for batch in watched.batches] == [40]


def test_what_comes_while_a_transaction_is_committed_shares_the_next_one(
    run: Runner, watched: Watched
) -> None:
    watched.disk.clear()

    async def story(intake: Registering) -> None:
        first = intake.submit(command(0))
        await asyncio.sleep(0.05)
        later = [intake.submit(command(number)) for number in range(1, 40)]
        await asyncio.sleep(0)
        watched.disk.set()
        await asyncio.gather(first, *later)

    run(story)
    assert [len(batch) for batch in watched.batches] == [1, 39]


def test_one_alone_does_not_wait_for_company(run: Runner, watched: Watched) -> None:
    async def story(intake: Registering) -> None:
        for number in range(3):
            assert isinstance(await intake.submit(command(number)), Registered)

    run(story)
    assert [len(batch) for batch in watched.batches] == [1, 1, 1]


def test_the_loop_stays_free_while_a_transaction_waits(run: Runner, watched: Watched) -> None:
    watched.gate.clear()

    async def story(intake: Registering) -> None:
        waiter = asyncio.ensure_future(intake.submit(command(0)))
        for _ in range(20):
            await asyncio.sleep(0.001)
        assert not waiter.done()
        watched.gate.set()
        await waiter

    run(story)


def test_the_loop_stays_free_while_the_disk_is_slow(run: Runner, watched: Watched) -> None:
    watched.disk.clear()

    async def story(intake: Registering) -> None:
        waiter = asyncio.ensure_future(intake.submit(command(0)))
        for _ in range(20):
            await asyncio.sleep(0.001)
        assert not waiter.done(), "nothing is acknowledged before it is committed"
        watched.disk.set()
        await waiter

    run(story)


def test_a_refusal_reaches_only_its_own_waiter(run: Runner, watched: Watched, world: World) -> None:
    async def story(intake: Registering) -> None:
        commands = [command(number) for number in range(9)]
        commands[2] = command(2, source="nowhere")
        commands[5] = RegisterContact("telegram", {"phone": "none"})
        outcomes = await asyncio.gather(
            *(intake.submit(each) for each in commands), return_exceptions=True
        )
        assert isinstance(outcomes[2], UnknownSource)
        assert isinstance(outcomes[5], InvalidIdentity)
        assert outcomes[5].field == "lead.identities.phone"
        for number in (0, 1, 3, 4, 6, 7, 8):
            outcome = outcomes[number]
            assert isinstance(outcome, Registered)
            assert outcome.contact.payload == {"number": number}

    run(story)
    assert len(watched.batches) == 1
    assert world.defects() == []


def test_a_failure_of_the_storage_reaches_only_whom_it_is_about(
    run: Runner, watched: Watched, world: World
) -> None:
    """The whole batch is rolled back and retried one by one."""
    watched.fail = fails_on('{"number":3}')

    async def story(intake: Registering) -> None:
        waiters = [intake.submit(command(number)) for number in range(6)]
        outcomes = await asyncio.gather(*waiters, return_exceptions=True)
        assert [isinstance(each, Registered) for each in outcomes] == [n != 3 for n in range(6)]
        assert isinstance(outcomes[3], StorageUnavailable)

    run(story)
    assert [len(batch) for batch in watched.batches] == [6, *[1] * 6]
    assert_not_locked(world)
    with world.container.storage().auditor.facts() as facts:
        assert len(list(facts.contacts())) == 6
    assert world.defects() == []


def test_one_command_that_fails_is_not_tried_again(run: Runner, watched: Watched) -> None:
    watched.fail = fails_on('{"number":0}')

    async def story(intake: Registering) -> None:
        with pytest.raises(StorageUnavailable):
            await intake.submit(command(0))

    run(story)
    assert len(watched.batches) == 1


def test_a_defect_reaches_whom_it_is_about_and_the_next_batch_works(
    run: Runner, watched: Watched, world: World
) -> None:
    def fail(contacts: Sequence[Contact]) -> None:
        raise ZeroDivisionError(f"a defect on {len(contacts)}")

    async def story(intake: Registering) -> None:
        watched.fail = fail
        waiters = [intake.submit(command(number)) for number in range(5)]
        outcomes = await asyncio.gather(*waiters, return_exceptions=True)
        assert [type(each) for each in outcomes] == [ZeroDivisionError] * 5
        watched.fail = lambda _: None
        waiters = [intake.submit(command(number)) for number in range(5)]
        assert all(isinstance(each, Registered) for each in await asyncio.gather(*waiters))

    run(story)
    assert [len(each) for each in watched.batches] == [5, *[1] * 5, 5], "each is tried by itself"
    assert_not_locked(world)
    with world.container.storage().auditor.facts() as facts:
        assert len(list(facts.contacts())) == 6, "what the defect interrupted is rolled back"
    assert world.defects() == []


def test_answers_are_made_while_the_disk_works_and_nobody_has_one_before(
    run: Runner, watched: Watched
) -> None:
    watched.disk.clear()
    made = []

    async def story(intake: Registering) -> None:
        all_made = asyncio.Event()

        def answer(registered: Registered) -> str:
            made.append(threading.current_thread())
            if len(made) == 3:
                all_made.set()
            return f"answer to {registered.contact.payload}"

        answers = asyncio.gather(*(intake.submit(command(number), answer) for number in range(3)))
        await all_made.wait()
        await asyncio.sleep(0.01)
        assert not answers.done()
        watched.disk.set()
        assert await answers == [f"answer to {{'number': {number}}}" for number in range(3)]

    run(story)
    assert made == [threading.current_thread()] * 3


@dataclass(frozen=True, slots=True)
class Look(Alone[None, threading.Thread]):
    """Tells where it is carried out."""

    def within(self, uow: UnitOfWork, command: Any, actor: Actor) -> threading.Thread:
        del uow, command, actor
        return threading.current_thread()


class ShortLook(Look):
    """One that may be carried out on the loop."""

    short = True


@pytest.mark.parametrize("kind", [Look, ShortLook])
def test_only_what_is_short_is_carried_out_on_the_loop(
    world: World, run: Runner, kind: type[Look]
) -> None:
    async def story(intake: Registering) -> None:
        look = kind(world.container.transactions())
        looked = intake.intake.submit(look, None, SCRIPT)
        where, _ = await asyncio.gather(looked, intake.submit(command(1)))
        assert (where is threading.current_thread()) == kind.short

    run(story)


def test_whoever_had_to_wait_for_the_turn_is_answered_too(run: Runner, watched: Watched) -> None:
    watched.gate.clear()

    async def story(intake: Registering) -> None:
        waiter = asyncio.ensure_future(intake.submit(command(7), lambda each: each.contact.payload))
        await asyncio.sleep(0.01)
        watched.gate.set()
        assert await waiter == {"number": 7}

    run(story)


@pytest.mark.usefixtures("watched")
def test_an_answer_that_cannot_be_made_harms_no_other(run: Runner, world: World) -> None:
    def answer(registered: Registered) -> int:
        return 10 // int((registered.contact.payload or {})["number"])

    async def story(intake: Registering) -> None:
        waiters = [intake.submit(command(number), answer) for number in range(3)]
        outcomes = await asyncio.gather(*waiters, return_exceptions=True)
        assert isinstance(outcomes[0], ZeroDivisionError)
        assert outcomes[1:] == [10, 5]

    run(story)
    with world.container.storage().auditor.facts() as facts:
        assert len(list(facts.contacts())) == 3


def test_an_answer_that_was_made_is_for_nobody_if_the_commit_fails(world: World) -> None:
    world.source((world.operator(), 1))
    real, answers = world.container.storage().unit_of_work, list[Registered]()

    async def story() -> None:
        transactions = replace(world.container.transactions(), begin=lambda: FailingCommit(real()))
        intake = Registering(world, Intake(transactions))
        waiters = [intake.submit(command(number), answers.append) for number in range(3)]
        outcomes = await asyncio.gather(*waiters, return_exceptions=True)
        assert [type(each) for each in outcomes] == [StorageUnavailable] * 3
        await intake.intake.close()

    asyncio.run(story())
    assert len(answers) == 3
    with world.container.storage().auditor.facts() as facts:
        assert list(facts.contacts()) == []


def assert_not_locked(world: World) -> None:
    """Assert that another thread can register, without waiting forever if it cannot."""
    writer = threading.Thread(target=world.register, daemon=True)
    writer.start()
    writer.join(10)
    assert not writer.is_alive()


def test_a_client_that_goes_away_harms_nobody_and_is_registered(
    run: Runner, watched: Watched, world: World
) -> None:
    watched.gate.clear()

    async def story(intake: Registering) -> None:
        async def request(number: int) -> Registered:
            registered: Registered = await intake.submit(command(number))
            return registered

        early = [asyncio.create_task(request(number)) for number in range(4)]
        await asyncio.sleep(0.02)
        late = [asyncio.create_task(request(number)) for number in range(4, 8)]
        await asyncio.sleep(0)
        for task in (early[1], late[1]):
            task.cancel()
        watched.gate.set()
        outcomes = await asyncio.gather(*early, *late, return_exceptions=True)
        for number, outcome in enumerate(outcomes):
            if number in {1, 5}:
                assert isinstance(outcome, asyncio.CancelledError)
            else:
                assert isinstance(outcome, Registered)
                assert outcome.contact.payload == {"number": number}

    run(story)
    with world.container.storage().auditor.facts() as facts:
        assert len(list(facts.contacts())) == 8


def test_closing_finishes_what_was_submitted(run: Runner, watched: Watched, world: World) -> None:
    watched.gate.clear()

    async def story(intake: Registering) -> None:
        waiters = [asyncio.ensure_future(intake.submit(command(n))) for n in range(MOST + 5)]
        await asyncio.sleep(0.02)
        closing = asyncio.create_task(intake.intake.close())
        await asyncio.sleep(0.02)
        assert not closing.done()
        watched.gate.set()
        await closing
        assert all(each.done() for each in waiters)

    run(story)
    with world.container.storage().auditor.facts() as facts:
        assert len(list(facts.contacts())) == MOST + 5


def test_an_intake_that_was_never_used_closes(run: Runner, watched: Watched) -> None:
    async def story(intake: Registering) -> None:
        await intake.intake.close()

    run(story)
    assert watched.batches == []


def test_other_writers_work_beside_the_intake(run: Runner, world: World) -> None:
    """The intake's transaction spans two threads; others wait for it, and it waits for them."""

    async def story(intake: Registering) -> None:
        async def requests(first: int) -> None:
            for number in range(first, first + 25):
                await intake.submit(command(number))

        def beside() -> None:
            for _ in range(25):
                world.register()

        await asyncio.gather(
            *(requests(100 * number) for number in range(4)),
            *(asyncio.to_thread(beside) for _ in range(3)),
        )

    run(story)
    with world.container.storage().auditor.facts() as facts:
        assert len(list(facts.contacts())) == 175
    assert world.defects() == []


def test_whoever_comes_to_a_full_queue_is_told_at_once_and_all_others_are_stored(
    run: Runner, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("application.intake.MOST_WAITING", 50)

    async def story(intake: Registering) -> None:
        watched.gate.clear()
        waiters = [intake.submit(command(number)) for number in range(50)]
        with pytest.raises(Overloaded):
            intake.submit(command(50))
        watched.gate.set()
        assert len(await asyncio.gather(*waiters)) == 50
        assert (await intake.submit(command(50))).contact.payload == {"number": 50}

    run(story)
    assert sum(map(len, watched.batches)) == 51
