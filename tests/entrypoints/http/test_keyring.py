"""Keys in memory: how old they may be, who waits for them, and what a failure does."""

import asyncio
import gc
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from anyio import CapacityLimiter, to_thread
from starlette.types import Message, Receive, Scope, Send

from application.ports.failures import StorageUnavailable
from application.ports.keys import KeyReader
from domain.access import ApiKey, Role, digest_of
from entrypoints.edge.gate import Gate
from entrypoints.edge.keyring import Keyring
from tests.support import START, FakeClock

SECRET = f"flk_abcdefghi1_{'s' * 43}"
KEY = ApiKey("flk_abcdefghi1", digest_of(SECRET), Role.VIEWER, START)


@dataclass
class Reader(KeyReader):
    """Keys that a test can change, hold back, or take away."""

    keys: list[ApiKey] = field(default_factory=list)
    reads: int = 0
    away: bool = False
    gate: threading.Event = field(default_factory=threading.Event)

    def all(self) -> list[ApiKey]:
        self.reads += 1
        assert self.gate.wait(30)
        if self.away:
            raise StorageUnavailable("away")
        return list(self.keys)


@dataclass
class Ring:
    """A keyring whose clock is moved by hand."""

    reader: Reader = field(default_factory=Reader)
    now: float = 0.0

    def __post_init__(self) -> None:
        self.reader.gate.set()
        self.keyring = Keyring(self.reader, FakeClock(), lambda: self.now)

    async def after(self, seconds: float) -> Keyring:
        """Refresh some time later, and wait for a background read to finish."""
        self.now += seconds
        await self.keyring.refresh()
        for _ in range(200):
            await asyncio.sleep(0.001)
            if not self.keyring._reading or self.keyring._reading.done():
                break
        return self.keyring


async def all_held(limiter: CapacityLimiter) -> None:
    """Wait until no thread of the pool is free."""
    while limiter.available_tokens:  # noqa: ASYNC110 -- a limiter has no event for that
        await asyncio.sleep(0.001)


@pytest.fixture
def ring() -> Iterator[Ring]:
    made = Ring()
    yield made
    made.reader.gate.set()


def test_the_first_call_waits_for_the_keys(ring: Ring) -> None:
    ring.reader.keys = [KEY]
    assert ring.keyring.empty
    keyring = asyncio.run(ring.after(0))
    assert not keyring.empty
    assert keyring.find(SECRET) == KEY
    assert keyring.valid(KEY.prefix) == KEY
    assert keyring.valid("flk_0000000000") is None


def test_keys_are_read_once_for_all_calls_of_a_moment(ring: Ring) -> None:
    async def many() -> None:
        await asyncio.gather(*(ring.keyring.refresh() for _ in range(100)))
        await ring.after(0.39)

    asyncio.run(many())
    assert ring.reader.reads == 1


def test_keys_that_are_no_longer_fresh_are_read_beside_a_call_that_does_not_wait(
    ring: Ring,
) -> None:
    async def later() -> None:
        await ring.after(0)
        ring.reader.gate.clear()
        ring.now += 0.5
        async with asyncio.timeout(10):
            await ring.keyring.refresh()
        assert ring.keyring.find(SECRET) is None
        ring.reader.keys = [KEY]
        ring.reader.gate.set()
        await ring.after(0)

    asyncio.run(later())
    assert ring.reader.reads == 2
    assert ring.keyring.find(SECRET) == KEY


def test_a_call_never_goes_by_keys_that_are_a_second_old(ring: Ring) -> None:
    async def later() -> None:
        await ring.after(0)
        ring.reader.keys = [KEY]
        ring.now += 0.95
        await ring.keyring.refresh()
        assert ring.keyring.find(SECRET) == KEY

    asyncio.run(later())


