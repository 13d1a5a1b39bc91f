"""An operator stays within its limits and its capacity."""

import pytest

from domain import limits
from domain.errors import InvalidValue, OperatorAtCapacity, OperatorInactive
from domain.operator import Operator, OperatorChange
from tests.domain.samples import operator, operator_id
from tests.support import START


def test_a_name_is_kept_without_the_white_space_around_it() -> None:
    assert Operator(operator_id(1), "  Ann \n", 1, True, START).name == "Ann"


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "A\0nn", "A\ud800nn"])
def test_a_name_that_cannot_be_shown_or_stored_is_refused(name: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        Operator(operator_id(1), name, 1, True, START)
    assert refusal.value.field == "name"


@pytest.mark.parametrize("capacity", [-1, 1_000_001, 2**70, True, 1.0])
def test_a_capacity_is_a_whole_number_up_to_a_million(capacity: int) -> None:
    with pytest.raises(InvalidValue) as refusal:
        Operator(operator_id(1), "Ann", capacity, True, START)
    assert refusal.value.field == "capacity"


@pytest.mark.parametrize("capacity", [0, limits.MAX_CAPACITY])
def test_a_capacity_may_be_nothing_or_a_million(capacity: int) -> None:
    assert Operator(operator_id(1), "Ann", capacity, True, START).capacity == capacity


def test_a_slot_is_taken_up_to_the_capacity_and_no_further() -> None:
    ann = operator(1, capacity=2)
    ann.take_slot()
    ann.take_slot()
    with pytest.raises(OperatorAtCapacity):
        ann.take_slot()
    assert ann.load == 2


def test_an_inactive_operator_takes_no_slot() -> None:
    ann = operator(1, active=False)
    with pytest.raises(OperatorInactive):
        ann.take_slot()
    assert ann.load == 0


def test_a_freed_slot_can_be_taken_again() -> None:
    ann = operator(1, capacity=1, load=1)
    ann.free_slot()
    ann.take_slot()
    assert ann.load == 1


def test_a_capacity_lowered_below_the_load_takes_nothing_away_and_lets_nothing_in() -> None:
    ann = operator(1, capacity=3, load=3)
    ann.change(OperatorChange(capacity=1))
    assert ann.load == 3
    ann.free_slot()
    ann.free_slot()
    with pytest.raises(OperatorAtCapacity):
        ann.take_slot()
    ann.free_slot()
    ann.take_slot()


def test_a_change_leaves_what_it_does_not_name() -> None:
    ann = operator(1, capacity=3)
    ann.change(OperatorChange(active=False))
    assert (ann.name, ann.capacity, ann.active) == ("Operator 1", 3, False)
    ann.change(OperatorChange(name=" Bob "))
    assert (ann.name, ann.capacity, ann.active) == ("Bob", 3, False)
    ann.change(OperatorChange(capacity=0))
    assert (ann.name, ann.capacity, ann.active) == ("Bob", 0, False)


@pytest.mark.parametrize(("name", "capacity"), [("", 5), ("Bob", -1)])
def test_an_invalid_change_changes_nothing(name: str, capacity: int) -> None:
    ann = operator(1, capacity=3)
    with pytest.raises(InvalidValue):
        ann.change(OperatorChange(name=name, capacity=capacity, active=False))
    assert (ann.name, ann.capacity, ann.active) == ("Operator 1", 3, True)
