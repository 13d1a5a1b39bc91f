"""A network that fails when it is told to: what a server is reached through."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

Result = TypeVar("Result")


class Proxy:
    """Passes on what comes, between whoever connects and one server, until it is cut or frozen."""

    def __init__(self, host: str, port: int) -> None:
        """Take the server's address."""
        self._target = host, port
        self._loop = asyncio.new_event_loop()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._open: asyncio.Server | None = None
        self._ways: set[asyncio.Task[None]] = set()
        self._freezing: bytes | None = None
        self._losing: bytes | None = None
        self.frozen = threading.Event()
        self.lost = threading.Event()
        self.port = 0

    def cut(self) -> None:
        """Reset every connection, and refuse new ones, until it is mended."""
        self._run(self._cut())

    def freeze(self, *, after: bytes | None = None) -> None:
        """Let nothing through any more, either way; nobody is told.

        Args:
            after: not before a client has sent this; `frozen` is set then.
        """
        self._run(self._freeze(after))

    def lose_answer_to(self, request: bytes) -> None:
        """Reset a connection once, when the server has answered this, and before the client knows.

        `lost` is set then.
        """
        self._run(self._lose(request))

    def mend(self) -> None:
        """Let everything through again, what was held up too."""
        self._run(self._mend())

    async def _cut(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None
        ways = list(self._ways)
        for each in ways:
            each.cancel()
        await asyncio.gather(*ways, return_exceptions=True)

    async def _freeze(self, after: bytes | None) -> None:
        self.frozen.clear()
        self._freezing = after
        if after is None:
            self._stand_still()

    def _stand_still(self) -> None:
        self._freezing = None
        self._flowing.clear()
        self.frozen.set()

    async def _lose(self, request: bytes) -> None:
        self.lost.clear()
        self._losing = request

    async def _mend(self) -> None:
        self._freezing = self._losing = None
        self._flowing.set()
        if self._open is None:
            self._open = await asyncio.start_server(self._connect, "127.0.0.1", self.port)
            self.port = self._open.sockets[0].getsockname()[1]

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        way = asyncio.current_task()
        assert way
        self._ways.add(way)
        writers = [writer]
        try:
            await self._flowing.wait()
            answers, requests = await asyncio.open_connection(*self._target)
            writers.append(requests)
            lose = asyncio.Event()
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass_requests(reader, requests, lose))
                both.create_task(self._pass_answers(answers, writer, lose))
        except* (OSError, _Ended):
            """One of the two has gone; the other hears of it."""
        finally:
            for each in writers:
                each.transport.abort()
            self._ways.discard(way)

    async def _pass_requests(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lose: asyncio.Event
    ) -> None:
        while data := await reader.read(65536):
            await self._flowing.wait()
            if self._losing is not None and self._losing in data:
                self._losing = None
                lose.set()
            writer.write(data)
            await writer.drain()
            if self._freezing is not None and self._freezing in data:
                self._stand_still()
        raise _Ended

    async def _pass_answers(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lose: asyncio.Event
    ) -> None:
        while data := await reader.read(65536):
            if lose.is_set():
                self.lost.set()
                break
            await self._flowing.wait()
            writer.write(data)
            await writer.drain()
        # Over a distance, the server's last word is there before the end of the connection.
        await asyncio.sleep(0.1)
        raise _Ended

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)


class _Ended(Exception):
    """A connection has come to its end."""


@contextmanager
def proxy_to(host: str, port: int) -> Iterator[Proxy]:
    """Open a proxy to a server, in a thread of its own."""
    proxy = Proxy(host, port)
    thread = threading.Thread(target=proxy._loop.run_forever)
    thread.start()
    try:
        proxy.mend()
        yield proxy
        proxy.cut()
    finally:
        proxy._loop.call_soon_threadsafe(proxy._loop.stop)
        thread.join()
        proxy._loop.close()