def test_a_key_is_as_old_as_the_moment_at_which_reading_began(ring: Ring) -> None:
    """A slow database's answer dates from when the read began; it must not count as fresh."""

    async def slowly() -> None:
        ring.reader.gate.clear()
        waiting = asyncio.create_task(ring.keyring.refresh())
        await asyncio.sleep(0.01)
        ring.now += 0.95
        ring.reader.gate.set()
        await waiting
        await ring.after(0)

    asyncio.run(slowly())
    assert ring.reader.reads == 2


def test_a_call_that_is_cut_off_takes_the_reading_from_nobody(ring: Ring) -> None:
    async def cut_off() -> None:
        ring.reader.keys = [KEY]
        ring.reader.gate.clear()
        first, second = (asyncio.create_task(ring.keyring.refresh()) for _ in range(2))
        await asyncio.sleep(0.01)
        first.cancel()
        ring.reader.gate.set()
        await second

    asyncio.run(cut_off())
    assert ring.reader.reads == 1
    assert ring.keyring.find(SECRET) == KEY


def test_a_failure_is_told_to_who_waits_and_the_next_call_tries_again(ring: Ring) -> None:
    async def failing() -> None:
        ring.reader.away = True
        for _ in range(2):
            with pytest.raises(StorageUnavailable):
                await ring.keyring.refresh()
        ring.reader.away = False
        await ring.keyring.refresh()

    asyncio.run(failing())
    assert ring.reader.reads == 3


def test_a_failure_beside_the_calls_is_no_defect_in_the_log_and_ends_with_503(
    ring: Ring, caplog: pytest.LogCaptureFixture
) -> None:
    """Known keys keep working for the rest of their second; asyncio must not complain."""
    caplog.set_level(logging.DEBUG)

    async def failing() -> None:
        ring.reader.keys = [KEY]
        await ring.after(0)
        ring.reader.away = True
        for _ in range(3):
            await ring.after(0.1 if ring.now else 0.5)
            assert ring.keyring.find(SECRET) == KEY
        with pytest.raises(StorageUnavailable):
            await ring.after(0.3)
        ring.keyring._reading = None
        gc.collect()
        await asyncio.sleep(0)

    asyncio.run(failing())
    assert "never retrieved" not in caplog.text


def test_keys_are_read_while_every_thread_of_the_pool_is_held_by_slow_lists(ring: Ring) -> None:
    held = threading.Event()

    async def crowded() -> None:
        limiter = to_thread.current_default_thread_limiter()
        lists = [
            asyncio.create_task(to_thread.run_sync(held.wait, 30))
            for _ in range(int(limiter.total_tokens))
        ]
        async with asyncio.timeout(10):
            await all_held(limiter)
        try:
            async with asyncio.timeout(10):
                await ring.keyring.refresh()
        finally:
            held.set()
            await asyncio.gather(*lists)

    asyncio.run(crowded())
    assert ring.reader.reads == 1


def test_a_client_that_hangs_up_while_keys_are_read_has_sent_its_request(ring: Ring) -> None:
    """A server discards the body it has received as soon as the client is gone."""
    seen: list[Message] = []
    body: Message = {"type": "http.request", "body": b"all of it", "more_body": False}
    hung_up = False

    async def receive() -> Message:
        return {"type": "http.disconnect"} if hung_up else body

    async def app(_: Scope, receive: Receive, send: Send) -> None:
        del send
        seen.extend([await receive(), await receive()])

    async def send(_: Message) -> None:
        raise AssertionError("it is let in")

    async def story() -> None:
        nonlocal hung_up
        ring.reader.keys = [KEY]
        ring.reader.gate.clear()
        headers = [(b"authorization", b"Bearer " + SECRET.encode())]
        scope = {"type": "http", "method": "GET", "path": "/v1/operators", "headers": headers}
        gate = Gate(app, ring.keyring, lambda *_: app)
        waiting = asyncio.create_task(gate(scope, receive, send))
        # The gate has started; a server may notice this early that a client has gone.
        await asyncio.sleep(0)
        hung_up = True
        ring.reader.gate.set()
        await waiting

    asyncio.run(story())
    assert seen == [body, {"type": "http.disconnect"}]
