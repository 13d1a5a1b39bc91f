"""A source's allocations: what is kept, what is refused, and that credits sum to 0."""

from collections import Counter

import pytest

from domain import limits
from domain.errors import DuplicateOperator, InvalidValue
from domain.source import Source, SourceChange, candidates
from domain.strategy import Strategy
from tests.domain.samples import availability, operator, operator_id, source
from tests.support import START


def credits_of(some: Source) -> list[int]:
    return [each.credit for each in some.allocations]


@pytest.mark.parametrize("key", ["", "A", "-a", ".a", "a b", "a\n", "ä", "a" * 65, "a/b", "a:b"])
def test_a_key_that_is_not_plain_is_refused(key: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        Source(key, "name", Strategy.EXACT, START)
    assert refusal.value.field == "key"


@pytest.mark.parametrize("key", ["a", "0", "telegram-sales", "a._-9", "a" * 64])
def test_a_plain_key_is_taken(key: str) -> None:
    assert Source(key, "name", Strategy.EXACT, START).key == key


def test_a_change_leaves_what_it_does_not_name() -> None:
    some = source([1])
    some.change(SourceChange(name=" Bot "))
    assert (some.name, some.strategy) == ("Bot", Strategy.EXACT)
    some.change(SourceChange(strategy=Strategy.RANDOM))
    assert (some.name, some.strategy) == ("Bot", Strategy.RANDOM)
    with pytest.raises(InvalidValue):
        some.change(SourceChange(name="", strategy=Strategy.EXACT))
    assert (some.name, some.strategy) == ("Bot", Strategy.RANDOM)


def test_allocations_stand_in_the_order_of_operator_ids() -> None:
    some = source()
    some.replace_allocations([(operator_id(3), 30), (operator_id(1), 10), (operator_id(2), 0)])
    assert [(each.operator_id, each.weight) for each in some.allocations] == [
        (operator_id(1), 10),
        (operator_id(2), 0),
        (operator_id(3), 30),
    ]
    assert credits_of(some) == [0, 0, 0]


def test_who_stays_keeps_its_credit_whatever_happens_to_its_weight() -> None:
    some = source([1, 1, 1])
    for allocation, credit in zip(some.allocations, [500, -200, -300], strict=True):
        allocation.credit = credit
    some.replace_allocations([(operator_id(1), 7), (operator_id(2), 0), (operator_id(3), 1)])
    assert credits_of(some) == [500, -200, -300]


def test_who_is_new_starts_at_nothing() -> None:
    some = source([1, 1])
    some.allocations[0].credit, some.allocations[1].credit = 40, -40
    some.replace_allocations([(operator_id(number), 1) for number in (1, 2, 3)])
    assert credits_of(some) == [40, -40, 0]


def test_who_comes_back_after_being_removed_starts_at_nothing() -> None:
    some = source([1, 1])
    some.allocations[0].credit, some.allocations[1].credit = 40, -40
    some.replace_allocations([(operator_id(2), 1)])
    some.replace_allocations([(operator_id(1), 1), (operator_id(2), 1)])
    assert credits_of(some) == [0, 0]


@pytest.mark.parametrize(
    ("left_over", "expected"),
    [(30, [110, 10, -120]), (-30, [90, -10, -80]), (31, [110, 10, -120]), (1, [100, 0, -100])],
)
def test_what_a_removed_operator_leaves_over_is_spread_evenly(
    left_over: int, expected: list[int]
) -> None:
    """Evenly means to the unit: no two operators' parts differ by more than one unit."""
    some = source([1, 1, 1, 1])
    for allocation, credit in zip(some.allocations, [100, 0, -100, 0], strict=True):
        allocation.credit = credit
    some.allocations[2].credit -= left_over
    some.allocations[3].credit = left_over
    before = credits_of(some)[:3]
    some.replace_allocations([(operator_id(number), 1) for number in (1, 2, 3)])
    assert sum(credits_of(some)) == 0
    moved = [after - old for after, old in zip(credits_of(some), before, strict=True)]
    assert max(moved) - min(moved) <= 1
    assert all(abs(each - got) <= 1 for each, got in zip(expected, credits_of(some), strict=True))


def test_all_allocations_can_be_taken_away() -> None:
    some = source([1, 1])
    some.allocations[0].credit, some.allocations[1].credit = 40, -40
    some.replace_allocations([])
    assert some.allocations == []


@pytest.mark.parametrize("weight", [-1, limits.MAX_WEIGHT + 1, 2**70, True, 0.5])
def test_a_weight_out_of_range_is_refused_by_its_position_and_changes_nothing(
    weight: int,
) -> None:
    some = source([1])
    with pytest.raises(InvalidValue) as refusal:
        some.replace_allocations([(operator_id(2), 1), (operator_id(3), weight)])
    assert refusal.value.field == "allocations.1.weight"
    assert [each.operator_id for each in some.allocations] == [operator_id(1)]


def test_an_operator_named_twice_is_refused_and_changes_nothing() -> None:
    some = source([1])
    with pytest.raises(DuplicateOperator):
        some.replace_allocations([(operator_id(2), 1), (operator_id(2), 1)])
    assert [each.operator_id for each in some.allocations] == [operator_id(1)]


def test_a_source_has_at_most_a_thousand_allocations() -> None:
    many = [(operator_id(number), limits.MAX_WEIGHT) for number in range(1, 1002)]
    some = source()
    some.replace_allocations(many[:1000])
    assert len(some.allocations) == 1000
    with pytest.raises(InvalidValue):
        some.replace_allocations(many)
    assert len(some.allocations) == 1000


def test_a_copy_shares_nothing() -> None:
    some = source([1, 1])
    other = some.copy()
    other.allocations[0].credit = 5
    other.allocations.pop()
    assert credits_of(some) == [0, 0]


def test_candidates_show_operators_as_they_stand() -> None:
    some = source([5, 0])
    some.allocations[0].credit, some.allocations[1].credit = 9, -9
    operators = {
        each.id: each for each in (operator(1, 7, load=3), operator(2, 4, active=False, load=4))
    }
    assert [tuple(each) for each in candidates(some.allocations, operators)] == [
        (operator_id(1), 5, availability(True), 3, 7, 9),
        (operator_id(2), 0, availability(False), 4, 4, -9),
    ]


def test_ties_are_broken_by_something_that_differs_from_source_to_source() -> None:
    turns = [tuple(source([1] * 4, f"s{number}").in_turn()) for number in range(100)]
    first = Counter(each[0].operator_id for each in turns)
    assert len(set(map(str, turns))) > 20
    assert set(first) == {operator_id(number) for number in range(1, 5)}
    # A quarter each, within bounds that chance breaks once in ten thousand times.
    assert all(8 <= number <= 44 for number in first.values())
    # The order depends only on key and ids: it is the same in every process, on every day.
    assert [each.operator_id for each in source([1, 2, 3, 4], "vk").in_turn()] == [
        operator_id(number) for number in (3, 4, 2, 1)
    ]


def test_one_weight_is_changed_or_added_and_nothing_else_moves() -> None:
    some = source([1, 1, 1])
    for allocation, credit in zip(some.allocations, [500, -200, -300], strict=True):
        allocation.credit = credit
    some.set_weight(operator_id(2), 9)
    some.set_weight(operator_id(5), 4)
    some.set_weight(operator_id(4), 0)
    some.set_weight(operator_id(3), 0)
    assert [(each.operator_id, each.weight, each.credit) for each in some.allocations] == [
        (operator_id(1), 1, 500),
        (operator_id(2), 9, -200),
        (operator_id(3), 0, -300),
        (operator_id(4), 0, 0),
        (operator_id(5), 4, 0),
    ]


@pytest.mark.parametrize("weight", [-1, limits.MAX_WEIGHT + 1, 2**70, True, 0.5])
@pytest.mark.parametrize("number", [1, 2])
def test_one_weight_out_of_range_is_refused_by_its_name(weight: int, number: int) -> None:
    some = source([1])
    with pytest.raises(InvalidValue) as refusal:
        some.set_weight(operator_id(number), weight)
    assert refusal.value.field == "weight"
    assert [(each.operator_id, each.weight) for each in some.allocations] == [(operator_id(1), 1)]


def test_one_more_than_a_thousand_allocations_is_refused_and_any_of_them_can_be_changed() -> None:
    some = source([1] * 1000)
    some.set_weight(operator_id(1000), 2)
    with pytest.raises(InvalidValue) as refusal:
        some.set_weight(operator_id(1001), 1)
    assert refusal.value.field == "operator_id"
    assert [each.weight for each in some.allocations] == [1] * 999 + [2]
