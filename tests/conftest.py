"""Fixtures that all tests share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.postgresql import Databases, databases
from tests.support import World, open_world

ENGINES = ("memory", "sqlite", "postgresql")

# No test depends on the speed of the machine, and whatever runs beside it.
settings.register_profile("fairlead", deadline=None)
settings.load_profile("fairlead")


@pytest.fixture(autouse=True)
def environment_of_its_own() -> Iterator[None]:
    """What a command leaves in the environment, as `serve` does for workers, ends with the test."""
    before = dict(os.environ)
    yield
    if os.environ != before:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A database file of the test's own; nothing is in it yet."""
    return f"sqlite:///{tmp_path / 'fairlead.db'}"


@pytest.fixture(scope="session")
def server_of_databases() -> Iterator[Databases]:
    """A PostgreSQL server."""
    with databases() as opened:
        yield opened


@pytest.fixture
def postgresql(server_of_databases: Databases) -> Iterator[Databases]:
    """A PostgreSQL server; the databases made on it are removed after the test."""
    kept = server_of_databases.made()
    yield server_of_databases
    server_of_databases.drop(but=kept)


@pytest.fixture
def postgresql_url(postgresql: Databases) -> str:
    """A PostgreSQL database of the test's own, with a schema and nothing else."""
    return postgresql.migrated()


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest) -> str:
    """One storage after the other."""
    if request.param == "memory":
        return "memory://"
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def shared_url(request: pytest.FixtureRequest) -> str:
    """One database after the other that several processes can share."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """A wired application on each storage, with fakes for time, ids and chance."""
    with open_world(database_url) as opened:
        yield opened
