"""The load under which things break, and a record of what was acknowledged meanwhile."""

import itertools
import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.e2e.server import Server, all_contacts, contact, opened

LONG = os.environ.get("FAIRLEAD_CHAOS") == "long"
PATIENCE = 60
"""Seconds for which a client repeats one message until it is acknowledged."""


def size(short: int, long: int) -> int:
    """Return how often something is done: `short` in CI, `long` in `make chaos`."""
    return long if LONG else short


@dataclass
class Storm:
    """Clients that send each message under its own key until it is acknowledged.

    Attributes:
        servers: servers to send to; each client has its own, and turns to any of them in trouble.
        closing: the fraction of contacts that are closed soon.
        restless: the fraction of contacts that are transferred; operators are paused as often.
        acknowledged: the contact that each key was answered with.
        repeated: the codes or errors of calls that were not acknowledged and were sent again.
        looks: how often the operators' loads were looked at, with none above capacity.
    """

    servers: Sequence[Server]
    closing: float = 0.0
    restless: float = 0.0
    acknowledged: dict[str, dict[str, Any]] = field(default_factory=dict)
    repeated: list[str] = field(default_factory=list)
    looks: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _running: "list[Future[None]]" = field(default_factory=list)

    @contextmanager
    def blowing(self, clients: int = 8) -> Iterator[None]:
        """Send continuously while the block runs; then finish what was begun."""
        with ThreadPoolExecutor(clients + 1) as pool:
            self._running = [pool.submit(self._client, number) for number in range(clients)]
            self._running.append(pool.submit(self._watch))
            try:
                self.wait_for(10)
                yield
            finally:
                self._stop.set()
            for each in self._running:
                each.result(2 * PATIENCE)

    def wait_for(self, more: int) -> None:
        """Wait until this many more are acknowledged."""
        enough = len(self.acknowledged) + more
        self._wait_until(lambda: len(self.acknowledged) >= enough)

    def wait_for_refusals(self, more: int) -> None:
        """Wait until this many more requests have failed."""
        enough = len(self.repeated) + more
        self._wait_until(lambda: len(self.repeated) >= enough)

    def wait_for_looks(self, more: int) -> None:
        """Wait until the loads have been looked at this many more times."""
        enough = self.looks + more
        self._wait_until(lambda: self.looks >= enough)

    def _wait_until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not holds():
            for each in self._running:
                if each.done():
                    # None of them ends before the storm does, unless it fails.
                    each.result()
            assert time.monotonic() < deadline, self.repeated[-20:]
            time.sleep(0.01)

    def send(self, http: httpx.Client, key: str, chance: random.Random) -> dict[str, Any]:
        """Send the message that has this key."""
        return self._register(http, key, chance, chance.choice(self.servers))

    def register_at(self, server: Server) -> dict[str, Any]:
        """Register one more contact through this server."""
        key = f"key-{next(self._numbers)}"
        with client() as http:
            answer = self._register(http, key, random.Random(key), server)
        self.acknowledged[key] = answer
        return answer

    def _client(self, number: int) -> None:
        chance, own = random.Random(number), self.servers[number % len(self.servers)]
        with client() as http:
            while not self._stop.is_set():
                key = f"key-{next(self._numbers)}"
                answer = self._register(http, key, chance, own)
                self.acknowledged[key] = answer
                path, operator = f"/v1/contacts/{answer['id']}", f"operator-{chance.randrange(3)}"
                if chance.random() < self.restless:
                    to = {"operator_id": operator}
                    self._call(http, f"{path}/transfer", to, {}, chance, own, conflicts=True)
                if chance.random() < self.restless:
                    for active in (False, True):
                        change = {"active": active}
                        where = f"/v1/operators/{operator}"
                        self._call(http, where, change, {}, chance, own, method="PATCH")
                if chance.random() < self.closing:
                    self._call(http, f"{path}/close", None, {}, chance, own)

    def _register(
        self, http: httpx.Client, key: str, chance: random.Random, own: Server
    ) -> dict[str, Any]:
        body, headers = contact(f"lead-{key}"), {"Idempotency-Key": key}
        answer: dict[str, Any] = self._call(http, "/v1/contacts", body, headers, chance, own)
        return answer

    def _call(
        self,
        http: httpx.Client,
        path: str,
        body: object,
        headers: dict[str, str],
        chance: random.Random,
        server: Server,
        *,
        method: str = "POST",
        conflicts: bool = False,
    ) -> Any:
        """Call until it succeeds or, if conflicts are allowed, until it is refused for one."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                answer = http.request(method, server.url + path, json=body, headers=headers)
            except httpx.TransportError as error:
                self.repeated.append(type(error).__name__)
            else:
                if answer.is_success or (conflicts and answer.status_code == 409):
                    return answer.json()
                assert answer.status_code == 503, (answer.text, server.said())
                assert answer.headers["retry-after"], answer.text
                self.repeated.append(answer.json()["code"])
            assert time.monotonic() < deadline, self.repeated[-20:]
            time.sleep(chance.uniform(0.01, 0.1))
            server = chance.choice(self.servers)

    def _watch(self) -> None:
        with client() as http:
            while not self._stop.wait(0.05):
                server = self.servers[self.looks % len(self.servers)]
                try:
                    answer = http.get(f"{server.url}/v1/stats/operators")
                except httpx.TransportError:
                    continue
                if answer.status_code != 503:
                    items = answer.json()["items"]
                    assert all(each["load"] <= each["capacity"] for each in items)
                    self.looks += 1


def client() -> httpx.Client:
    # The system's certificates, which are not needed here, take 20 ms to read.
    return httpx.Client(timeout=30, trust_env=False, verify=False)  # noqa: S501 -- loopback


def assert_nothing_lost_and_nothing_twice(url: str, storm: Storm) -> None:
    """Assert what must be true after every storm, with the servers that are alive now."""
    assert storm.looks
    chance = random.Random(0)
    with client() as http:
        for key, first in chance.sample(sorted(storm.acknowledged.items()), 20):
            again = storm.send(http, key, chance)
            assert (again["id"], again["lead"]["id"]) == (first["id"], first["lead"]["id"])
    for each in storm.servers:
        assert "Traceback" not in each.said(), each.said()
    with opened(url) as fairlead:
        stored = {str(each.id): str(each.lead.id) for each in all_contacts(fairlead)}
        for first in storm.acknowledged.values():
            assert stored[first["id"]] == first["lead"]["id"]
        assert len(stored) == len(storm.acknowledged), "every key has one contact"
        operators = fairlead.catalogue.operators(active=None, limit=50, after=None).items
        assert all(each.load <= each.capacity for each in operators)
        assert fairlead.check_invariants() == []
