"""A read database: lists and statistics come from there, and nothing else does."""

import asyncio
import socket
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from dependency_injector import providers

from adapters.sql.migrate import migrate
from adapters.sql.opening import open_database, open_read_database
from application.ports.statistics import (
    EVER,
    HourSpan,
    OperatorStatistics,
    SourceDistribution,
    SourceTotal,
    SourceWaits,
    StatisticsReader,
)
from entrypoints.web import create_app
from tests.entrypoints.http.client import Client, serving, serving_world
from tests.entrypoints.http.expectations import answered, refused
from tests.postgresql import Databases, PostgresqlServer, postgresql_server
from tests.support import World, open_world

LISTS = (
    "/v1/contacts",
    "/v1/leads",
    "/v1/leads?identity=vk:somebody",
    "/v1/operators",
    "/v1/sources",
    "/v1/stats/distribution",
    "/v1/stats/operators",
    "/v1/audit",
)


@dataclass
class Pair:
    """A service that reads lists from another database, and the contents of both."""

    client: Client
    primary: World
    elsewhere: World


@pytest.fixture(params=["sqlite", "postgresql"])
def elsewhere_url(request: pytest.FixtureRequest, tmp_path: Path, postgresql: Databases) -> str:
    """The URL of another, empty database, on each engine in turn."""
    if request.param == "postgresql":
        return postgresql.empty()
    return f"sqlite:///{tmp_path / 'elsewhere.db'}"


@pytest.fixture
def pair(shared_url: str, elsewhere_url: str) -> Iterator[Pair]:
    """One contact in the primary and two elsewhere, of the same person on different sources."""
    with (
        open_world(elsewhere_url) as elsewhere,
        open_world(shared_url, beside=elsewhere, read_database_url=elsewhere_url) as primary,
        serving_world(primary) as client,
    ):
        elsewhere.source((elsewhere.operator("Eve"), 1), key="elsewhere")
        elsewhere.register("elsewhere", vk="somebody")
        elsewhere.register("elsewhere", vk="somebody")
        primary.source((primary.operator("Pat"), 1), key="primary")
        primary.register("primary", vk="somebody")
        yield Pair(client, primary, elsewhere)


def test_lists_and_statistics_are_read_elsewhere(pair: Pair) -> None:
    lead = pair.elsewhere.register("elsewhere", vk="somebody").lead
    found = {path: answered(pair.client.get(path)) for path in LISTS}
    assert [each["source"] for each in found["/v1/contacts"]["items"]] == ["elsewhere"] * 3
    for path in LISTS[1:3]:
        assert [each["id"] for each in found[path]["items"]] == [str(lead.id)]
    assert [each["name"] for each in found["/v1/operators"]["items"]] == ["Eve"]
    assert [each["key"] for each in found["/v1/sources"]["items"]] == ["elsewhere"]
    (distribution,) = found["/v1/stats/distribution"]["sources"]
    assert (distribution["source"], distribution["total"]) == ("elsewhere", 3)
    (operator,) = found["/v1/stats/operators"]["items"]
    assert operator["contacts"] == {"elsewhere": 3}
    assert {each["subject"] for each in found["/v1/audit"]["items"]} == {
        "elsewhere",
        operator["operator"]["id"],
    }


def test_what_was_acknowledged_is_shown_at_once(pair: Pair) -> None:
    """Single records are read where they were written."""
    body = {"source": "primary", "lead": {"identities": {"vk": "just now"}}}
    made = answered(pair.client.post("/v1/contacts", json=body), 201)
    contact = f"/v1/contacts/{made['id']}"
    lead = f"/v1/leads/{made['lead']['id']}"
    assert answered(pair.client.get(contact)) == made
    assert answered(pair.client.get(f"{contact}/decision"))["contact_id"] == made["id"]
    assert answered(pair.client.get(f"{contact}/history"))["items"]
    assert [each["id"] for each in answered(pair.client.get(lead))["contacts"]] == [made["id"]]
    assert len(answered(pair.client.get(f"{lead}/export"))["contacts"]) == 1
    operator = made["operator"]
    assert answered(pair.client.get(f"/v1/operators/{operator['id']}"))["load"] == 2
    assert answered(pair.client.get("/v1/sources/primary"))["key"] == "primary"
    assert answered(pair.client.post(f"{contact}/close"))["state"] == "closed"
    assert 'source="primary"' in pair.client.get("/metrics").text
    assert pair.elsewhere.defects() == []
    assert len(answered(pair.client.get("/v1/contacts"))["items"]) == 2, "nothing came there"


