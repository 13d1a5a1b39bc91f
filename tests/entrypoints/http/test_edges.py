"""Edge cases that were once wrong: locked databases, callers that hang up, odd spellings."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.sql import sqlite as sqlite_adapter
from domain import limits
from entrypoints.settings import Settings
from entrypoints.web import create_app
from tests.entrypoints.http.client import Client, serving_world
from tests.entrypoints.http.expectations import answered, refused
from tests.support import World, open_world

CONTACT = {"source": "telegram", "lead": {"identities": {"telegram": "ivan"}}}


@contextmanager
def locked(file: Path, seconds: float) -> Iterator[None]:
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    free = threading.Timer(seconds, lambda: other.execute("ROLLBACK"))
    free.start()
    try:
        yield
    finally:
        free.join()
        other.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "fairlead.db"


@pytest.fixture
def sqlite(file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[World, Client]]:
    """An application that waits one second for a locked file instead of ten."""
    monkeypatch.setattr(sqlite_adapter, "BUSY_TIMEOUT", 1.0)
    with open_world(f"sqlite:///{file}") as world, serving_world(world) as client:
        yield world, client


def test_registrations_that_come_together_while_the_database_is_locked_get_503_in_time(
    file: Path, sqlite: tuple[World, Client]
) -> None:
    world, client = sqlite
    world.source()
    start = time.monotonic()
    took: list[float] = []

    async def call(http: httpx.AsyncClient) -> httpx.Response:
        answer = await http.post("/v1/contacts", json=CONTACT, timeout=100)
        took.append(time.monotonic() - start)
        return answer

    with locked(file, 6):
        answers = client.together(call, call, call)
        assert {each.status_code for each in answers} == {503}
        assert max(took) < 5


def test_reads_answer_while_fifty_writers_wait_for_the_lock(file: Path) -> None:
    took: list[float] = []

    async def write(http: httpx.AsyncClient) -> httpx.Response:
        return await http.post("/v1/operators", json={"name": "A", "capacity": 1}, timeout=100)

    async def read(http: httpx.AsyncClient) -> httpx.Response:
        await asyncio.sleep(0.5)
        start = time.monotonic()
        answer = await http.get("/v1/operators", timeout=100)
        took.append(time.monotonic() - start)
        return answer

    with open_world(f"sqlite:///{file}") as world, serving_world(world) as client:
        world.operator("Ann")
        with locked(file, 4):
            *written, seen = client.together(*[write] * 50, read)
    assert [each["name"] for each in answered(seen)["items"]] == ["Ann"]
    assert took[0] < 1
    # They did wait, and not in vain.
    assert [each.status_code for each in written] == [201] * 50


def test_a_thousand_allocations_fit_into_a_body(caller: Client, memory: World) -> None:
    memory.source(key="web")
    ids = [str(memory.operator().id) for _ in range(1000)]
    body = {"allocations": [{"operator_id": each, "weight": 1_000_000} for each in ids]}
    answer = caller.put("/v1/sources/web/allocations", json=body)
    assert len(answered(answer)["allocations"]) == 1000


def test_a_caller_that_hangs_up_while_it_sends_is_no_defect(memory: World) -> None:
    app = create_app(container=memory.container)
    statuses: list[int] = []

    async def hang_up() -> None:
        messages = iter(
            [
                {"type": "http.request", "body": b"{", "more_body": True},
                {"type": "http.disconnect"},
            ]
        )

        async def receive() -> Any:
            return next(messages)

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "path": "/v1/contacts",
            "raw_path": b"/v1/contacts",
            "query_string": b"",
            "root_path": "",
            "scheme": "http",
            "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")],
            "server": ("localhost", 80),
            "client": ("127.0.0.1", 1),
        }
        await app(scope, receive, send)

    asyncio.run(hang_up())
    assert statuses == [422]


@pytest.mark.parametrize("moment", ["0.5", "2026", "1700000000", "1e3", "-5"])
@pytest.mark.parametrize("path", ["/v1/contacts", "/v1/stats/distribution"])
def test_a_number_is_no_moment(caller: Client, path: str, moment: str) -> None:
    refused(caller.get(f"{path}?since={moment}"), "validation_failed", "since")


def test_the_document_says_which_kinds_and_values_identities_have() -> None:
    schemas = create_app(Settings(database_url="memory://")).openapi()["components"]["schemas"]
    identities = schemas["NewContactLead"]["properties"]["identities"]
    assert identities["propertyNames"] == {"pattern": limits.IDENTITY_KIND}
    assert identities["additionalProperties"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}
    assert identities["maxProperties"] == limits.MAX_IDENTITIES


@pytest.mark.parametrize("path", ["/v1/sources/A", "/v1/operators/-", "/v1/leads/x"])
def test_a_parameter_of_the_path_is_named_as_it_is_documented(caller: Client, path: str) -> None:
    (error,) = refused(caller.get(path), "validation_failed")["errors"]
    assert error["field"] in {"key", "operator_id", "lead_id"}


def test_an_item_of_a_batch_has_a_contact_or_an_error_and_never_both_keys(
    caller: Client, memory: World
) -> None:
    memory.source()
    good, bad = answered(caller.post("/v1/contacts/batch", json={"contacts": [CONTACT, {}]}))[
        "results"
    ]
    assert set(good) == {"status", "contact"}
    assert set(bad) == {"status", "error"}


def test_every_body_has_an_example_and_every_answer_a_media_type() -> None:
    document = create_app(Settings(database_url="memory://")).openapi()
    for path, methods in document["paths"].items():
        for operation in methods.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                schema = content["schema"]
                for each in schema.get("anyOf", [schema]):
                    name = each["$ref"].rpartition("/")[2]
                    assert document["components"]["schemas"][name].get("examples"), name
            for status, response in operation["responses"].items():
                assert response.get("content") or status in {"204", "304"}, (path, status)
                if status == "201":
                    assert "Location" in response.get("headers", {}), path


@pytest.mark.parametrize("path", ["/v1/sources/", "/v1/contacts/", "/static"])
def test_a_slash_too_many_is_a_path_that_is_not_there(caller: Client, path: str) -> None:
    refused(caller.get(path), "not_found")


def test_a_length_of_five_thousand_digits_is_too_large(caller: Client) -> None:
    headers = {"content-type": "application/json", "content-length": "1" * 5000}
    refused(caller.post("/v1/contacts", content=b"{}", headers=headers), "body_too_large")


def test_a_full_queue_answers_503_and_says_when_to_come_again(
    caller: Client, memory: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("application.intake.MOST_WAITING", 0)
    memory.source()
    answer = caller.post("/v1/contacts", json=CONTACT)
    assert refused(answer, "overloaded")["status"] == 503
    assert answer.headers["Retry-After"] == "1"
    batch = answered(caller.post("/v1/contacts/batch", json={"contacts": [CONTACT]}))
    assert batch["results"][0]["error"]["code"] == "overloaded"


def test_behind_a_proxy_that_sets_a_root_path_the_router_takes_registrations(
    memory: World,
) -> None:
    """The front door matches only the plain path; the declared route handles the same call."""
    memory.source()
    app = create_app(container=memory.container)

    async def story() -> tuple[httpx.Response, httpx.Response]:
        transport = httpx.ASGITransport(app, root_path="/crm")
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return (
                await client.post("/crm/v1/contacts", json=CONTACT),
                await client.post("/crm/v1/contacts", json={**CONTACT, "source": "nowhere"}),
            )

    good, bad = asyncio.run(story())
    assert answered(good, 201)["source"] == "telegram"
    refused(bad, "unknown_source")
