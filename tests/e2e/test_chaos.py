"""What dies under load, again and again; whatever was acknowledged is there, and nothing twice.

Short here; `make chaos` sets FAIRLEAD_CHAOS=long, for as many deaths as one would see in a year.
"""

import itertools
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from application.fairlead import Fairlead
from application.operators import CreateOperator
from application.sources import CreateSource, ReplaceAllocations
from application.views import ContactFilter
from tests.e2e.server import FAIRLEAD_SERVE, Server, contact, migrated, opened, started
from tests.postgresql import Databases, postgresql_server

LONG = os.environ.get("FAIRLEAD_CHAOS") == "long"
PATIENCE = 60
"""Seconds that a client goes on with one message, until it is acknowledged."""


def size(short: int, long: int) -> int:
    return long if LONG else short


@dataclass
class Storm:
    """Clients that send each message under a key of its own until it is acknowledged.

    Attributes:
        servers: to send to, whichever is alive.
        acknowledged: the contact that each key was answered with.
        repeated: answers that were not an acknowledgement, by what they were.
    """

    servers: Sequence[Server]
    acknowledged: dict[str, dict[str, Any]] = field(default_factory=dict)
    repeated: list[str] = field(default_factory=list)
    closing: float = 0.0
    _stop: threading.Event = field(default_factory=threading.Event)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @contextmanager
    def blowing(self, clients: int = 8) -> Iterator[None]:
        """Send without a pause while the block runs; then finish what was begun."""
        with ThreadPoolExecutor(clients) as pool:
            running = [pool.submit(self._client, number) for number in range(clients)]
            try:
                self.wait_for(10)
                yield
            finally:
                self._stop.set()
            for each in running:
                each.result(2 * PATIENCE)

    def wait_for(self, more: int) -> None:
        """Wait until so many more are acknowledged."""
        enough, deadline = len(self.acknowledged) + more, time.monotonic() + PATIENCE
        while len(self.acknowledged) < enough:
            assert time.monotonic() < deadline, self.repeated[-20:]
            time.sleep(0.01)

    def _client(self, number: int) -> None:
        chance = random.Random(number)
        with httpx.Client(timeout=30, trust_env=False) as http:
            while not self._stop.is_set():
                key = f"key-{next(self._numbers)}"
                answer = self.send(http, key, chance)
                self.acknowledged[key] = answer
                if chance.random() < self.closing:
                    self._until(
                        lambda url, answer=answer: http.post(  # type: ignore[misc]
                            f"{url}/v1/contacts/{answer['id']}/close"
                        ),
                        chance,
                    )

    def send(self, http: httpx.Client, key: str, chance: random.Random) -> dict[str, Any]:
        """Send the message that has this key."""
        body = contact(f"lead-{key}")
        headers = {"Idempotency-Key": key}
        answer = self._until(
            lambda url: http.post(f"{url}/v1/contacts", json=body, headers=headers), chance
        )
        found: dict[str, Any] = answer.json()
        return found

    def _until(
        self, call: Callable[[str], httpx.Response], chance: random.Random
    ) -> httpx.Response:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                answer = call(chance.choice(self.servers).url)
            except httpx.TransportError as error:
                self.repeated.append(type(error).__name__)
            else:
                if answer.is_success:
                    return answer
                assert answer.status_code == 503, answer.text
                assert answer.headers["retry-after"], answer.text
                self.repeated.append(answer.json()["code"])
            assert time.monotonic() < deadline, self.repeated[-20:]
            time.sleep(chance.uniform(0.01, 0.1))


def furnish(url: str, *capacities: int) -> None:
    """Put operators and a source into a database."""
    with opened(url) as fairlead:
        operators = [fairlead.create_operator(CreateOperator("Ann", each)) for each in capacities]
        fairlead.create_source(CreateSource("telegram"))
        fairlead.replace_allocations(
            ReplaceAllocations("telegram", [(each.id, 1 + n) for n, each in enumerate(operators)])
        )


