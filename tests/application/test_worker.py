"""The thread that works for an event loop."""

import asyncio
import threading
from functools import partial
from typing import Any

import pytest

from application.worker import Worker


def test_what_work_returns_and_raises_comes_back_in_order_from_one_thread_of_its_own() -> None:
    threads = set()

    def work(number: int) -> int:
        threads.add(threading.current_thread())
        return 10 // number

    async def story() -> None:
        worker = Worker("other")
        runs = [worker.run(partial(work, number)) for number in (1, 2, 0, 5)]
        outcomes = await asyncio.gather(*runs, return_exceptions=True)
        assert outcomes[:2] == [10, 5]
        assert isinstance(outcomes[2], ZeroDivisionError)
        assert outcomes[3] == 2
        worker.close()

    asyncio.run(story())
    (thread,) = threads
    assert thread.name == "other"
    assert thread is not threading.current_thread()
    assert not thread.is_alive()


def test_the_loop_goes_on_meanwhile() -> None:
    async def story() -> None:
        worker, gate = Worker("other"), threading.Event()
        run = worker.run(gate.wait)
        await asyncio.sleep(0.01)
        gate.set()
        assert await run
        worker.close()

    asyncio.run(story())


@pytest.mark.parametrize("fails", [False, True])
def test_nobody_minds_if_nobody_waits_any_more(fails: bool) -> None:
    complaints: list[Any] = []

    def work(gate: threading.Event) -> None:
        gate.wait()
        if fails:
            raise ValueError

    async def story() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, what: complaints.append(what))
        worker, gate = Worker("other"), threading.Event()
        waiting = asyncio.ensure_future(worker.run(lambda: work(gate)))
        await asyncio.sleep(0)
        waiting.cancel()
        gate.set()
        assert await worker.run(lambda: 1) == 1
        worker.close()

    asyncio.run(story())
    assert complaints == []


def test_closing_waits_for_what_was_begun() -> None:
    done = []

    async def story() -> None:
        worker, gate = Worker("other"), threading.Event()
        worker.run(lambda: done.append(gate.wait()))
        asyncio.get_running_loop().call_later(0.01, gate.set)
        await asyncio.sleep(0.02)
        worker.close()
        assert done == [True]

    asyncio.run(story())


def test_one_that_was_never_used_closes() -> None:
    threads = threading.enumerate()
    worker = Worker("other")
    assert threading.enumerate() == threads, "the thread is started with the first work"
    worker.close()
