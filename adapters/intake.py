"""Group commit: registrations that arrive while a transaction runs share the next one."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from application.register_contacts import (
    Intake,
    Refused,
    RegisterContact,
    RegisterContactsHandler,
    Registered,
)

MOST: Final = 256
"""Commands in one transaction: enough to share its cost, few enough to keep the wait short."""


class GroupCommitIntake(Intake):
    """One writer thread; it takes what is waiting and never waits for more."""

    def __init__(self, register: RegisterContactsHandler) -> None:
        self._register = register
        self._waiting: deque[tuple[RegisterContact, asyncio.Future[Registered]]] = deque()
        self._writer: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="intake")

    def submit(self, command: RegisterContact) -> Awaitable[Registered]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Registered] = loop.create_future()
        self._waiting.append((command, future))
        if self._writer is None or self._writer.done():
            self._writer = loop.create_task(self._write())
        return future

    async def close(self) -> None:
        if self._writer is not None:
            await self._writer
        self._thread.shutdown()

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            # Whoever is ready at this moment gets in; otherwise the first of several requests
            # that arrive together would get a transaction of its own.
            await asyncio.sleep(0)
            batch = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
            commands = [command for command, _ in batch]
            outcomes: Sequence[Registered | Refused | Exception]
            try:
                outcomes = await loop.run_in_executor(self._thread, self._register, commands)
            except Exception as defect:  # noqa: BLE001 -- whoever waits must hear of it, and the next batch must run
                outcomes = [defect] * len(batch)
            for (_, future), outcome in zip(batch, outcomes, strict=True):
                # A client that went away has cancelled its future; its contact is stored.
                if future.cancelled():
                    continue
                if isinstance(outcome, Registered):
                    future.set_result(outcome)
                else:
                    future.set_exception(outcome)
