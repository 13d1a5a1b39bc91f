"""Fixtures of the contract suites: each storage in turn, reached through its ports."""

import pytest

from application.ports.storage import Storage
from tests.contract.given import Given
from tests.support import STORAGES, World


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_url" in metafunc.fixturenames:
        metafunc.parametrize("database_url", STORAGES, indirect=True)


@pytest.fixture
def given(world: World) -> Given:
    return Given(world)


@pytest.fixture
def storage(given: Given) -> Storage:
    return given.storage
