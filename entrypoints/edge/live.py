"""Tells those who wait that something has changed, whichever process changed it."""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from types import FrameType
from typing import Final

from anyio import to_thread

from application.ports.failures import StorageUnavailable
from application.ports.storage import Changes

_EVERY: Final = 0.4
"""Seconds between two looks at the storage; an open page shows a registration within a second."""
_ALIVE: Final = 5.0
"""Seconds of silence after which a stream says that it is alive: otherwise proxies cut it, and a
page that hears nothing says that its data are old. By then it also ends if its key has ended."""


class Live:
    """Watches the storage while anyone waits for a change, once for all of them.

    It hands out no contacts: it only says that it is time to read again.

    Attributes:
        closed: whether the server is stopping.
    """

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._number = 0
        self._changed = asyncio.Event()
        self._began = asyncio.Event()
        self._watcher: asyncio.Task[None] | None = None
        self._looking = 0
        self.closed = False

    async def stream(self, admitted: Callable[[], Awaitable[bool]]) -> AsyncIterator[str]:
        """Yield server-sent events: `changed` after every change, `alive` if there is none.

        Args:
            admitted: tells whether the listener still has access; asked before each further event.
        """
        async with self.looking() as changes:
            # Sent immediately: a page that was cut off catches up.
            yield "retry: 1000\nevent: changed\ndata:\n\n"
            while True:
                changed = await changes(_ALIVE)
                if self.closed or not await admitted():
                    return
                yield f"event: {'changed' if changed else 'alive'}\ndata:\n\n"

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[Callable[[float], Awaitable[bool]]]:
        """Watch the storage meanwhile.

        Yields a function that waits for a change, for so many seconds at most, and tells whether
        there was any since it was last called, or since the beginning.
        """
        self._looking += 1
        try:
            if self._watcher is None or self._watcher.done():
                self._began = asyncio.Event()
                self._watcher = asyncio.create_task(self._watch())
            # The watcher knows the present state: anything that comes after it is a change.
            await self._began.wait()
            seen = self._number

            async def changes(seconds: float) -> bool:
                nonlocal seen
                # Counted, not only awaited: more may change while a slow client is written to.
                if self._number == seen and not self.closed:
                    # Not `wait_for`: in Python 3.11 it may swallow that the waiter is cancelled.
                    with suppress(TimeoutError):
                        async with asyncio.timeout(seconds):
                            await self._changed.wait()
                before, seen = seen, self._number
                return before != seen

            yield changes
        finally:
            self._looking -= 1

    def close(self) -> None:
        """End all streams; a server that is stopping would wait for them."""
        self.closed = True
        self._changed.set()

    def close_on_signals(self) -> None:
        """End all streams when the process is told to stop, before the server waits for them."""
        if threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            before = signal.getsignal(number)
            if not callable(before):
                continue

            def close(caught: int, frame: FrameType | None, then: object = before) -> None:
                loop.call_soon_threadsafe(self.close)
                if callable(then):
                    then(caught, frame)

            signal.signal(number, close)

    async def _watch(self) -> None:
        last = await self._token()
        self._began.set()
        while self._looking and not self.closed:
            await asyncio.sleep(_EVERY)
            token = await self._token()
            if token != last:
                last = token
                self._number += 1
                changed, self._changed = self._changed, asyncio.Event()
                changed.set()

    async def _token(self) -> object:
        try:
            return await to_thread.run_sync(self._changes.token)
        except StorageUnavailable:
            # Pages that read again would fail as well; they are told when the storage is back.
            return None
