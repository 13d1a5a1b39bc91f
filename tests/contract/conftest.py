"""Fixtures of the contract suites: one storage after the other, reached through its ports."""

import pytest

from application.ports.storage import Storage
from tests.contract.given import Given
from tests.support import World


@pytest.fixture
def given(world: World) -> Given:
    return Given(world)


@pytest.fixture
def storage(given: Given) -> Storage:
    return given.storage
