"""A server for the tests of one module, which share it and must leave it healthy."""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests.e2e.server import Server, migrated, opened, started
from tests.postgresql import Databases


@dataclass
class Running:
    """A running server with its database."""

    server: Server
    database_url: str


@pytest.fixture
def migrated_url(shared_url: str) -> str:
    """The URL of a database with a schema and nothing else, on each engine in turn."""
    migrated(shared_url)
    return shared_url


@pytest.fixture(scope="module")
def running(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    server_of_databases: Databases,
) -> Iterator[Running]:
    """A running server; it must end without a defect and leave sound data.

    Its database is a file, unless a module says otherwise; see ON_BOTH_ENGINES.
    """
    folder = tmp_path_factory.mktemp("server")
    url = f"sqlite:///{folder / 'fairlead.db'}"
    if getattr(request, "param", "sqlite") == "postgresql":
        url = server_of_databases.empty()
    migrated(url)
    with started(url, folder) as server:
        yield Running(server, url)
        server.stop()
        assert "Traceback" not in server.said()
    with opened(url) as fairlead:
        assert fairlead.check_invariants() == []


@pytest.fixture
def server(running: Running) -> Server:
    """The server."""
    return running.server


@pytest.fixture
def database_url(running: Running) -> str:
    """The URL of the server's database."""
    return running.database_url


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    """A client of that server."""
    with server.client() as opened_client:
        yield opened_client
