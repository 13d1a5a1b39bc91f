"""Fixtures that all tests share."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.postgresql import Databases, databases
from tests.support import STORAGES, World, open_world

LONGEST = (
    *("tests/test_image.py", "tests/test_readme.py", "tests/test_sbom.py", "tests/properties"),
    *("tests/chaos", "tests/e2e", "tests/browser", "tests/entrypoints/http/test_schemathesis.py"),
)
# No test depends on the speed of the machine, or on what else runs on it.
settings.register_profile("fairlead", deadline=None)
settings.load_profile("fairlead")


@pytest.fixture(autouse=True)
def environment_of_its_own() -> Iterator[None]:
    """Undo what a command leaves in the environment, as `serve` does for its workers."""
    before = dict(os.environ)
    yield
    if os.environ != before:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of the test's own database file, which does not exist yet."""
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
    """The URL of a PostgreSQL database for this test, with a schema and nothing else."""
    return postgresql.migrated()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that take longest, so that nobody waits for them at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


def pytest_collection_finish() -> None:
    """Hide permanent objects from the garbage collector: walking them took a sixth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests that are marked `every_storage` on every storage."""
    every = metafunc.definition.get_closest_marker("every_storage")
    if every and "database_url" in metafunc.fixturenames:
        metafunc.parametrize("database_url", STORAGES, indirect=True)


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of memory, or of each storage in turn if the test is marked `every_storage`."""
    storage = getattr(request, "param", "memory")
    if storage == "memory":
        return "memory://"
    url: str = request.getfixturevalue(f"{storage}_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def shared_url(request: pytest.FixtureRequest) -> str:
    """The URL of each database in turn that several processes can share."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """A wired application, with fakes for time, ids and chance."""
    with open_world(database_url) as opened:
        yield opened
