"""How a body is read: whole, bounded, in time, and without a timer where none is needed."""

import asyncio
import tracemalloc
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextvars import Context
from typing import Any, TypeVar, TypeVarTuple

import pytest
from starlette.types import Message, Receive

from entrypoints.edge.bodies import PATIENCE, read_bytes
from entrypoints.edge.problems import Refusal

Given = TypeVarTuple("Given")
Result = TypeVar("Result")


class Counting(asyncio.SelectorEventLoop):
    """An event loop that counts the timers it makes."""

    timers = 0

    def call_at(
        self,
        when: float,
        callback: Callable[[*Given], object],
        *args: *Given,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        self.timers += 1
        return super().call_at(when, callback, *args, context=context)


def counted(work: Coroutine[Any, Any, Result]) -> tuple[Result, int]:
    """Return the result of the work, and how many timers it made."""
    with asyncio.Runner(loop_factory=Counting) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, Counting)
        return runner.run(work), loop.timers


def chunk(content: bytes, *, more: bool) -> Message:
    return {"type": "http.request", "body": content, "more_body": more}


async def nothing() -> Message:
    message: Message = await asyncio.get_running_loop().create_future()
    return message


def coming(messages: Iterable[Message], wait: Callable[[], Awaitable[None]]) -> Receive:
    """Return a `receive` that waits before each of these messages, and for ever after the last."""
    left = iter(messages)

    async def receive() -> Message:
        await wait()
        for message in left:
            return message
        return await nothing()

    return receive


async def at_once() -> None:
    pass


async def a_moment_later() -> None:
    await asyncio.sleep(0)


def test_a_body_that_is_there_is_read_without_a_timer() -> None:
    receive = coming([chunk(b"{}", more=False)], at_once)
    assert counted(read_bytes({}, receive, 10)) == (b"{}", 0)


@pytest.mark.parametrize("wait", [at_once, a_moment_later])
@pytest.mark.parametrize("parts", [[b"ab", b"cd", b"e"], [b"", b"abcde"], [b"abcde", b""]])
def test_a_body_that_comes_in_parts_is_read_whole_with_one_timer(
    wait: Callable[[], Awaitable[None]], parts: list[bytes]
) -> None:
    messages = [chunk(each, more=True) for each in parts[:-1]] + [chunk(parts[-1], more=False)]
    assert counted(read_bytes({}, coming(messages, wait), 5)) == (b"abcde", 1)


@pytest.mark.parametrize("wait", [at_once, a_moment_later])
@pytest.mark.parametrize("messages", [[], [chunk(b"a", more=True)], [chunk(b"", more=True)] * 9])
def test_a_body_that_does_not_arrive_is_given_up(
    wait: Callable[[], Awaitable[None]], messages: list[Message]
) -> None:
    with pytest.raises(Refusal) as refused:
        asyncio.run(read_bytes({}, coming(messages, wait), 5, patience=0.01))
    assert refused.value.code == "request_timeout"
    assert refused.value.status_code == 408
    assert refused.value.headers == {"Connection": "close"}
    assert PATIENCE == 10


def test_whoever_is_cancelled_while_it_waits_for_a_body_ends() -> None:
    ended = []

    async def receive() -> Message:
        try:
            return await nothing()
        finally:
            ended.append(True)

    async def cancelled() -> None:
        task = asyncio.create_task(read_bytes({}, receive, 5))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert ended == [True]


@pytest.mark.parametrize("wait", [at_once, a_moment_later])
@pytest.mark.parametrize("parts", [[b"abcdef"], [b"abc", b"def"], [b"abcde", b"f", b"g"]])
def test_a_body_is_read_no_further_than_its_limit(
    wait: Callable[[], Awaitable[None]], parts: list[bytes]
) -> None:
    messages = [chunk(each, more=True) for each in parts]
    with pytest.raises(Refusal) as refused:
        asyncio.run(read_bytes({}, coming(messages, wait), 5))
    assert refused.value.code == "body_too_large"


def test_a_body_in_a_thousand_parts_is_copied_once() -> None:
    """Joined one by one, the body so far and the longer one would be in memory together."""
    parts = [bytes([number % 256]) * 4096 for number in range(1000)]
    messages = [chunk(each, more=True) for each in parts] + [chunk(b"", more=False)]

    async def read() -> tuple[bytes, int]:
        tracemalloc.start()
        try:
            body = await read_bytes({}, coming(messages, at_once), 4096 * 1000)
            return body, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    body, peak = asyncio.run(read())
    assert body == b"".join(parts)
    assert len(body) <= peak < 1.5 * len(body)


@pytest.mark.parametrize("coding", [b"gzip", b"br", b"deflate", b"zstd", b"identity, gzip", b"x"])
def test_a_body_that_is_packed_is_refused_before_it_is_read(coding: bytes) -> None:
    async def never() -> Message:
        raise AssertionError("the body was read")

    with pytest.raises(Refusal) as refused:
        asyncio.run(read_bytes({b"content-encoding": coding}, never, 5))
    assert refused.value.status_code == 415


def test_a_client_that_goes_away_is_not_waited_for() -> None:
    for before in ([], [chunk(b"a", more=True)]):
        receive = coming([*before, {"type": "http.disconnect"}], at_once)
        with pytest.raises(Refusal) as refused:
            asyncio.run(read_bytes({}, receive, 5))
        assert refused.value.code == "malformed_json"
