"""A receiver of webhooks, as a real server that speaks, or does not speak, HTTP."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Answer = bytes | float
"""What to send, or seconds to wait before going on."""

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Receiver:
    """Answers every request alike.

    Attributes:
        answers: what to do, in order; then the connection is closed, unless the answer ended.
        requests: headers and body of each.
        connections: how many were made.
    """

    answers: tuple[Answer, ...] = (OK,)
    keeps: bool = True
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    _open: "set[asyncio.Task[None] | None]" = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(asyncio.current_task())
        # Also the end of the block: nothing may be left open.
        broken_off = (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError)
        with contextlib.suppress(*broken_off):
            while True:
                await self._answer(reader, writer)
                if not self.keeps:
                    writer.close()
                    await writer.wait_closed()
                    break
        self._open.discard(asyncio.current_task())
        writer.transport.abort()

    @property
    def url(self) -> str:
        """Where it listens, without encryption."""
        return f"http://127.0.0.1:{self.port}/hooks?a=1"

    @property
    def open(self) -> int:
        """How many connections there are."""
        return len(self._open)

    async def end(self) -> None:
        """Break off all connections."""
        serving = [each for each in self._open if each is not None]
        for each in serving:
            each.cancel()
        await asyncio.gather(*serving)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {
            name.lower(): value
            for name, _, value in (each.partition(": ") for each in head[1:] if each)
        }
        body = await reader.readexactly(int(headers["content-length"]))
        self.requests.append(({**headers, ":line": head[0]}, body))
        for each in self.answers:
            if isinstance(each, bytes):
                writer.write(each)
                await writer.drain()
            else:
                await asyncio.sleep(each)


@asynccontextmanager
async def receiving(
    *answers: Answer, keeps: bool = True, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Receiver]:
    """Run a receiver on this machine."""
    receiver = Receiver(answers or (OK,), keeps)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        await receiver.end()