def assert_nothing_lost_and_nothing_twice(url: str, storm: Storm) -> None:
    """Hold what must be true after every storm, with the servers that are alive now."""
    chance = random.Random(0)
    with httpx.Client(timeout=30, trust_env=False) as http:
        for key, first in chance.sample(sorted(storm.acknowledged.items()), 20):
            again = storm.send(http, key, chance)
            assert (again["id"], again["lead"]["id"]) == (first["id"], first["lead"]["id"])
    with opened(url) as fairlead:
        stored = {str(each): lead for each, lead in everything(fairlead)}
        for first in storm.acknowledged.values():
            assert stored[first["id"]] == first["lead"]["id"]
        assert len(stored) == len(storm.acknowledged), "every key has one contact"
        assert fairlead.check_invariants() == []


def everything(fairlead: Fairlead) -> Iterator[tuple[Any, str]]:
    """Yield every contact's id with its lead's."""
    after, more = None, True
    while more:
        page = fairlead.contacts.contacts(ContactFilter(), limit=200, after=after)
        yield from ((each.id, str(each.lead.id)) for each in page.items)
        after, more = page.items[-1].id if page.items else None, page.more


@pytest.mark.parametrize("capacity", [100_000, 4], ids=["roomy", "scarce"])
def test_processes_that_are_killed_lose_nothing(
    shared_url: str, tmp_path: Path, capacity: int
) -> None:
    migrated(shared_url)
    furnish(shared_url, capacity, capacity, capacity)
    chance = random.Random(capacity)
    with ExitStack() as stack:

        def start(port: int = 0) -> Server:
            return stack.enter_context(started(shared_url, tmp_path, FAIRLEAD_SERVE, port=port))

        servers = [start(), start()]
        storm = Storm(servers, closing=0.9)
        with storm.blowing():
            for _ in range(size(3, 50)):
                storm.wait_for(30)
                victim = chance.randrange(2)
                servers[victim].kill()
                servers[victim] = start(httpx.URL(servers[victim].url).port or 0)
        assert_nothing_lost_and_nothing_twice(shared_url, storm)


def test_a_database_server_that_crashes_and_comes_back_loses_nothing(tmp_path: Path) -> None:
    with postgresql_server() as database, ExitStack() as stack:
        url = Databases(database.url).empty()
        migrated(url)
        furnish(url, 100_000, 100_000, 5)
        servers = [stack.enter_context(started(url, tmp_path, FAIRLEAD_SERVE)) for _ in range(2)]
        storm = Storm(servers, closing=0.3)
        with storm.blowing():
            for _ in range(size(2, 10)):
                storm.wait_for(50)
                database.stop(signal.SIGQUIT)
                for each in servers:
                    assert httpx.get(f"{each.url}/healthz", trust_env=False).status_code == 200
                    ready = httpx.get(f"{each.url}/readyz", trust_env=False, timeout=30)
                    assert ready.status_code == 503
                database.start()
        assert set(storm.repeated) & {"storage_unavailable", "outcome_unknown"}
        for each in servers:
            assert httpx.get(f"{each.url}/readyz", trust_env=False).status_code == 200
            assert "Traceback" not in each.said()
        assert_nothing_lost_and_nothing_twice(url, storm)


def test_many_clients_of_several_processes_never_pass_a_capacity(
    shared_url: str, tmp_path: Path
) -> None:
    migrated(shared_url)
    furnish(shared_url, 5, 5, 5)
    with ExitStack() as stack:
        servers = [
            stack.enter_context(started(shared_url, tmp_path, FAIRLEAD_SERVE))
            for _ in range(size(2, 4))
        ]
        storm = Storm(servers, closing=0.95)
        with storm.blowing(size(16, 64)), httpx.Client(timeout=30, trust_env=False) as http:
            for _ in range(size(20, 300)):
                storm.wait_for(5)
                operators = http.get(f"{servers[0].url}/v1/stats/operators").json()["items"]
                assert all(each["load"] <= 5 for each in operators)
        assert_nothing_lost_and_nothing_twice(shared_url, storm)
