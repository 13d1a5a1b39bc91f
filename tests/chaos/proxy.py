"""A network in front of a server that fails on demand."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from enum import Enum, auto
from typing import Any, NamedTuple, TypeVar

Result = TypeVar("Result")


class Proxy:
    """Passes data between clients and a server, until it is cut or frozen."""

    def __init__(self, host: str, port: int) -> None:
        """Take the server's address."""
        self._target = host, port
        self._loop = asyncio.new_event_loop()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._open: asyncio.Server | None = None
        self._ways: set[asyncio.Task[None]] = set()
        self._trap: _Trap | None = None
        self.sprung = threading.Event()
        self.port = 0

    def cut(self) -> None:
        """Reset every connection, and refuse new ones, until it is mended."""
        self._run(self._cut())

    def freeze(self) -> None:
        """Let nothing more through in either direction; neither side is told."""
        self._run(self._freeze())

    def freeze_at_answer_to(self, request: bytes) -> None:
        """Freeze when the server has answered this, before the client knows.

        `sprung` is set at that moment. A server answers a pipeline once it has all of it.
        """
        self._run(self._set_trap(_Trap(request, _Spring.FREEZES_ANSWER)))

    def freeze_within(self, request: bytes) -> None:
        """Freeze when the server has the request up to the end of this, and none of the rest.

        `sprung` is set at that moment. The server has carried out what came before and waits for
        more.
        """
        self._run(self._set_trap(_Trap(request, _Spring.FREEZES_REQUEST)))

    def lose_answer_to(self, request: bytes) -> None:
        """Reset the connection when the server has answered this, before the client knows.

        `sprung` is set at that moment.
        """
        self._run(self._set_trap(_Trap(request, _Spring.LOSES_ANSWER)))

    def mend(self) -> None:
        """Let everything through again, including what was held up."""
        self._run(self._mend())

    def lead_to(self, host: str, port: int) -> None:
        """Connect new clients to another server; existing connections stay."""
        self._target = host, port

    async def _cut(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None
        ways = list(self._ways)
        for each in ways:
            each.cancel()
        await asyncio.gather(*ways, return_exceptions=True)

    async def _freeze(self) -> None:
        self._flowing.clear()

    async def _set_trap(self, trap: "_Trap") -> None:
        self.sprung.clear()
        self._trap = trap

    async def _mend(self) -> None:
        self._trap = None
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
            caught: list[_Trap] = []
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass_requests(reader, requests, caught))
                both.create_task(self._pass_answers(answers, writer, caught))
        except* (OSError, _Ended):
            """One side has gone; the other is told."""
        except* asyncio.CancelledError:
            """The connection was cut."""
        finally:
            for each in writers:
                each.transport.abort()
            self._ways.discard(way)

    async def _pass_requests(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, caught: "list[_Trap]"
    ) -> None:
        while data := await reader.read(65536):
            await self._flowing.wait()
            if self._trap is not None and self._trap.request in data:
                trap, self._trap = self._trap, None
                if trap.spring is _Spring.FREEZES_REQUEST:
                    end = data.index(trap.request) + len(trap.request)
                    writer.write(data[:end])
                    data = data[end:]
                    self._flowing.clear()
                    self.sprung.set()
                    await self._flowing.wait()
                else:
                    caught.append(trap)
            writer.write(data)
            await writer.drain()
        raise _Ended

    async def _pass_answers(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, caught: "list[_Trap]"
    ) -> None:
        while data := await reader.read(65536):
            if caught:
                trap = caught.pop()
                self.sprung.set()
                if trap.spring is _Spring.LOSES_ANSWER:
                    raise _Ended
                self._flowing.clear()
            await self._flowing.wait()
            writer.write(data)
            await writer.drain()
        # Over a real network, the server's last message arrives before the connection ends.
        await asyncio.sleep(0.1)
        raise _Ended

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)


class _Spring(Enum):
    """What a trap does."""

    FREEZES_REQUEST = auto()
    FREEZES_ANSWER = auto()
    LOSES_ANSWER = auto()


class _Trap(NamedTuple):
    """What happens to a request that contains these bytes, or to its answer."""

    request: bytes
    spring: _Spring


class _Ended(Exception):
    """A connection has ended."""


@contextmanager
def proxy_to(host: str, port: int) -> Iterator[Proxy]:
    """Run a proxy to a server in its own thread."""
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
