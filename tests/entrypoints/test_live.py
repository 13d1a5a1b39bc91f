"""Pages hear of every change, however slowly they read."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from application.ports.failures import StorageUnavailable
from application.ports.storage import Changes
from entrypoints.edge.live import Live

CHANGED = "event: changed"


class FakeChanges(Changes):
    """Changes only when the test says so."""

    def __init__(self) -> None:
        self.number = 0
        self.away = False
        self.asked = 0

    def token(self) -> object:
        self.asked += 1
        if self.away:
            raise StorageUnavailable("away.")
        return self.number


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("entrypoints.edge.live._EVERY", 0.001)


async def anybody() -> bool:
    return True


def tell(story: Callable[[Live, FakeChanges, AsyncIterator[str]], Awaitable[None]]) -> None:
    """Run a story with a page that has received its first event."""

    async def main() -> None:
        changes = FakeChanges()
        live = Live(changes)
        stream = live.stream(anybody)
        assert CHANGED in await anext(stream)
        await asyncio.wait_for(story(live, changes, stream), 20)
        live.close()

    asyncio.run(main())


async def looked(changes: FakeChanges) -> None:
    """Wait until the storage has been asked twice more: by then, earlier changes have been seen."""
    before = changes.asked
    while changes.asked < before + 2:  # noqa: ASYNC110 -- the fake is asked in a thread
        await asyncio.sleep(0.001)


def test_a_change_is_told_once() -> None:
    async def story(live: Live, changes: FakeChanges, stream: AsyncIterator[str]) -> None:
        del live
        changes.number += 1
        assert CHANGED in await anext(stream)
        waiting = asyncio.ensure_future(anext(stream))
        await looked(changes)
        assert not waiting.done()
        waiting.cancel()

    tell(story)


def test_what_changes_while_a_slow_client_is_written_to_is_told_too() -> None:
    async def story(live: Live, changes: FakeChanges, stream: AsyncIterator[str]) -> None:
        del live
        for _ in range(5):
            # Meanwhile, nobody reads from the stream.
            changes.number += 1
            await looked(changes)
            changes.number += 1
            await looked(changes)
            assert CHANGED in await anext(stream)

    tell(story)


def test_every_page_is_told() -> None:
    async def story(live: Live, changes: FakeChanges, stream: AsyncIterator[str]) -> None:
        others = [live.stream(anybody) for _ in range(3)]
        await asyncio.gather(*(anext(each) for each in others))
        changes.number += 1
        for each in (stream, *others):
            assert CHANGED in await anext(each)

    tell(story)


def test_a_storage_that_comes_back_is_a_change() -> None:
    async def story(live: Live, changes: FakeChanges, stream: AsyncIterator[str]) -> None:
        del live
        changes.away = True
        assert CHANGED in await anext(stream)
        changes.away = False
        assert CHANGED in await anext(stream)

    tell(story)


def test_nobody_asks_while_nobody_looks() -> None:
    async def story(live: Live, changes: FakeChanges, stream: AsyncIterator[str]) -> None:
        del live
        await stream.aclose()  # type: ignore[attr-defined]
        await asyncio.sleep(0.05)
        asked = changes.asked
        await asyncio.sleep(0.05)
        assert changes.asked == asked

    tell(story)


@pytest.mark.parametrize("alive", [60.0, 0.01], ids=["a change", "silence"])
def test_who_may_not_listen_any_more_is_told_nothing_more(
    alive: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("entrypoints.edge.live._ALIVE", alive)
    admitted = True

    async def asked() -> bool:
        return admitted

    async def story(live: Live, changes: FakeChanges, stream: AsyncIterator[str]) -> None:
        nonlocal admitted
        other = live.stream(asked)
        assert CHANGED in await anext(other)
        waiting = asyncio.ensure_future(anext(other))
        admitted = False
        if alive > 1:
            changes.number += 1
            assert CHANGED in await anext(stream)
        with pytest.raises(StopAsyncIteration):
            await waiting

    tell(story)


def test_streams_end_when_the_server_is_to_end() -> None:
    async def story(live: Live, changes: FakeChanges, stream: AsyncIterator[str]) -> None:
        del changes
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.01)
        live.close()
        with pytest.raises(StopAsyncIteration):
            await waiting

    tell(story)
