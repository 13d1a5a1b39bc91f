"""How routes read lists and statistics: in separate threads."""

from collections.abc import Awaitable, Callable
from functools import partial, wraps
from typing import Final, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")

_LISTS: Final = 2
"""Lists read at a time; the rest wait without a thread.

Each takes the interpreter from the event loop for some milliseconds of Python. Beside 32 readers on
SQLite, with 20 at a time there were 0.05 of the registrations that there are alone, and with two
0.37; the lists themselves were read 0.9 times as often.
"""


class Listing:
    """Turns a function that reads a list into a route.

    Single things and /readyz share the server's pool of some forty threads. If lists did as well,
    a replica that has fallen silent, which each list waits seconds for, would leave no thread to
    read the healthy database.
    """

    def __init__(self) -> None:
        self._lists = CapacityLimiter(_LISTS)

    def __call__(
        self, endpoint: Callable[Parameters, Answer]
    ) -> Callable[Parameters, Awaitable[Answer]]:
        """Return the endpoint, called in a thread, with its signature unchanged."""

        @wraps(endpoint)
        async def call(*args: Parameters.args, **named: Parameters.kwargs) -> Answer:
            return await to_thread.run_sync(partial(endpoint, *args, **named), limiter=self._lists)

        return call
