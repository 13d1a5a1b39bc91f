"""Fixtures that all tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import World, open_world

ENGINES = ("memory", "sqlite")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A database file of the test's own; nothing is in it yet."""
    return f"sqlite:///{tmp_path / 'fairlead.db'}"


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest) -> str:
    """One storage after the other."""
    if request.param == "memory":
        return "memory://"
    url: str = request.getfixturevalue("sqlite_url")
    return url


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """A wired application on each storage, with fakes for time, ids and chance."""
    with open_world(database_url) as opened:
        yield opened
