"""Database trouble while a server runs: 503 with a reason, and normal service afterwards."""

import resource
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
from sqlalchemy import make_url

from adapters.sql.engine import BUSY_TIMEOUT
from tests.e2e.server import ON_BOTH_ENGINES, Server, contact, started
from tests.e2e.test_life import created, house


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Hold the database's write lock, as another program may."""
    with closing(connected(url)) as other:
        if isinstance(other, psycopg.Connection):
            other.execute("BEGIN")
            other.execute("UPDATE write_lock SET version = version + 1")
        else:
            other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")


def connected(url: str) -> sqlite3.Connection | psycopg.Connection:
    """Connect to a database as another program; it begins its transactions itself."""
    if url.startswith("sqlite:"):
        return sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def read_only(url: str) -> str:
    """Return a URL of the database through which nothing can be written."""
    if url.startswith("sqlite:"):
        return f"sqlite:///file:{url.removeprefix('sqlite:///')}?mode=ro&uri=true"
    # Like a standby that has not been told yet that it is the primary now.
    settings = {"options": "-c default_transaction_read_only=on"}
    return make_url(url).update_query_dict(settings).render_as_string(hide_password=False)


def unavailable(answer: httpx.Response, reason: str) -> None:
    """Assert that an answer is what callers must get while the storage is unavailable."""
    assert answer.status_code == 503, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) > 0
    problem = answer.json()
    assert problem["code"] == "storage_unavailable"
    assert reason in problem["detail"]
    assert "INSERT" not in answer.text
    assert "ivan" not in answer.text


def quick(client: httpx.Client, path: str) -> Any:
    """Return the answer to a call that must not wait for a lock, which would take longer."""
    answer = client.get(path, timeout=BUSY_TIMEOUT / 2)
    assert answer.status_code == 200, answer.text
    return answer.json()


@ON_BOTH_ENGINES
def test_reads_and_health_answer_while_a_batch_waits_for_the_lock(
    server: Server, client: httpx.Client, database_url: str
) -> None:
    house(client, "batch", 10_000)
    batch = {"contacts": [contact(f"user-{n}", "batch") for n in range(1000)]}
    with ThreadPoolExecutor(2) as pool:
        with locked(database_url):
            waiting = pool.submit(client.post, "/v1/contacts/batch", json=batch)
            creating = pool.submit(
                client.post, "/v1/operators", json={"name": "Late", "capacity": 1}
            )
            end = time.monotonic() + 1
            while time.monotonic() < end:
                assert quick(client, "/healthz") == {"status": "alive"}
                assert quick(client, "/readyz") == {"status": "ready"}
                assert quick(client, "/v1/operators?limit=1")["items"]
                assert quick(client, "/v1/contacts?source=batch")["items"] == []
                time.sleep(0.02)
            assert not waiting.done()
            assert not creating.done()
        results = waiting.result().json()["results"]
        assert [each["status"] for each in results] == [201] * 1000
        assert creating.result().status_code == 201
    assert server.process.poll() is None


@ON_BOTH_ENGINES
def test_a_database_that_stays_locked_gives_503_until_it_is_free(
    client: httpx.Client, database_url: str
) -> None:
    house(client, "locked", 10)
    with locked(database_url):
        unavailable(client.post("/v1/contacts", json=contact("ivan", "locked")), "lock")
        assert quick(client, "/healthz") == {"status": "alive"}
        assert quick(client, "/v1/contacts?source=locked")["items"] == []
    assert created(client, "/v1/contacts", contact("ivan", "locked"))["state"] == "assigned"


def test_a_full_disk_gives_503_and_nothing_is_half_done(
    server: Server, client: httpx.Client
) -> None:
    (operator,) = house(client, "full", 100_000)
    before = created(client, "/v1/contacts", contact("ivan", "full"))
    # No file of that process may grow, so a write is answered as on a full disk.
    unlimited = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (4096, unlimited[1]))
    unavailable(client.post("/v1/contacts", json=contact("petr", "full")), "database")
    unavailable(client.post("/v1/operators", json={"name": "Bob", "capacity": 1}), "database")
    unavailable(client.post(f"/v1/contacts/{before['id']}/close"), "database")
    batch = {"contacts": [contact(f"petr-{n}", "full") for n in range(10)]}
    answer = client.post("/v1/contacts/batch", json=batch)
    if answer.status_code == 200:
        assert {each["status"] for each in answer.json()["results"]} == {503}
    else:
        unavailable(answer, "database")
    assert quick(client, "/healthz") == {"status": "alive"}
    assert [each["id"] for each in quick(client, "/v1/contacts?source=full")["items"]] == [
        before["id"]
    ]

    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, unlimited)
    assert created(client, "/v1/contacts", contact("petr", "full"))["state"] == "assigned"
    assert client.get("/readyz").status_code == 200
    assert client.get(f"/v1/operators/{operator}").json()["load"] == 2


@ON_BOTH_ENGINES
def test_a_database_that_is_read_only_is_read_and_writing_gives_503(
    server: Server, client: httpx.Client, database_url: str, tmp_path: Path
) -> None:
    house(client, "readonly", 10)
    before = created(client, "/v1/contacts", contact("ivan", "readonly"))
    with started(read_only(database_url), tmp_path) as reader, reader.client() as reading:
        unavailable(reading.post("/v1/contacts", json=contact("ivan", "readonly")), "read-only")
        unavailable(reading.post("/v1/sources", json={"key": "web"}), "read-only")
        unavailable(reading.post(f"/v1/contacts/{before['id']}/close"), "read-only")
        assert quick(reading, f"/v1/contacts/{before['id']}") == before
        assert quick(reading, "/healthz") == {"status": "alive"}
        reader.stop()
        assert "internal_error" not in reader.said()
    assert (
        created(client, "/v1/contacts", contact("ivan", "readonly"))["lead"]["id"]
        == before["lead"]["id"]
    )
    assert server.process.poll() is None


@ON_BOTH_ENGINES
def test_a_client_that_goes_away_takes_nothing_with_it(
    server: Server, client: httpx.Client, database_url: str
) -> None:
    house(client, "impatient", 10)
    with locked(database_url), server.client(timeout=0.3) as impatient:
        try:
            impatient.post(
                "/v1/contacts", json=contact("ivan", "impatient"), headers={"Idempotency-Key": "k"}
            )
        except httpx.ReadTimeout:
            pass
        else:
            raise AssertionError("the database was not locked")
    # Its request is carried out, and sending it again finds the contact.
    again = client.post(
        "/v1/contacts", json=contact("ivan", "impatient"), headers={"Idempotency-Key": "k"}
    )
    assert again.status_code == 200, again.text
    assert again.headers["idempotency-replayed"] == "true"
    assert len(client.get("/v1/contacts?source=impatient").json()["items"]) == 1
