"""How routes read lists and statistics: in separate threads."""

from collections.abc import Awaitable, Callable
from functools import partial, wraps
from typing import Final, ParamSpec, TypeVar

from anyio import CapacityLimiter, Semaphore, fail_after, to_thread

from application.ports.failures import Overloaded

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")

_LISTS: Final = 2
"""Lists read at a time; the rest wait without a thread.

Each takes the interpreter from the event loop for some milliseconds of Python. Beside 32 readers,
with 20 at a time there were 0.05 of the registrations that there are alone, and with two 0.37 on
SQLite and 0.41 on PostgreSQL; the lists themselves were read 0.8 to 0.9 times as often.
"""
_PATIENCE: Final = 5.0
"""Seconds that a list waits for its turn. A database that has fallen silent keeps each for that
long; without a limit, the thirtieth would be answered after more than a minute."""


class Listing:
    """Turns a function that reads a list into a route.

    Single things and /readyz share the server's pool of some forty threads. If lists did as well,
    a replica that has fallen silent, which each list waits seconds for, would leave no thread to
    read the healthy database.
    """

    def __init__(self) -> None:
        self._turn = Semaphore(_LISTS)
        self._threads = CapacityLimiter(_LISTS)

    def __call__(
        self, endpoint: Callable[Parameters, Answer]
    ) -> Callable[Parameters, Awaitable[Answer]]:
        """Return the endpoint, called in a thread, with its signature unchanged."""

        @wraps(endpoint)
        async def call(*args: Parameters.args, **named: Parameters.kwargs) -> Answer:
            try:
                with fail_after(_PATIENCE):
                    await self._turn.acquire()
            except TimeoutError:
                raise Overloaded("too many lists are waiting already.") from None
            try:
                read = partial(endpoint, *args, **named)
                return await to_thread.run_sync(read, limiter=self._threads)
            finally:
                self._turn.release()

        return call
