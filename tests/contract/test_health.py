"""The contract of Health, and of migrating and closing a storage."""

from application.ports.storage import Storage
from tests.contract.given import Given


def test_a_migrated_storage_is_ready(storage: Storage) -> None:
    storage.health.ready()


def test_migrating_again_changes_nothing(storage: Storage, given: Given) -> None:
    operator = given.operator("Ann")
    storage.migrate()
    storage.health.ready()
    assert storage.catalogue.operator(operator.id).name == "Ann"


def test_a_storage_may_be_closed_twice(storage: Storage) -> None:
    storage.close()
    storage.close()
