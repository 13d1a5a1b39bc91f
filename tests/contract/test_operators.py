"""The contract of how a storage keeps operators."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from application.ports.operators import OperatorView
from application.ports.storage import Storage
from domain import limits
from domain.events import OperatorChanged, OperatorCreated
from domain.ids import OperatorId
from domain.operator import Operator, OperatorChange
from tests.contract.given import Given, happened

TEXTS = [
    "Ann",
    "Анна Ёлкина",
    'O\'Neil "Bobby"; DROP TABLE operators;--',
    "👩🏽‍🚀" * 40,
    "٣ عربي \u202e txt",
    "e\u0301 \u00e9",
    "%s ? :name {0} \\",
    "x" * limits.MAX_TEXT,
    "\U0001f600" * limits.MAX_TEXT,
]


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_added_is_read_back(storage: Storage, given: Given, name: str) -> None:
    operator = given.operator(name, capacity=limits.MAX_CAPACITY, active=False)
    assert storage.catalogue.operator(operator.id) == OperatorView.of(operator)
    with storage.unit_of_work() as uow:
        loaded = uow.dispatches.load(operators=[operator.id]).operator(operator.id)
    assert loaded == operator


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 3, 2, 9, 0, 0, 1000, tzinfo=UTC),
        datetime(2026, 3, 2, 9, 0, 0, 999000, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC),
    ],
)
def test_moments_are_kept_to_the_millisecond_in_utc(
    storage: Storage, given: Given, moment: datetime
) -> None:
    operator = Operator(OperatorId(given.new_id()), "Ann", 1, True, moment)
    with storage.unit_of_work() as uow:
        happened(uow, OperatorCreated(operator))
    found = storage.catalogue.operator(operator.id).created_at
    assert (found, found.tzinfo) == (moment, UTC)


def test_save_keeps_name_capacity_and_activity(storage: Storage, given: Given) -> None:
    operator, other = given.operator("Ann"), given.operator("Bob")
    changed = replace(operator)
    changed.change(OperatorChange(name="Анна", capacity=0, active=False))
    with storage.unit_of_work() as uow:
        happened(uow, OperatorChanged(changed))
    assert storage.catalogue.operator(operator.id) == OperatorView.of(changed)
    assert storage.catalogue.operator(other.id) == OperatorView.of(other)


def test_save_does_not_touch_the_load(storage: Storage, given: Given) -> None:
    operator = given.operator("Ann", load=3)
    with storage.unit_of_work() as uow:
        happened(uow, OperatorChanged(replace(operator, load=77)))
    assert storage.catalogue.operator(operator.id).load == 3


def test_a_capacity_may_be_lowered_below_the_load(storage: Storage, given: Given) -> None:
    operator = given.operator("Ann", capacity=10, load=3)
    with storage.unit_of_work() as uow:
        happened(uow, OperatorChanged(replace(operator, capacity=1)))
    found = storage.catalogue.operator(operator.id)
    assert (found.load, found.capacity) == (3, 1)
