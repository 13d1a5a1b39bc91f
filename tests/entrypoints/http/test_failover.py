"""PostgreSQL failover: the service carries on by itself, and says so when it cannot."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx
import psycopg
import pytest
from sqlalchemy import URL
from typer.testing import CliRunner

from entrypoints.cli.main import app
from entrypoints.container import Container, build_container
from entrypoints.settings import Settings
from entrypoints.web import create_app
from tests.chaos.proxy import Proxy, proxy_to
from tests.entrypoints.http.client import Client, serving
from tests.entrypoints.http.expectations import answered, refused
from tests.postgresql import PostgresqlServer, postgresql_server
from tests.support import open_world


class Service(NamedTuple):
    """A service, and a client of it."""

    container: Container
    client: Client

    def register(self) -> httpx.Response:
        body = {"source": "telegram", "lead": {"identities": {"vk": f"{time.monotonic_ns()}"}}}
        return self.client.post("/v1/contacts", json=body)

    def works(self) -> None:
        """Assert that everything works, from the first call on."""
        answered(self.register(), 201)
        assert answered(self.client.get("/readyz")) == {"status": "ready"}
        assert self.container.fairlead().check_invariants() == []

    def cannot_write(self, reason: str) -> None:
        """Assert that a registration and /readyz fail for this reason, every time."""
        for _ in range(2):
            for response in (self.register(), self.client.get("/readyz")):
                assert reason in refused(response, "storage_unavailable")["detail"]


@contextmanager
def service(url: URL) -> Iterator[Service]:
    container = build_container(Settings(database_url=shown(url)))
    with serving(create_app(container=container)) as client:
        yield Service(container, client)


@pytest.fixture(scope="module")
def replicated() -> Iterator[tuple[PostgresqlServer, PostgresqlServer]]:
    """A server with a source, and a streaming replica of it."""
    with postgresql_server() as primary, postgresql_server(primary) as replica:
        with open_world(shown(primary.url)) as world:
            world.source((world.operator(), 1))
        caught_up(primary, replica)
        yield primary, replica


@pytest.fixture(scope="module")
def proxy(replicated: tuple[PostgresqlServer, PostgresqlServer]) -> Iterator[Proxy]:
    """An address that leads to the primary at first."""
    with proxy_to("127.0.0.1", replicated[0].port) as opened:
        yield opened


def shown(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def run(server: PostgresqlServer, statement: str) -> tuple[Any, ...] | None:
    address = shown(server.url.set(drivername="postgresql"))
    with psycopg.connect(address, autocommit=True) as connection:
        done = connection.execute(statement)
        return done.fetchone() if done.description else None


def until(server: PostgresqlServer, statement: str, answer: object) -> None:
    deadline = time.monotonic() + 20
    while run(server, statement) != (answer,):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def caught_up(primary: PostgresqlServer, replica: PostgresqlServer) -> None:
    """Wait until the replica has everything that the primary has."""
    (there,) = run(primary, "SELECT pg_current_wal_insert_lsn()") or ()
    until(replica, f"SELECT pg_last_wal_replay_lsn() >= '{there}'", answer=True)


def let_write(server: PostgresqlServer, *, only_read: str) -> None:
    """Make a server's sessions writable or, as on a replaced server, read-only; they stay open."""
    run(server, f"ALTER SYSTEM SET default_transaction_read_only = {only_read}")
    run(server, "SELECT pg_reload_conf()")
    until(server, "SHOW default_transaction_read_only", only_read)


def test_a_standby_is_no_database_to_begin_with(
    replicated: tuple[PostgresqlServer, PostgresqlServer],
) -> None:
    _, replica = replicated
    there = ["--database-url", shown(replica.url)]
    for words in (["migrate"], ["serve", "--port", "0"], ["keys", "create", "--role", "admin"]):
        done = CliRunner().invoke(app, [*words, *there])
        assert done.exit_code == 2
        assert done.stderr.startswith("fairlead: the ")
        assert "a standby" in done.stderr
    # Commands that only read may run on the standby, to spare the primary.
    for words in (["check"], ["keys", "list"]):
        assert CliRunner().invoke(app, [*words, *there]).exit_code == 0


def test_a_server_that_lets_nobody_write_for_a_while(
    replicated: tuple[PostgresqlServer, PostgresqlServer],
) -> None:
    primary, _ = replicated
    with service(primary.url) as one:
        one.works()
        let_write(primary, only_read="on")
        one.cannot_write("default_transaction_read_only is on")
        answered(one.client.get("/v1/contacts"))
        let_write(primary, only_read="off")
        one.works()


def test_a_standby_takes_over_and_the_service_goes_on_without_a_restart(
    replicated: tuple[PostgresqlServer, PostgresqlServer], proxy: Proxy
) -> None:
    """Tested with an address that moves, and with a URL that names both servers."""
    primary, replica = replicated
    hosts = [f"127.0.0.1:{each.port}" for each in replicated]
    both = primary.url.set(host=None, port=None, query={"host": hosts})
    with (
        service(primary.url.set(port=proxy.port)) as near,
        service(both) as far,
    ):
        near.works()
        far.works()
        let_write(primary, only_read="on")
        caught_up(primary, replica)
        # Too early: not promoted yet. No open session with the old primary is used.
        proxy.lead_to("127.0.0.1", replica.port)
        near.cannot_write("standby")
        answered(near.client.get("/v1/contacts"))
        far.cannot_write("session is read-only")
        run(replica, "SELECT pg_promote()")
        near.works()
        far.works()
        primary.stop()
        near.works()
        far.works()
