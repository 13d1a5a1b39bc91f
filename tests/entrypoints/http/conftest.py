"""HTTP clients for a wired application."""

from collections.abc import Iterator

import pytest

from tests.entrypoints.http.client import Client, serving_world
from tests.support import World, open_world


@pytest.fixture
def client(world: World) -> Iterator[Client]:
    """Call the application that `world` holds."""
    with serving_world(world) as opened:
        yield opened


@pytest.fixture
def memory() -> Iterator[World]:
    """A wired application without a database, for tests where the storage makes no difference."""
    with open_world() as opened:
        yield opened


@pytest.fixture
def caller(memory: World) -> Iterator[Client]:
    """Call the application that `memory` holds."""
    with serving_world(memory) as opened:
        yield opened
