"""A real server: uvicorn in its own process, on a given database and a free port."""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from application.fairlead import Fairlead
from application.operators import CreateOperator
from application.ports.contacts import ContactFilter, ContactView
from application.sources import CreateSource, ReplaceAllocations
from entrypoints.container import build_container
from entrypoints.settings import Settings
from tests.processes import FAIRLEAD, Process, start
from tests.support import copied

ON_BOTH_ENGINES = pytest.mark.parametrize("running", ["sqlite", "postgresql"], indirect=True)
"""Marks tests and modules whose server runs on each database engine in turn."""

UVICORN = ("uvicorn.main:main", "--factory", "entrypoints.web:create_app", "--no-access-log")
FAIRLEAD_SERVE = (FAIRLEAD, "serve")
"""Programs that serve, with their first arguments."""


@dataclass
class Server:
    """A running server; `stop` ends it with SIGTERM, `kill` with SIGKILL."""

    url: str
    log: Path
    process: Process

    def client(self, timeout: float = 30) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=timeout, trust_env=False)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(30)

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")


def migrated(url: str) -> None:
    """Migrate a database to the latest schema."""
    if copied(url):
        return
    storage = build_container(Settings(database_url=url)).storage()
    storage.migrate()
    storage.close()


@contextmanager
def opened(url: str) -> Iterator[Fairlead]:
    """Open a database from this process."""
    container = build_container(Settings(database_url=url))
    try:
        yield container.fairlead()
    finally:
        container.storage().close()


def furnish(url: str, *capacities: int) -> None:
    """Create a source, and operators with these capacities and with weights 1, 2, 3, ..."""
    with opened(url) as fairlead:
        operators = [
            fairlead.create_operator(CreateOperator(f"Operator {number}", capacity))
            for number, capacity in enumerate(capacities)
        ]
        fairlead.create_source(CreateSource("telegram"))
        fairlead.replace_allocations(
            ReplaceAllocations(
                "telegram", [(each.id, number + 1) for number, each in enumerate(operators)]
            )
        )


def all_contacts(fairlead: Fairlead, source: str | None = None) -> Iterator[ContactView]:
    """Yield every contact, of one source or of all, page by page."""
    after, more = None, True
    while more:
        page = fairlead.contacts.contacts(ContactFilter(source), limit=200, after=after)
        yield from page.items
        after, more = page.items[-1].id if page.items else None, page.more


@contextmanager
def started(
    database_url: str,
    folder: Path,
    command: Sequence[str] = UVICORN,
    port: int = 0,
    host: str = "127.0.0.1",
) -> Iterator[Server]:
    """Start a server, wait until it answers, and make sure that it is gone afterwards."""
    with socket.create_server(("127.0.0.1", port)) as reserved:
        port = reserved.getsockname()[1]
    log = folder / f"server-{port}.log"
    log.touch()
    process = start(
        *(*command, "--host", host, "--port", str(port)),
        output=log,
        environment={**os.environ, "FAIRLEAD_DATABASE_URL": database_url},
    )
    server = Server(f"http://{f'[{host}]' if ':' in host else host}:{port}", log, process)
    try:
        with server.client() as client:
            # On a busy machine, several workers take half a minute.
            until(lambda: alive(client), server, 90)
        yield server
    finally:
        if process.poll() is None:
            server.kill()


def alive(client: httpx.Client) -> bool:
    """Tell whether the server answers."""
    try:
        return client.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def get(server: Server, path: str) -> int:
    """Return the status of the answer to a GET of a path."""
    return httpx.get(server.url + path, trust_env=False, timeout=30).status_code


def until(condition: Callable[[], bool], server: Server, seconds: float = 20) -> None:
    """Wait until a condition holds, but no longer than this."""
    end = time.monotonic() + seconds
    while not condition():
        assert server.process.poll() is None, server.said()
        assert time.monotonic() < end, server.said()
        time.sleep(0.02)


def contact(name: str, source: str = "telegram") -> dict[str, Any]:
    """Return the body of a registration."""
    return {"source": source, "lead": {"identities": {"telegram": name}}}


@dataclass
class Load:
    """What the answers were to threads that each registered one contact after another."""

    acknowledged: list[dict[str, Any]] = field(default_factory=list)
    refused: list[httpx.Response] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    """The kind of error of each request that got no answer."""


@contextmanager
def under_load(*servers: Server, threads: int = 8, enough: int = 100) -> Iterator[Load]:
    """Register continuously in many threads; the block begins when `enough` are acknowledged.

    When the block ends, the threads finish their current requests, and those are recorded, too.
    """
    load, stop, lock = Load(), threading.Event(), threading.Lock()
    ready = threading.Event()

    def register(number: int) -> None:
        with servers[number % len(servers)].client() as client:
            sent = 0
            while not stop.is_set():
                sent += 1
                try:
                    answer = client.post("/v1/contacts", json=contact(f"user-{number}-{sent}"))
                except httpx.TransportError as error:
                    with lock:
                        load.lost.append(type(error).__name__)
                    return
                with lock:
                    if answer.status_code == 201:
                        load.acknowledged.append(answer.json())
                    else:
                        load.refused.append(answer)
                    if len(load.acknowledged) >= enough:
                        ready.set()

    with ThreadPoolExecutor(threads) as pool:
        running = [pool.submit(register, number) for number in range(threads)]
        try:
            assert ready.wait(30), servers[0].said()
            yield load
        finally:
            stop.set()
        for each in running:
            each.result(60)
