"""Servers to measure: Fairlead itself, and the empty FastAPI POST that it is measured against."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import uuid4

from fastapi import FastAPI

from application.fairlead import Fairlead
from application.operators import CreateOperator
from application.sources import CreateSource, ReplaceAllocations
from entrypoints.http.schemas import ContactOut, NewContact

SOURCE = "bench"


def prepare(fairlead: Fairlead, operators: int = 10) -> None:
    """Make a source with operators who have room for everything."""
    made = [
        fairlead.create_operator(CreateOperator(f"Operator {number}", 1_000_000))
        for number in range(operators)
    ]
    fairlead.create_source(CreateSource(SOURCE))
    weights = [(operator.id, number + 1) for number, operator in enumerate(made)]
    fairlead.replace_allocations(ReplaceAllocations(SOURCE, weights))


def create_empty() -> FastAPI:
    """Build an ordinary FastAPI application that answers without doing anything."""
    app = FastAPI()
    some_id, now = uuid4(), datetime.now(UTC)
    answer = {
        "id": some_id,
        "state": "assigned",
        "source": SOURCE,
        "lead": {"id": some_id, "name": None, "created": True, "conflicts": []},
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


@contextmanager
def serving(factory: str, database_url: str) -> Iterator[str]:
    """Serve an application in a process of its own; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "--factory", factory, "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--no-access-log", "--log-level", "error"],
        env={**os.environ, "FAIRLEAD_DATABASE_URL": database_url},
    )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait(address, process)
        yield address
    finally:
        process.terminate()
        process.wait()


def _wait(address: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise RuntimeError("the server ended before it answered")
        try:
            urllib.request.urlopen(f"{address}/openapi.json").close()  # noqa: S310 -- loopback
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the server did not answer within ten seconds")
