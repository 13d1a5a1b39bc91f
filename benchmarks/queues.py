"""Queues that somebody might take instead, each in a process of its own.

`python -m benchmarks.queues huey FILE SECONDS` and `python -m benchmarks.queues procrastinate URL
SECONDS` store the messages of 32 callers and print how many a second there were.
"""

import asyncio
import itertools
import sys
import threading
import time
from typing import Any, Final

CALLERS: Final = 32


def _message(number: int) -> dict[str, Any]:
    return {
        "source": "bench",
        "lead": {"identities": {"telegram": f"user-{number}"}},
        "payload": {"text": "hello"},
    }


def _answer(body: object) -> None:
    """What somebody else would do later."""


def huey(file: str, seconds: float) -> float:
    """Store messages from threads, each on disk before the next."""
    from huey import SqliteHuey  # noqa: PLC0415 -- installed for this alone

    queue = SqliteHuey("bench", filename=file, fsync=True)

    contact = queue.task()(_answer)
    numbers = itertools.count()
    end = time.perf_counter() + seconds

    def call() -> None:
        while time.perf_counter() < end:
            contact(_message(next(numbers)))

    callers = [threading.Thread(target=call) for _ in range(CALLERS)]
    for each in callers:
        each.start()
    for each in callers:
        each.join()
    return next(numbers) / seconds


def procrastinate(url: str, seconds: float) -> float:
    """Store messages from tasks, each with a connection of its own."""
    from procrastinate import App, PsycopgConnector  # noqa: PLC0415 -- installed for this alone

    numbers = itertools.count()

    async def main() -> None:
        app = App(connector=PsycopgConnector(conninfo=url, min_size=CALLERS, max_size=CALLERS))

        contact = app.task(name="contact")(_answer)
        async with app.open_async():
            await app.schema_manager.apply_schema_async()
            end = time.perf_counter() + seconds

            async def call() -> None:
                while time.perf_counter() < end:
                    await contact.defer_async(body=_message(next(numbers)))

            await asyncio.gather(*(call() for _ in range(CALLERS)))

    asyncio.run(main())
    return next(numbers) / seconds


if __name__ == "__main__":
    _, name, where, length = sys.argv
    print({"huey": huey, "procrastinate": procrastinate}[name](where, float(length)))
