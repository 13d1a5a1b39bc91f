"""The contract of DueItems and DueReader."""

from datetime import timedelta

import pytest

from application.ports.due import DueItem
from application.ports.storage import Storage
from tests.contract.given import Given


def put(storage: Storage, *items: DueItem) -> None:
    with storage.unit_of_work() as uow:
        for each in items:
            uow.due.put(each)


def taken(storage: Storage, kinds: set[str], given: Given, **until: float) -> list[DueItem]:
    found = []
    with storage.unit_of_work() as uow:
        while (item := uow.due.take(kinds, given.now + timedelta(**until))) is not None:
            found.append(item)
    return found


@pytest.fixture
def items(given: Given) -> list[DueItem]:
    """In the order in which they fall due."""
    return [
        DueItem(given.now - timedelta(days=1), "b", "x"),
        DueItem(given.now, "a", ""),
        DueItem(given.now, "b", ""),
        DueItem(given.now, "b", "Ёж 😀" * 40),
        DueItem(given.now + timedelta(milliseconds=1), "a", "y"),
    ]


def test_what_is_due_is_taken_once_in_order_of_time(
    storage: Storage, given: Given, items: list[DueItem]
) -> None:
    put(storage, *items[::-1])
    assert storage.due.earliest({"a", "b"}) == items[0].at
    assert taken(storage, {"a", "b"}, given) == items[:4]
    assert taken(storage, {"a", "b"}, given) == []
    assert storage.due.earliest({"a", "b"}) == items[4].at
    assert taken(storage, {"a", "b"}, given, milliseconds=1) == items[4:]
    assert storage.due.earliest({"a", "b"}) is None


def test_other_kinds_are_left_alone(storage: Storage, given: Given, items: list[DueItem]) -> None:
    put(storage, *items)
    assert storage.due.earliest({"a"}) == given.now
    assert storage.due.earliest({"c"}) is storage.due.earliest(set()) is None
    assert taken(storage, {"a", "c"}, given, days=1) == [items[1], items[4]]
    assert taken(storage, {"b"}, given) == [items[0], items[2], items[3]]


def test_one_of_the_same_kind_and_subject_takes_its_place(storage: Storage, given: Given) -> None:
    first = DueItem(given.now, "a", "x")
    later = first._replace(at=given.now + timedelta(hours=1))
    put(storage, first, DueItem(given.now, "a", "y"), later)
    assert taken(storage, {"a"}, given) == [DueItem(given.now, "a", "y")]
    assert taken(storage, {"a"}, given, hours=1) == [later]


def test_a_kind_is_planned_until_it_is_cancelled_or_taken(
    storage: Storage, given: Given, items: list[DueItem]
) -> None:
    put(storage, *items)
    with storage.unit_of_work() as uow:
        first = [given.now, items[0].at, None]
        assert [uow.due.planned(kind) for kind in "abc"] == first
        uow.due.cancel("b")
        assert [uow.due.planned(kind) for kind in "abc"] == [given.now, None, None]
    assert taken(storage, {"a", "b"}, given, days=9) == [items[1], items[4]]
    with storage.unit_of_work() as uow:
        assert uow.due.planned("a") is None


def test_a_unit_of_work_knows_when_the_first_is_due_whatever_it_did_before(
    storage: Storage, given: Given, items: list[DueItem]
) -> None:
    put(storage, *items)
    kinds = {"a", "b"}
    with storage.unit_of_work() as uow:
        assert uow.due.earliest(kinds) == items[0].at
        assert uow.due.take(kinds, given.now) == items[0]
        assert uow.due.earliest(kinds) == given.now
    with storage.unit_of_work() as uow:
        assert uow.due.earliest(kinds) == given.now
        uow.due.put(items[0])
        assert uow.due.earliest(kinds) == items[0].at
        uow.due.cancel("b")
        assert uow.due.earliest(kinds) == given.now


def test_what_was_rolled_back_is_still_due(
    storage: Storage, given: Given, items: list[DueItem]
) -> None:
    put(storage, items[1])
    kinds = {"a"}
    with pytest.raises(ZeroDivisionError), storage.unit_of_work() as uow:  # noqa: PT012 -- all of it is taken back
        uow.due.take(kinds, given.now)
        uow.due.put(items[4])
        raise ZeroDivisionError
    with storage.unit_of_work() as uow:
        assert uow.due.earliest(kinds) == given.now
    assert taken(storage, kinds, given, days=1) == [items[1]]
