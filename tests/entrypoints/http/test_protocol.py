"""The server's protocol: an answer leaves in one write, whole and in order."""

import asyncio
from collections.abc import Awaitable, Callable

from entrypoints.http.protocol import JoiningTransport


class FakeTransport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self.closed = False

    def write(self, data: object) -> None:
        assert isinstance(data, bytes)
        assert not self.closed
        self.sent.append(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


def joining(story: Callable[[JoiningTransport], Awaitable[None]]) -> FakeTransport:
    transport = FakeTransport()

    async def main() -> None:
        await story(JoiningTransport(transport, asyncio.get_running_loop()))

    asyncio.run(main())
    return transport


def test_what_is_written_in_one_turn_is_one_write() -> None:
    async def story(transport: JoiningTransport) -> None:
        transport.write(b"head ")
        transport.write(b"body")
        await asyncio.sleep(0)
        transport.write(b"next ")
        await asyncio.sleep(0)

    assert joining(story).sent == [b"head body", b"next "]


def test_closing_sends_what_was_written_before() -> None:
    async def story(transport: JoiningTransport) -> None:
        transport.write(b"last words")
        transport.close()
        assert transport.is_closing()
        await asyncio.sleep(0)

    transport = joining(story)
    assert transport.sent == [b"last words"]
    assert transport.closed


def test_nothing_written_sends_nothing() -> None:
    async def story(transport: JoiningTransport) -> None:
        transport.close()
        await asyncio.sleep(0)

    assert joining(story).sent == []
