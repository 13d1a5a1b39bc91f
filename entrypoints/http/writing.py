"""How routes call the use cases that write: in threads of their own."""

from collections.abc import Callable
from typing import Final, TypeVar

from anyio import CapacityLimiter, to_thread

Command = TypeVar("Command")
View = TypeVar("View")

_WRITERS: Final = 4
"""Writers at a time. They mostly wait for each other; the rest wait without a thread."""


class Writing:
    """Runs handlers in few threads.

    Reads share the server's pool of threads. If writes did, too, some forty of them that wait for
    a locked database would leave no thread to read with.
    """

    def __init__(self) -> None:
        self._writers = CapacityLimiter(_WRITERS)

    async def __call__(self, handler: Callable[[Command], View], command: Command) -> View:
        """Call a handler; its errors are raised here."""
        return await to_thread.run_sync(handler, command, limiter=self._writers)
