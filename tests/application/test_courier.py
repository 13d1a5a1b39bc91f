"""Deliveries: at least once, in order for each subject, whatever the receiver does."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from application.contacts import CloseContact
from application.endpoints import EnableEndpoint, Redeliver, RotateSecret, UpdateEndpoint
from application.ports.endpoints import DeliveryState
from application.ports.events import LoggedEvent
from application.ports.failures import TransactionLost
from application.ports.sender import Receipt
from domain.endpoint import Endpoint, EndpointChange, Inclusion
from domain.errors import EventsGone
from domain.event_type import EventType
from domain.ids import ContactId
from tests.application.deliveries import BROKEN, WELL, MortalIntake, Post
from tests.support import World

Story = Callable[[Post], Awaitable[None]]


@pytest.fixture
def post(world: World) -> Post:
    world.source((world.operator(capacity=1_000_000), 1))
    return Post(world)


def run(story: Awaitable[None]) -> None:
    async def main() -> None:
        await asyncio.wait_for(story, 60)

    asyncio.run(main())


def fails_for(contact_id: object, receipt: Receipt = BROKEN) -> Callable[[Any], Receipt]:
    return lambda event: receipt if event["subject"]["id"] == str(contact_id) else WELL


def states(post: Post, state: DeliveryState | None = None) -> list[tuple[int, int]]:
    found = post.world.fairlead.endpoints.deliveries(
        post.shown().id, after=0, limit=1000, state=state
    )
    return [(each.seq, each.attempts) for each in found]


def has_tried(post: Post, attempts: int) -> bool:
    return [each for _, each in states(post)] == [attempts]


def test_everything_is_delivered_once_and_in_order(post: Post) -> None:
    async def story() -> None:
        post.endpoint()
        contacts = [post.world.register() for _ in range(300)]
        for each in contacts[:100]:
            post.world.fairlead.close_contact(CloseContact(each.id))
        async with post.process():
            await post.until_done()
        events = post.world.fairlead.events.events(after=0, limit=1).last
        assert sorted(post.receiver.taken) == [*range(events - 699, events + 1)]
        post.receiver.assert_in_order()
        shown = post.shown()
        assert (shown.cursor, shown.pending, shown.dead) == (events, 0, 0)
        assert shown.last_success_at == post.world.clock.now()

    run(story())


def test_only_what_is_wanted_is_delivered(post: Post) -> None:
    async def story() -> None:
        post.world.source(key="vk")
        post.endpoint(types=[EventType.CONTACT_REGISTERED], sources=["vk"])
        post.world.register("telegram")
        post.world.register("vk")
        async with post.process():
            await post.until_done()
        (seq,) = post.receiver.taken
        assert seq == post.world.fairlead.events.events(after=0, limit=1).last

    run(story())


def test_the_contact_is_put_in_as_it_stands_when_it_is_sent(post: Post) -> None:
    async def story() -> None:
        post.endpoint(include=[Inclusion.CONTACT], types=[EventType.CONTACT_REGISTERED])
        contact = post.world.register()
        post.world.fairlead.close_contact(CloseContact(contact.id))
        async with post.process():
            await post.until_done()
        (message,) = post.receiver.messages
        assert b'"contact":{"id":"%s","state":"closed"' % str(contact.id).encode() in message.body

    run(story())


def test_a_subject_that_fails_holds_up_no_other(post: Post) -> None:
    async def story() -> None:
        post.endpoint()
        bad, *good = [post.world.register() for _ in range(5)]
        post.receiver.answer = fails_for(bad.id)
        async with post.process():
            await post.until_done()
            assert len(post.receiver.taken) == 8
            # What follows waits for the first, and is not tried.
            assert [attempts for _, attempts in states(post)] == [1, 0]
            good.append(post.world.register())
            post.world.fairlead.close_contact(CloseContact(bad.id))
            await post.until(lambda: len(post.receiver.taken) == 10)
            await post.until_done()
            assert [attempts for _, attempts in states(post)] == [1, 0, 0]
            post.receiver.answer = lambda _: WELL
            post.pass_time(seconds=6)
            await post.until_done()
            await post.until(lambda: post.shown().pending == 0)
        assert len(post.receiver.taken) == 13
        post.receiver.assert_in_order()

    run(story())


def test_ten_attempts_in_three_days_then_it_is_dead_and_others_go_on(post: Post) -> None:
    async def story() -> None:
        post.endpoint()
        contact = post.world.register()
        first = post.shown().cursor + 1
        post.receiver.answer = lambda event: BROKEN if event["seq"] == first else WELL
        began, tried = post.world.clock.now(), []
        async with post.process():
            for _ in range(10):
                await post.until(lambda: len(states(post)) > 0 or post.shown().behind == 0)
                await post.until_done()
                tried.append(states(post)[0])
                if tried[-1][1] < 10:
                    (head, *_) = post.world.fairlead.endpoints.deliveries(
                        post.shown().id, after=0, limit=1
                    )
                    assert head.at is not None
                    post.pass_time(seconds=(head.at - post.world.clock.now()).total_seconds())
            await post.until(lambda: post.shown().pending == 0)
        assert tried == [(first, attempts) for attempts in range(1, 11)]
        assert timedelta(days=2.5) < post.world.clock.now() - began < timedelta(days=3.3)
        assert post.shown().dead == 1
        # What happened to the contact afterwards has come.
        assert post.receiver.taken == [first + 1]
        event = post.world.fairlead.events.events(after=first - 1, limit=1).items[0]
        post.receiver.answer = lambda _: WELL
        again = Redeliver(post.shown().id, ids=[event.id])
        assert post.world.fairlead.redeliver(again) == 1
        async with post.process():
            await post.until(lambda: post.shown().dead == 0 and post.shown().pending == 0)
        assert post.receiver.taken == [first + 1, first]
        assert contact.id in {each.entry.contact_id for each in [event]}

    run(story())


def test_a_receiver_that_is_gone_is_not_asked_again(post: Post) -> None:
    async def story() -> None:
        post.endpoint()
        post.world.register()
        post.receiver.answer = lambda _: Receipt(410, "the receiver answered 410.")
        async with post.process():
            await post.until(lambda: post.shown().state == "disabled")
            asked = len(post.receiver.sent)
            post.world.register()
            post.pass_time(hours=1)
            await asyncio.sleep(0.1)
            assert len(post.receiver.sent) == asked
        (event,) = [
            each
            for each in post.world.fairlead.events.events(after=0, limit=1000).items
            if each.entry.type is EventType.ENDPOINT_DISABLED
        ]
        assert event.subject == ("endpoint", str(post.shown().id))
        assert "410" in (post.shown().last_error or "")

    run(story())


@pytest.mark.parametrize("from_now", [True, False])
def test_five_days_without_a_success_disable_it_until_somebody_enables_it(
    post: Post, *, from_now: bool
) -> None:
    async def story() -> None:
        post.endpoint()
        post.world.register()
        post.receiver.answer = lambda _: BROKEN
        async with post.process():
            for _ in range(12):
                await post.until(lambda: post.shown().behind == 0 or True)
                await asyncio.sleep(0.05)
                post.pass_time(hours=12)
                post.world.register()
            await post.until(lambda: post.shown().state == "disabled")
            before = post.shown()
            assert "five days" in (before.last_error or "")
            post.receiver.answer = lambda _: WELL
            post.receiver.sent.clear()
            last = post.world.fairlead.events.events(after=0, limit=1).last
            enabled = post.world.fairlead.enable_endpoint(EnableEndpoint(before.id, from_now))
            assert enabled.cursor == (last if from_now else before.cursor)
            await post.until_done()
            await post.until(lambda: post.shown().pending == 0)
            dead = post.shown().dead
            assert dead == (before.pending if from_now else 0)
            if not from_now:
                assert {*range(before.cursor + 1, last + 1)} <= {*post.receiver.taken}
        post.receiver.assert_in_order()

    run(story())


def test_a_receiver_that_is_down_is_probed_and_catches_up_when_it_is_back(post: Post) -> None:
    async def story() -> None:
        post.endpoint()
        for _ in range(200):
            post.world.register()
        post.receiver.answer = lambda _: BROKEN
        async with post.process():
            await post.until(lambda: len(post.receiver.sent) >= 20)
            await asyncio.sleep(0.3)
            # It is not asked for every event, and not for hours either.
            assert len(post.receiver.sent) < 60
            assert post.shown().behind > 0
            for _ in range(10):
                post.pass_time(seconds=61)
                await asyncio.sleep(0.1)
            assert len(post.receiver.sent) < 200
            post.receiver.answer = lambda _: WELL
            post.pass_time(seconds=61)
            await post.until(lambda: post.shown().behind == 0 and post.shown().pending == 0)
        assert len({*post.receiver.taken}) == 400
        post.receiver.assert_in_order()

    run(story())


def test_a_receiver_that_is_busy_is_left_alone_for_as_long_as_it_asks(post: Post) -> None:
    async def story() -> None:
        post.endpoint()
        post.world.register()
        post.receiver.answer = lambda _: Receipt(429, "busy.", timedelta(minutes=10))
        async with post.process():
            await post.until(lambda: len(states(post)) > 0)
            asked = len(post.receiver.sent)
            post.world.register()
            post.pass_time(minutes=9)
            await asyncio.sleep(0.1)
            assert len(post.receiver.sent) == asked
            post.receiver.answer = lambda _: WELL
            post.pass_time(minutes=2)
            await post.until(lambda: post.shown().behind == 0 and post.shown().pending == 0)
        assert len(post.receiver.taken) == 4

    run(story())


def test_two_secrets_sign_for_a_day(post: Post) -> None:
    async def story() -> None:
        old = post.endpoint().secret
        new = post.world.fairlead.rotate_secret(RotateSecret(post.shown().id)).secret
        signed: list[list[str]] = []
        async with post.process():
            for hours in (0, 23, 2):
                post.pass_time(hours=hours)
                post.world.register()
                await post.until_done()
                signed.append([*post.receiver.messages[-1].secrets])
        assert signed == [[new, old], [new, old], [new]]

    run(story())


def test_one_process_at_a_time_delivers_and_another_takes_over(post: Post) -> None:
    async def story() -> None:
        post.endpoint()
        post.world.register()
        async with post.process("a", dies=True):
            await post.until_done()
        held = post.world.fairlead.endpoints.whole(post.shown().id)
        assert held.leased_by == "a"
        post.world.register()
        async with post.process("b"):
            await asyncio.sleep(0.1)
            assert len(post.receiver.sent) == 2
            post.pass_time(seconds=31)
            await post.until_done()
        assert len(post.receiver.taken) == 4
        # A process that stops leaves at once.
        assert post.world.fairlead.endpoints.whole(post.shown().id).leased_by is None

    run(story())


def test_what_was_on_its_way_when_the_process_died_is_sent_again(post: Post) -> None:
    async def story() -> None:
        post.endpoint()
        for _ in range(40):
            post.world.register()
        hanging = asyncio.Event()

        async def hang(_: object) -> Receipt:
            await hanging.wait()
            return WELL

        post.receiver.answer = lambda event: hang(event) if event["seq"] % 7 == 0 else WELL
        async with post.process("a", dies=True):
            await post.until(lambda: len(post.receiver.taken) > 20)
        post.receiver.answer = lambda _: WELL
        post.pass_time(seconds=61)
        async with post.process("b"):
            await post.until_done()
            await post.until(lambda: post.shown().pending == 0)
        assert len({*post.receiver.taken}) == 80
        post.receiver.assert_in_order()

    run(story())


def test_one_that_hangs_holds_up_no_other(post: Post) -> None:
    async def story() -> None:
        post.endpoint()
        hangs = post.world.register()
        never = asyncio.Event()

        async def hang() -> Receipt:
            await never.wait()
            return WELL

        post.receiver.answer = lambda event: (
            hang() if event["subject"]["id"] == str(hangs.id) else WELL
        )
        async with post.process():
            for _ in range(600):
                post.world.register()
            await post.until(lambda: len(post.receiver.taken) == 1200)
            # The cursor has passed it: a row stands for it.
            post.shift += 2
            await post.until(lambda: post.shown().behind == 0)
            assert [attempts for _, attempts in states(post)] == [0, 0]
            never.set()
            await post.until(lambda: post.shown().pending == 0)
        assert len({*post.receiver.taken}) == 1202
        post.receiver.assert_in_order()

    run(story())


def test_a_change_holds_from_the_next_message_on(post: Post) -> None:
    async def story() -> None:
        post.endpoint(types=[EventType.CONTACT_CLOSED])
        contact = post.world.register()
        async with post.process():
            await post.until_done()
            post.world.fairlead.update_endpoint(
                UpdateEndpoint(post.shown().id, EndpointChange(types=[]))
            )
            post.world.fairlead.close_contact(CloseContact(ContactId(contact.id)))
            await post.until_done()
        assert len(post.receiver.taken) == 2

    run(story())


def test_what_was_on_its_way_does_not_take_back_that_a_receiver_is_busy(post: Post) -> None:
    async def story() -> None:
        post.endpoint()
        slow = post.world.register()
        post.world.register()
        arrives = asyncio.Event()

        async def late() -> Receipt:
            await arrives.wait()
            return WELL

        limited = Receipt(429, "busy.", timedelta(minutes=10))
        post.receiver.answer = lambda event: (
            late() if event["subject"]["id"] == str(slow.id) else limited
        )
        async with post.process():
            await post.until(lambda: len(post.receiver.sent) == 1)
            arrives.set()
            await post.until(lambda: len(post.receiver.sent) >= 2)
            post.world.register()
            post.pass_time(minutes=9)
            await asyncio.sleep(0.2)
            assert len(post.receiver.sent) == 2
            post.receiver.answer = lambda _: WELL
            post.pass_time(minutes=2)
            await post.until(lambda: post.shown().behind == 0 and post.shown().pending == 0)

    run(story())


def test_what_is_to_be_delivered_again_does_not_wait_for_a_quiet_moment(post: Post) -> None:
    async def story() -> None:
        post.endpoint(types=[EventType.CONTACT_REGISTERED])
        first = post.world.register()
        under_way = list[asyncio.Event]()

        async def hang() -> Receipt:
            under_way.append(asyncio.Event())
            await under_way[-1].wait()
            return WELL

        async with post.process():
            await post.until_done()
            ((seq, _, _),) = post.receiver.sent
            event = post.world.fairlead.events.events(after=seq - 1, limit=1).items[0]
            post.receiver.answer = lambda event: (
                WELL if event["subject"]["id"] == str(first.id) else hang()
            )
            # Something is on its way all the time, and nothing for long.
            for number in range(20):
                post.world.register()
                await post.until(lambda number=number: len(under_way) > number)  # type: ignore[misc]
                if number == 0:
                    again = Redeliver(post.shown().id, ids=[event.id, event.id])
                    assert post.world.fairlead.redeliver(again) == 1
                else:
                    under_way[number - 1].set()
                post.shift += 0.4
            assert post.receiver.taken.count(seq) == 2
            under_way[-1].set()

    run(story())


def test_a_process_that_is_stopped_while_it_stores_builds_on_nothing_that_was_lost(
    post: Post,
) -> None:
    async def story() -> None:
        post.endpoint()
        contact = post.world.register()
        post.receiver.answer = fails_for(contact.id)
        async with post.process() as courier:
            intake = courier.intake
            assert isinstance(intake, MortalIntake)
            lost = intake.lost = asyncio.get_running_loop().create_future()
            await post.until(lambda: intake.lost is None)
            asyncio.get_running_loop().call_later(0.1, lost.set_exception, TransactionLost("lost"))
        post.receiver.answer = lambda _: WELL
        async with post.process("b"):
            post.pass_time(seconds=61)
            await post.until_done()
            await post.until(lambda: post.shown().pending == 0)
        assert len(post.receiver.taken) == 2

    run(story())


def test_a_defect_in_reading_does_not_end_all_deliveries(post: Post) -> None:
    class Failing:
        times = 0

        def __getattr__(self, name: str) -> Any:
            return getattr(post.world.fairlead.endpoints, name)

        def at_work(self, at: datetime) -> list[Endpoint]:
            self.times += 1
            if self.times == 1:
                raise RuntimeError("can't start new thread")
            return post.world.fairlead.endpoints.at_work(at)

    async def story() -> None:
        post.endpoint()
        post.world.register()
        endpoints = Failing()
        async with post.process(endpoints=endpoints):
            await post.until_done()
        assert endpoints.times > 1

    run(story())


def test_a_storage_that_has_lost_its_last_moments_goes_on_from_what_it_has(post: Post) -> None:
    """A replica took over: numbers come again, for other events, and the process has seen both."""

    async def story() -> None:
        post.endpoint()
        first = post.shown().cursor
        async with post.process():
            for _ in range(3):
                post.world.register()
            await post.until_done()
            post.receiver.sent.clear()
            endpoint = post.world.fairlead.endpoints.whole(post.shown().id)
            with post.world.container.storage().unit_of_work() as uow:
                endpoint.cursor = first
                uow.endpoints.save(endpoint)
            await post.until(lambda: len(post.receiver.taken) == 6)

    run(story())


def test_an_endpoint_that_nothing_is_sent_to_does_not_fail(post: Post) -> None:
    """Five days are counted by what fails, not by what nobody wants."""

    async def story() -> None:
        post.endpoint(types=[EventType.CONTACT_CLOSED])
        contact = post.world.register()
        post.world.fairlead.close_contact(CloseContact(contact.id))
        post.receiver.answer = lambda _: Receipt(400, "the receiver answered 400.")
        async with post.process():
            for attempts in range(1, 10):
                await post.until(partial(has_tried, post, attempts))
                (head,) = post.world.fairlead.endpoints.deliveries(
                    post.shown().id, after=0, limit=1
                )
                assert head.at is not None
                post.pass_time(seconds=(head.at - post.world.clock.now()).total_seconds())
            await post.until(lambda: post.shown().dead == 1)
            post.pass_time(days=3)
            post.world.register()
            await post.until_done()
            assert post.shown().state == "enabled"

    run(story())


def test_a_clock_that_is_set_back_gives_nobody_a_lease_for_hours(post: Post) -> None:
    async def story() -> None:
        post.endpoint()
        post.world.register()
        post.pass_time(hours=3)
        async with post.process("a", dies=True):
            await post.until_done()
        post.pass_time(hours=-3)
        post.world.register()
        async with post.process("b"):
            await post.until_done()
        assert len(post.receiver.taken) == 4

    run(story())


def test_one_that_cannot_be_written_is_a_failure_and_holds_up_no_other(post: Post) -> None:
    async def story() -> None:
        post.endpoint()
        bad, *_ = [post.world.register() for _ in range(5)]
        async with post.process() as courier:
            write = courier.body

            async def body(event: LoggedEvent, endpoint: Endpoint) -> bytes:
                if event.entry.contact_id == bad.id:
                    raise ZeroDivisionError
                return await write(event, endpoint)

            object.__setattr__(courier, "body", body)
            await post.until(lambda: post.shown().behind == 0)
            await post.until(lambda: len(post.receiver.taken) == 8)
        assert [attempts for _, attempts in states(post)] == [1, 0]
        assert len(post.receiver.sent) == 8

    run(story())


def test_a_new_url_is_tried_at_once(post: Post) -> None:
    """Nobody waits for what the old one had asked for."""

    async def story() -> None:
        post.endpoint()
        for _ in range(200):
            post.world.register()
        post.receiver.answer = lambda _: Receipt(503, "busy.", timedelta(hours=1))
        async with post.process():
            await post.until(lambda: post.shown().pending > 0)
            post.receiver.answer = lambda _: WELL
            post.world.fairlead.update_endpoint(
                UpdateEndpoint(post.shown().id, EndpointChange(url="https://1.1.1.1/new"))
            )
            tried = len(post.receiver.urls)
            post.shift += 1
            await post.until(lambda: post.shown().behind == 0)
        # An old one may be tried once more, before anybody has looked.
        assert {*post.receiver.urls[tried + 1 :]} == {"https://1.1.1.1/new"}

    run(story())


def test_what_is_gone_is_said_when_an_endpoint_is_to_go_on(post: Post) -> None:
    """Rows of a disabled endpoint outlive their events, so that nobody is told that all came."""

    async def story() -> None:
        made = post.endpoint().endpoint
        post.world.register()
        post.receiver.answer = lambda _: Receipt(410, "gone.")
        async with post.process():
            await post.until(lambda: post.shown().state == "disabled")
        assert post.shown().pending > 0
        last = post.world.fairlead.events.events(after=0, limit=1).last
        with post.world.container.storage().unit_of_work() as uow:
            stored = uow.endpoints.get(made.id)
            stored.cursor = last
            uow.endpoints.save(stored)
            uow.events.forget(post.world.clock.now() + timedelta(days=1), 1000)
            uow.endpoints.forget(last)
        with pytest.raises(EventsGone, match="has not got those from"):
            post.world.fairlead.enable_endpoint(EnableEndpoint(made.id))
        post.world.fairlead.enable_endpoint(EnableEndpoint(made.id, from_now=True))
        assert (post.shown().pending, post.shown().state) == (0, "enabled")

    run(story())