def still_works(client: Client, source: str) -> None:
    """Assert that everything works except lists, and that lists say what is wrong."""
    for path in LISTS:
        response = client.get(path)
        assert "the read database" in refused(response, "storage_unavailable")["detail"]
        assert int(response.headers["retry-after"]) > 0
    assert answered(client.get("/readyz")) == {"status": "ready"}
    body = {"source": source, "lead": {"identities": {"vk": f"{time.monotonic()}"}}}
    made = answered(client.post("/v1/contacts", json=body), 201)
    assert answered(client.get(f"/v1/contacts/{made['id']}")) == made
    assert client.get("/metrics").status_code == 200


@pytest.mark.parametrize("elsewhere", ["sqlite", "postgresql"])
def test_lists_answer_503_while_it_is_away_and_nothing_else_does(
    shared_url: str, tmp_path: Path, elsewhere: str, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "nowhere.db"
    url = f"sqlite:///{file}"
    if elsewhere == "postgresql":
        with socket.create_server(("127.0.0.1", 0)) as reserved:
            port = reserved.getsockname()[1]
        url = f"postgresql+psycopg://somebody:se-cret@127.0.0.1:{port}/fairlead"
    with (
        open_world(shared_url, read_database_url=url) as world,
        serving_world(world) as client,
    ):
        world.source((world.operator(), 1))
        still_works(client, "telegram")
    assert "lists and statistics may answer 503: the read database" in caplog.text
    assert "se-cret" not in caplog.text
    assert not file.exists()


def test_an_older_schema_is_said_at_the_start_and_never_migrated(
    sqlite_url: str, elsewhere_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    old = open_database(elsewhere_url)
    migrate(old, "0005")
    with open_world(sqlite_url, read_database_url=elsewhere_url) as world:
        with serving_world(world) as client:
            assert answered(client.get("/readyz")) == {"status": "ready"}
        assert "the read database has schema 0005 and this release needs" in caplog.text
    with old.snapshot() as connection:
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version")
        assert found.scalar_one() == "0005"
    old.dispose()


def test_nothing_is_said_of_one_that_is_well(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    with serving(create_app(container=pair.primary.container)):
        pass
    assert caplog.text == ""


def test_it_cannot_be_written_even_by_mistake(elsewhere_url: str) -> None:
    made = open_database(elsewhere_url)
    migrate(made)
    made.dispose()
    database = open_read_database(elsewhere_url)
    with database.snapshot() as connection, pytest.raises(database.errors, match=r"read-?only"):
        connection.exec_driver_sql("DELETE FROM leads")
    database.dispose()


class SilentStatistics(StatisticsReader):
    """Does not answer until the test says so."""

    def __init__(self) -> None:
        self.answering = threading.Event()

    def distribution(
        self, *, sources: Collection[str] | None, span: HourSpan
    ) -> list[SourceDistribution]:
        raise NotImplementedError

    def totals(self, span: HourSpan = EVER) -> list[SourceTotal]:
        raise NotImplementedError

    def waiting_since(self) -> dict[str, datetime]:
        raise NotImplementedError

    def operators(self) -> list[OperatorStatistics]:
        assert self.answering.wait(30)
        return []

    def by_hour(self, *, source: str | None, span: HourSpan) -> dict[int, int]:
        raise NotImplementedError

    def registered(self, since: datetime, until: datetime) -> int:
        raise NotImplementedError

    def waits(self, most: Mapping[str, int], *, span: HourSpan, now: datetime) -> list[SourceWaits]:
        raise NotImplementedError


def test_one_that_has_fallen_silent_takes_no_thread_from_other_reads(memory: World) -> None:
    """More lists wait for it than the server has threads."""
    silent = SilentStatistics()
    readers = replace(memory.container.readers(), statistics=silent)
    memory.container.readers.override(providers.Object(readers))
    operator = memory.operator()
    # Rebuild the application around the silent reader.
    memory.container.fairlead.reset()

    async def ask(client: httpx.AsyncClient) -> httpx.Response:
        return await client.get("/v1/stats/operators")

    async def look(client: httpx.AsyncClient) -> httpx.Response:
        await asyncio.sleep(0.2)
        try:
            async with asyncio.timeout(10):
                await client.get("/readyz")
                return await client.get(f"/v1/operators/{operator.id}")
        finally:
            silent.answering.set()

    with serving_world(memory) as client:
        *lists, shown = client.together(*[ask] * 60, look)
    assert answered(shown)["name"] == "Ann"
    assert {each.status_code for each in lists} == {200}


def test_no_list_waits_long_for_the_lists_before_it(
    memory: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With two at a time behind a silent database, the last one would wait for minutes."""
    monkeypatch.setattr("entrypoints.edge.listing._PATIENCE", 0.3)
    silent = SilentStatistics()
    readers = replace(memory.container.readers(), statistics=silent)
    memory.container.readers.override(providers.Object(readers))
    memory.container.fairlead.reset()

    async def ask(client: httpx.AsyncClient) -> httpx.Response:
        answer = await client.get("/v1/stats/operators")
        if answer.status_code == 503:
            refused_lists.append(answer)
        if len(refused_lists) == 8:
            silent.answering.set()
        return answer

    refused_lists: list[httpx.Response] = []
    with serving_world(memory) as client:
        lists = client.together(*[ask] * 10)
    assert sorted(each.status_code for each in lists) == [200] * 2 + [503] * 8
    assert {each.json()["code"] for each in refused_lists} == {"overloaded"}
    assert all(each.headers["retry-after"] for each in refused_lists)


@pytest.fixture(scope="module")
def replicated() -> Iterator[tuple[PostgresqlServer, PostgresqlServer]]:
    """A server and a streaming replica of it."""
    with postgresql_server() as primary, postgresql_server(primary) as replica:
        yield primary, replica


def on(server: PostgresqlServer, statement: str) -> Any:
    address = server.url.set(drivername="postgresql").render_as_string()
    with psycopg.connect(address, autocommit=True) as connection:
        return connection.execute(statement).fetchone()


@contextmanager
def behind(replica: PostgresqlServer) -> Iterator[None]:
    """Stop the replica from applying anything new."""
    on(replica, "SELECT pg_wal_replay_pause()")
    deadline = time.monotonic() + 20
    while on(replica, "SELECT pg_get_wal_replay_pause_state()") != ("paused",):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    try:
        yield
    finally:
        on(replica, "SELECT pg_wal_replay_resume()")


def listed(client: Client, number: int) -> None:
    """Wait until the list shows this many contacts."""
    deadline = time.monotonic() + 20
    while True:
        response = client.get("/v1/contacts")
        if response.status_code == 200 and len(response.json()["items"]) == number:
            return
        assert time.monotonic() < deadline, response.text
        time.sleep(0.02)


def test_a_streaming_replica_lags_goes_away_and_comes_back(
    replicated: tuple[PostgresqlServer, PostgresqlServer],
) -> None:
    primary, replica = replicated
    url = primary.url.render_as_string()
    with (
        open_world(url, read_database_url=replica.url.render_as_string()) as world,
        serving_world(world) as client,
    ):
        world.source((world.operator(), 1))
        world.register()
        listed(client, 1)
        with behind(replica):
            body = {"source": "telegram", "lead": {"identities": {"vk": "just now"}}}
            made = answered(client.post("/v1/contacts", json=body), 201)
            assert answered(client.get(f"/v1/contacts/{made['id']}")) == made
            assert len(answered(client.get("/v1/contacts"))["items"]) == 1, "of a moment ago"
        listed(client, 2)
        replica.stop()
        still_works(client, "telegram")
        replica.start()
        listed(client, 3)
