"""Follows the event log while things break: each event once, in order, and none that is undone."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx

from tests.chaos.storm import client
from tests.e2e.server import Server, opened


class Follower:
    """Reads events from each server in turn, and goes on wherever it was cut off.

    Attributes:
        seen: number and id of every event, in the order in which they were told.
        refused: answers that are neither events nor `503`.
    """

    def __init__(self, servers: Sequence[Server]) -> None:
        self._servers = servers
        self._over = threading.Event()
        self.seen: list[tuple[int, str]] = []
        self.refused: list[str] = []

    @contextmanager
    def following(self) -> Iterator[None]:
        """Read in a thread of its own until the block ends."""
        thread = threading.Thread(target=self._follow)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def assert_all_is_stored(self, url: str) -> None:
        """Assert that what was told is the beginning of the log, to the letter."""
        assert self.refused == []
        with opened(url) as fairlead:
            log = fairlead.events.events(after=0, limit=len(self.seen)).items
        assert self.seen == [(each.seq, str(each.id)) for each in log]
        assert len(self.seen) > 100

    def _follow(self) -> None:
        after, number = 0, 0
        with client() as http:
            while not self._over.is_set():
                number += 1
                server = self._servers[number % len(self._servers)]
                asked: dict[str, Any] = {"after": after, "limit": 200, "wait": 1}
                try:
                    answer = http.get(f"{server.url}/v1/events", params=asked)
                except httpx.TransportError:
                    self._over.wait(0.05)
                    continue
                if answer.status_code == 200:
                    page = answer.json()
                    self.seen += [(each["seq"], each["id"]) for each in page["items"]]
                    after = page["next_after"]
                elif answer.status_code == 503:
                    self._over.wait(0.05)
                else:
                    self.refused.append(answer.text)
