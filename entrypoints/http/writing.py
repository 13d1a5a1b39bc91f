"""How routes call the use cases that write: in threads of their own."""

import secrets
from collections.abc import Callable
from typing import Final, TypeVar

from anyio import CapacityLimiter, sleep, to_thread
from fastapi import Request

from application.ports.failures import TransactionLost
from domain.actor import Actor

ACTOR: Final = "fairlead.actor"
"""Where in a request's scope it stands who acts."""

Command = TypeVar("Command")
View = TypeVar("View")

_WRITERS: Final = 4
"""Writers at a time. They mostly wait for each other; the rest wait without a thread."""

_ATTEMPTS: Final = 4
_MOST_PAUSE: Final = 100
"""Milliseconds before the second attempt; twice as many before each later one."""


class Writing:
    """Runs handlers in few threads.

    Reads share the server's pool of threads. If writes did, too, some forty of them that wait for
    a locked database would leave no thread to read with.
    """

    def __init__(self) -> None:
        self._writers = CapacityLimiter(_WRITERS)

    async def __call__(
        self, request: Request, handler: Callable[[Command, Actor], View], command: Command
    ) -> View:
        """Call a handler for whoever makes a request; its errors are raised here.

        A transaction that was lost is tried again, at a moment that chance picks: whoever was in
        each other's way would meet again.
        """
        actor: Actor = request.scope[ACTOR]
        for attempt in range(1, _ATTEMPTS):
            try:
                return await to_thread.run_sync(handler, command, actor, limiter=self._writers)
            except TransactionLost:
                await sleep(secrets.randbelow(_MOST_PAUSE << attempt - 1) / 1000)
        return await to_thread.run_sync(handler, command, actor, limiter=self._writers)
