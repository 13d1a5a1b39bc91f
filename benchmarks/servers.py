"""Servers to measure: Fairlead, and what it is compared with."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from fastapi import FastAPI

from application.fairlead import Fairlead
from application.operators import CreateOperator
from application.register_contacts import Registered
from application.sources import CreateSource, ReplaceAllocations
from entrypoints.container import build_container
from entrypoints.scripting import open_fairlead
from entrypoints.v1.schemas.contacts import ContactOut, NewContact

SOURCE = "bench"
_PYTHON = (sys.executable, "-c")
_UVICORN = (sys.executable, "-m", "uvicorn", "--no-access-log", "--log-level", "error", "--factory")
FAIRLEAD = (*_PYTHON, "from entrypoints.cli.main import app; app()", "serve")
EMPTY = (*_UVICORN, "benchmarks.servers:create_empty")
PLAIN = (*_UVICORN, "benchmarks.servers:create_plain")


class Server(NamedTuple):
    """A server in its own process."""

    address: str
    pid: int
    seconds_to_ready: float
    key: str | None = None

    @property
    def mebibytes(self) -> float:
        """Resident memory."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def database(folder: Path, name: str, operators: int = 10) -> str:
    """Create a database with a source whose operators never reach capacity; return its URL."""
    url = f"sqlite:///{folder / name}.db"
    with open_fairlead(url) as fairlead:
        prepare(fairlead, [SOURCE], operators)
    return url


def prepare(fairlead: Fairlead, sources: list[str], operators: int) -> None:
    """Create sources, and operators who serve them all, with weights 1, 2, 3 and so on."""
    made = [
        fairlead.create_operator(CreateOperator(f"Operator {number}", 1_000_000))
        for number in range(operators)
    ]
    weights = [(operator.id, number + 1) for number, operator in enumerate(made)]
    for key in sources:
        fairlead.create_source(CreateSource(key))
        fairlead.replace_allocations(ReplaceAllocations(key, weights))


def open_company(fairlead: Fairlead, capacity: int = 1_000_000) -> None:
    """Create thirty sources, bench-1 and so on, and forty operators, ten of them on each source."""
    made = [
        fairlead.create_operator(CreateOperator(f"Operator {number}", capacity))
        for number in range(1, 41)
    ]
    for number in range(30):
        key = f"bench-{number + 1}"
        fairlead.create_source(CreateSource(key))
        team = [made[(4 * number + each) % len(made)] for each in range(10)]
        weights = [(operator.id, weight) for weight, operator in enumerate(team, 1)]
        fairlead.replace_allocations(ReplaceAllocations(key, weights))


def create_empty() -> FastAPI:
    """Build an ordinary FastAPI application that answers without doing anything."""
    app = FastAPI()
    some_id, now = uuid4(), datetime.now(UTC)
    answer = {
        "id": some_id,
        "state": "assigned",
        "source": SOURCE,
        "lead": {"id": some_id, "name": None, "created": True, "conflicts": [], "unread": []},
        "operator": {"id": some_id, "name": "Operator 1"},
        "payload": {"text": "hello"},
        "created_at": now,
        "assigned_at": now,
        "closed_at": None,
    }

    @app.post("/v1/contacts", status_code=201, response_model=ContactOut)
    async def register_contact(body: NewContact) -> object:  # noqa: ARG001 -- parsed, not used
        return answer

    return app


def create_plain() -> FastAPI:
    """Build an ordinary FastAPI application that registers each contact in its own transaction."""
    app = FastAPI()
    register = build_container().fairlead().register_contacts

    @app.post("/v1/contacts", status_code=201, response_model=ContactOut)
    def register_contact(body: NewContact) -> object:
        (outcome,) = register([body.command()])
        if not isinstance(outcome, Registered):
            raise outcome
        return outcome.contact

    return app


@contextmanager
def serving(
    command: Sequence[str],
    database_url: str,
    ready: str = "/openapi.json",
    key: str | None = None,
) -> Iterator[Server]:
    """Run a server.

    Args:
        command: FAIRLEAD, EMPTY or PLAIN.
        database_url: the URL that is passed to it in the environment.
        ready: a path that it answers with 200 once it is ready.
        key: the API key that its callers need.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "FAIRLEAD_DATABASE_URL": database_url},
    )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait(f"{address}{ready}", process)
        yield Server(address, process.pid, time.perf_counter() - started, key)
    finally:
        process.terminate()
        process.wait()


def _wait(address: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError("the server ended before it answered")
        try:
            urllib.request.urlopen(address).close()  # noqa: S310 -- loopback
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise RuntimeError("the server did not answer within thirty seconds")
