"""A pool between the processes and PostgreSQL that hands out connections per transaction."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL, make_url

from tests.chaos.conftest import Fleet
from tests.chaos.storm import Storm, assert_nothing_lost_and_nothing_twice, size
from tests.e2e.server import furnish
from tests.postgresql import as_somebody_else

CONNECTIONS = 3
"""Connections to the server; fewer than are wanted at a time."""

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@pytest.fixture
def pooled_url(postgresql_url: str, tmp_path: Path) -> Iterator[str]:
    """The URL of the test's database through PgBouncer."""
    if PGBOUNCER is None:
        pytest.skip("there is no pgbouncer here")
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    url = make_url(postgresql_url)
    configuration = tmp_path / "pgbouncer.ini"
    configuration.write_text(
        f"""
[databases]
* = {server_of(url)}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {CONNECTIONS}
max_client_conn = 1000
"""
    )
    # The user that it runs as may have no access to the test's folder.
    with configuration.open() as readable, (tmp_path / "pgbouncer.log").open("wb") as log:
        process = subprocess.Popen(
            [PGBOUNCER, f"/dev/fd/{readable.fileno()}"],
            pass_fds=[readable.fileno()],
            stdout=log,
            stderr=log,
            **as_somebody_else(),
        )
    pooled = url.set(host="127.0.0.1", port=port, password=None)
    asked = pooled.update_query_dict({"prepare_threshold": "none"})
    try:
        until_it_answers(pooled, process)
        yield asked.render_as_string(hide_password=False)
    finally:
        process.kill()
        process.wait()


def until_it_answers(url: URL, process: "subprocess.Popen[bytes]") -> None:
    address, deadline = url.set(drivername="postgresql").render_as_string(), time.monotonic() + 20
    while True:
        try:
            psycopg.connect(address).close()
        except psycopg.OperationalError:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        else:
            return


def server_of(url: URL) -> str:
    told = {"host": url.host, "port": url.port, "user": url.username, "password": url.password}
    return " ".join(f"{name}={value}" for name, value in told.items() if value is not None)


def test_processes_behind_a_pool_keep_every_promise(
    postgresql_url: str, pooled_url: str, fleet: Fleet
) -> None:
    furnish(postgresql_url, 4, 4, 4)
    storm = Storm(fleet.start(pooled_url, pooled_url), closing=0.9)
    with storm.blowing(32):
        storm.wait_for(size(300, 5_000))
        assert 1 <= sessions(postgresql_url) <= CONNECTIONS
    assert storm.repeated == []
    assert_nothing_lost_and_nothing_twice(postgresql_url, storm)


def sessions(url: str) -> int:
    """Return how many other sessions there are in a database."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
    assert found
    return int(found[0])
