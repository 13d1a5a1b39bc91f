"""A dispatch: every rule that moves a load, a credit or a queue."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from domain.contact import Contact, ContactState
from domain.dispatch import SourceState, hour_of
from domain.errors import (
    ContactClosed,
    DomainError,
    OperatorAtCapacity,
    OperatorInactive,
    UnknownOperator,
    UnknownSource,
)
from domain.events import Assigned, Closed
from domain.operator import OperatorChange
from domain.source import candidates
from domain.strategy import Strategy
from tests.domain.samples import Bench, operator, operator_id, source
from tests.support import START

LATER = START + timedelta(hours=2)


def standing(bench: Bench) -> list[Any]:
    """Everything that a dispatch holds, so that a test can assert that nothing changed."""
    dispatch = bench.dispatch
    dispatch.settle()
    return [
        {key: (each.waiting, bench.credits(key)) for key, each in dispatch.sources.items()},
        {key: each.load for key, each in dispatch.operators.items()},
        {key: slots for key, slots in dispatch.slots.items() if slots},
        dict(dispatch.registered),
        dict(dispatch.assigned),
    ]


def test_a_new_contact_goes_to_the_eligible_operator_at_once() -> None:
    bench = Bench([source([1, 1])], [operator(1, active=False), operator(2)])
    contact = bench.contact()
    decision = bench.dispatch.admit(contact)
    assert decision is not None
    assert decision.picked == contact.operator_id == operator_id(2)
    assert (contact.state, contact.assigned_at) == (ContactState.ASSIGNED, contact.created_at)
    assert bench.operator(2).load == 1
    bench.dispatch.settle()
    assert bench.dispatch.slots == {operator_id(2): 1}
    assert bench.dispatch.sources["telegram"].waiting == 0


def test_a_decision_shows_everybody_as_they_stood_before_the_pick() -> None:
    bench = Bench([source([3, 1])], [operator(1, 5), operator(2, 7)])
    bench.admit()
    bench.dispatch.settle()
    some = bench.dispatch.sources["telegram"]
    before = candidates(some.in_turn(), bench.dispatch.operators)
    decision = bench.dispatch.admit(bench.contact())
    assert decision is not None
    assert list(decision.candidates) == before


def test_a_contact_waits_if_nobody_is_eligible() -> None:
    bench = Bench([source([1])], [operator(1, capacity=0)])
    contact = bench.contact()
    assert bench.dispatch.admit(contact) is None
    assert (contact.state, contact.operator_id) == (ContactState.WAITING, None)
    assert bench.dispatch.sources["telegram"].waiting == 1
    assert bench.operator(1).load == 0
    assert bench.credits() == [0]


def test_a_load_counts_on_every_source_of_the_operator() -> None:
    bench = Bench([source([1], "a"), source([1], "b")], [operator(1, capacity=1)])
    bench.admit("a")
    assert bench.admit("b").state is ContactState.WAITING


def test_credits_of_a_source_sum_to_nothing_after_every_contact() -> None:
    bench = Bench([source([3, 1, 7])], [operator(1), operator(2, capacity=2), operator(3)])
    for _ in range(40):
        bench.admit()
        assert sum(bench.credits()) == 0


def test_random_moves_no_credit() -> None:
    bench = Bench([source([3, 1], strategy=Strategy.RANDOM)], [operator(1), operator(2)])
    for _ in range(10):
        bench.admit()
    assert bench.credits() == [0, 0]
    assert bench.operator(1).load + bench.operator(2).load == 10


def test_a_waiting_contact_is_handed_out_when_somebody_is_eligible() -> None:
    bench = Bench([source([1])], [operator(1, capacity=0)])
    contact = bench.admit()
    before = standing(bench)
    assert bench.dispatch.hand_out(contact, LATER) is None
    assert standing(bench) == before
    bench.dispatch.change_operator(operator_id(1), OperatorChange(capacity=1))
    decision = bench.dispatch.hand_out(contact, LATER)
    assert decision is not None
    assert (contact.state, contact.operator_id, contact.assigned_at) == (
        ContactState.ASSIGNED,
        operator_id(1),
        LATER,
    )
    assert bench.dispatch.sources["telegram"].waiting == 0
    assert bench.operator(1).load == 1
    assert bench.dispatch.events[-1] == Assigned(contact, decision, LATER)


def test_closing_frees_the_slot() -> None:
    bench = Bench([source([1])], [operator(1, capacity=1)])
    contact = bench.admit()
    bench.dispatch.close(contact, LATER)
    assert (contact.state, contact.closed_at) == (ContactState.CLOSED, LATER)
    assert contact.operator_id == operator_id(1)
    assert bench.dispatch.events[-1] == Closed(contact, operator_id(1), LATER)
    assert bench.operator(1).load == 0
    bench.dispatch.settle()
    assert bench.dispatch.slots[operator_id(1)] == 0
    assert bench.admit().state is ContactState.ASSIGNED


@pytest.mark.parametrize("at_work", [False, True], ids=["new", "at work"])
def test_what_others_have_stored_meanwhile_is_taken_over(at_work: bool) -> None:
    bench = Bench([source([1, 3])], [operator(1, 2), operator(2, 9)])
    if at_work:
        bench.admit()
        bench.dispatch.settle()
        bench.dispatch.forget_changes()
    bench.dispatch.handed_out_later.add("telegram")
    loads = [(operator_id(1), 2), (operator_id(2), 5)]
    bench.dispatch.refresh([SourceState("telegram", 0, [7, -7], [7, -7], [0] * 4, 0)], loads)
    assert bench.credits() == [7, -7]
    assert not bench.dispatch.handed_out_later
    # The first operator is full now, so the second gets every contact.
    assert [bench.admit().operator_id for _ in range(4)] == [operator_id(2)] * 4
    assert bench.admit().state is ContactState.WAITING
    assert (bench.operator(1).load, bench.operator(2).load) == (2, 9)


def test_what_others_have_set_meanwhile_is_taken_over() -> None:
    bench = Bench([source([1, 1], "a"), source([1, 1], "b")], [operator(1, 9), operator(2, 9)])
    for key in "ab":
        bench.admit(key)
    bench.dispatch.settle()
    bench.dispatch.forget_changes()
    one, two, three = operator(1, 9), operator(2, 9, active=False), operator(3, 9)
    one.load = 4
    bench.dispatch.renew([source([1, 1], "a"), source([0, 0, 1], "b")], [one, two, three])
    assert bench.operator(1).load == 4
    assert [bench.admit("a").operator_id for _ in range(3)] == [operator_id(1)] * 3
    assert [bench.admit("b").operator_id for _ in range(3)] == [operator_id(3)] * 3
    # Loads are those of the same operators in every pool.
    assert bench.operator(1).load == 7
    two = operator(2, 9)
    bench.dispatch.settle()
    bench.dispatch.forget_changes()
    bench.dispatch.renew([source([1, 1], "a"), source([0, 0, 1], "b")], [one, two, three])
    assert {bench.admit("a").operator_id for _ in range(2)} == {operator_id(1), operator_id(2)}


def test_whoever_others_have_taken_off_every_source_is_not_known_any_more() -> None:
    """What people set for that operator from then on would not be noticed."""
    bench = Bench([source([1, 1])], [operator(1, 9), operator(2, 9)])
    bench.admit()
    bench.dispatch.settle()
    bench.dispatch.forget_changes()
    bench.dispatch.renew([source([1])], [operator(1, 9)])
    assert bench.dispatch.operators.keys() == {operator_id(1)}
    assert [bench.admit().operator_id for _ in range(3)] == [operator_id(1)] * 3


def test_pools_outlive_what_others_have_stored_meanwhile() -> None:
    bench = Bench([source([1, 1])], [operator(1, 9), operator(2, 9)])
    held = bench.admit()
    bench.dispatch.settle()
    bench.dispatch.forget_changes()
    pool = bench.dispatch._pooled["telegram"].pool
    bench.dispatch.renew([source([1, 1])], [operator(1, 9), operator(2, 9)])
    loads = [(operator_id(number), 2) for number in (1, 2)]
    bench.dispatch.refresh([SourceState("telegram", 0, [3, -3], [3, -3], [0] * 4, 0)], loads)
    # The loads move while the pool is put away.
    (other,) = bench.dispatch.operators.keys() - {held.operator_id}
    bench.dispatch.transfer(held, other, LATER)
    bench.admit()
    assert bench.dispatch._pooled["telegram"].pool is pool
    assert sorted(pool.loads) == sorted(bench.operator(number).load for number in (1, 2))
    assert sum(pool.loads) == 5


@pytest.mark.parametrize("credits", [[0], [1, 1, -2]])
def test_every_allocation_has_a_credit_to_take_over(credits: list[int]) -> None:
    bench = Bench([source([1, 3])], [operator(1), operator(2)])
    with pytest.raises(ValueError, match="zip"):
        bench.dispatch.refresh([SourceState("telegram", 0, credits, credits, [0] * 4, 0)], [])


def test_the_queues_of_an_operator_are_those_of_its_sources() -> None:
    bench = Bench(
        [source([1, 1], "a"), source([1], "b"), source([0, 1], "c"), source([], "d")],
        [operator(1, 0), operator(2, 0)],
    )
    assert bench.dispatch.queues_of(operator_id(1)) == []
    for key in "abcd":
        bench.admit(key)
    assert bench.dispatch.queues_of(operator_id(2)) == ["a", "c"]
    bench.dispatch.replace_allocations("b", [(operator_id(2), 1)])
    assert bench.dispatch.queues_of(operator_id(2)) == ["a", "b", "c"]
    bench.dispatch.handed_out_later.add("a")
    assert bench.dispatch.queues_of(operator_id(2)) == ["b", "c"]
    assert bench.dispatch.queues_of(operator_id(9)) == []


def test_a_change_of_one_operator_leaves_the_others_as_they_stand() -> None:
    """The pools of other sources stay in use, and know every load."""
    bench = Bench(
        [source([1, 1], "a"), source([1], "b"), source([0, 0, 1], "c")],
        [operator(1, 2), operator(2, 2), operator(3, 1)],
    )
    for key in "abc":
        bench.admit(key)
    bench.dispatch.change_operator(operator_id(2), OperatorChange(active=False))
    bench.admit("a")
    states = [bench.admit(key).state for key in "abc"]
    assert states == [ContactState.WAITING] * 3
    assert [bench.operator(each).load for each in (1, 2, 3)] == [2, 0, 1]


def test_closing_a_waiting_contact_frees_its_place_in_the_queue_and_no_slot() -> None:
    bench = Bench([source([1])], [operator(1, capacity=1)])
    bench.admit()
    contact = bench.admit()
    bench.dispatch.close(contact, LATER)
    assert bench.dispatch.sources["telegram"].waiting == 0
    assert bench.operator(1).load == 1


def test_a_transfer_moves_the_load_and_neither_credits_nor_counters() -> None:
    bench = Bench([source([2, 1])], [operator(1), operator(2)])
    contact = bench.admit()
    credits, assigned = bench.credits(), dict(bench.dispatch.assigned)
    bench.dispatch.transfer(contact, operator_id(2), LATER)
    assert (contact.operator_id, contact.assigned_at) == (operator_id(2), contact.created_at)
    assert (bench.operator(1).load, bench.operator(2).load) == (0, 1)
    assert dict(bench.dispatch.slots) == {operator_id(1): 0, operator_id(2): 1}
    assert (bench.credits(), dict(bench.dispatch.assigned)) == (credits, assigned)


def test_a_waiting_contact_can_be_given_to_an_operator_of_no_source() -> None:
    bench = Bench([source([1])], [operator(1, capacity=0), operator(9)])
    contact = bench.admit()
    bench.dispatch.transfer(contact, operator_id(9), LATER)
    assert (contact.state, contact.operator_id) == (ContactState.ASSIGNED, operator_id(9))
    assert bench.dispatch.sources["telegram"].waiting == 0
    assert bench.operator(9).load == 1


@pytest.mark.parametrize(
    ("number", "refusal"),
    [(2, OperatorInactive), (3, OperatorAtCapacity), (4, UnknownOperator)],
)
@pytest.mark.parametrize("waits", [False, True])
def test_a_refused_transfer_changes_nothing(
    number: int, refusal: type[DomainError], waits: bool
) -> None:
    bench = Bench(
        [source([1])],
        [
            operator(1, capacity=0 if waits else 1),
            operator(2, active=False),
            operator(3, 2, load=2),
        ],
    )
    contact = bench.admit()
    before, then = standing(bench), (contact.state, contact.operator_id, contact.assigned_at)
    with pytest.raises(refusal) as refused:
        bench.dispatch.transfer(contact, operator_id(number), LATER)
    assert refused.value.field == "operator_id"
    assert standing(bench) == before
    assert (contact.state, contact.operator_id, contact.assigned_at) == then


def test_a_closed_contact_is_not_transferred() -> None:
    bench = Bench([source([1, 1])], [operator(1), operator(2)])
    contact = bench.admit()
    bench.dispatch.close(contact, LATER)
    before = standing(bench)
    with pytest.raises(ContactClosed):
        bench.dispatch.transfer(contact, operator_id(2), LATER)
    assert standing(bench) == before


def test_what_is_not_there_is_refused_by_name() -> None:
    bench = Bench([source([1])], [operator(1)])
    assert bench.dispatch.source("telegram").key == "telegram"
    assert bench.dispatch.operator(operator_id(1)).id == operator_id(1)
    with pytest.raises(UnknownSource) as unknown_source:
        bench.dispatch.source("viber")
    assert unknown_source.value.field == "source"
    with pytest.raises(UnknownOperator) as unknown_operator:
        bench.dispatch.operator(operator_id(2))
    assert unknown_operator.value.field == "operator_id"


def test_contacts_are_counted_by_the_hour_in_which_things_happened() -> None:
    bench = Bench([source([1])], [operator(1, capacity=1)])
    bench.admit()
    bench.clock.advance(minutes=59, seconds=59)
    late: Contact = bench.admit()
    bench.clock.advance(seconds=1)
    bench.admit()
    bench.dispatch.change_operator(operator_id(1), OperatorChange(capacity=9))
    bench.dispatch.hand_out(late, LATER)
    bench.dispatch.settle()
    hour = hour_of(START)
    assert dict(bench.dispatch.registered) == {("telegram", hour): 2, ("telegram", hour + 1): 1}
    assert dict(bench.dispatch.assigned) == {
        ("telegram", operator_id(1), hour): 1,
        ("telegram", operator_id(1), hour + 2): 1,
    }


def test_an_hour_is_counted_in_utc() -> None:
    assert hour_of(datetime(1970, 1, 1, 0, 59, 59, 999_999, tzinfo=UTC)) == 0
    assert hour_of(datetime(1970, 1, 2, 1, tzinfo=UTC)) == 25
    assert hour_of(datetime(1970, 1, 1, 5, 30, tzinfo=timezone(timedelta(hours=3)))) == 2


def test_an_open_source_is_one_where_contacts_wait_beside_an_eligible_operator() -> None:
    bench = Bench(
        [source([1], "a"), source([0, 1], "b"), source([0, 0, 1], "c")],
        [operator(1, capacity=0), operator(2, capacity=0), operator(3)],
    )
    for key in "abc":
        bench.admit(key)
    assert bench.dispatch.open_sources() == []
    bench.dispatch.change_operator(operator_id(1), OperatorChange(capacity=1))
    assert bench.dispatch.open_sources() == ["a"]
    bench.dispatch.change_operator(operator_id(2), OperatorChange(capacity=1))
    assert bench.dispatch.open_sources() == ["a", "b"]
    bench.dispatch.change_operator(operator_id(1), OperatorChange(active=False))
    assert bench.dispatch.open_sources() == ["b"]


def test_free_slots_are_those_of_eligible_operators_each_counted_once() -> None:
    bench = Bench(
        [source([1, 1, 1, 0], "a"), source([1, 0, 0, 1], "b")],
        [
            operator(1, 5, load=2),
            operator(2, 4, active=False),
            operator(3, 1, load=2),
            operator(4, 2),
        ],
    )
    assert bench.dispatch.free_slots(["a"]) == 3
    assert bench.dispatch.free_slots(["b"]) == 5
    assert bench.dispatch.free_slots(["a", "b"]) == 5
    assert bench.dispatch.free_slots([]) == 0


def test_a_weight_counts_from_the_next_contact_and_the_credits_before_it_stay() -> None:
    bench = Bench([source([1, 1])], [operator(1), operator(2), operator(3)])
    first = bench.dispatch.admit(bench.contact())
    assert first is not None
    changed = bench.dispatch.set_weight("telegram", first.picked, 0)
    other = next(each for each in changed.allocations if each.operator_id != first.picked)
    assert sorted(each.credit for each in changed.allocations) != [0, 0]
    assert sum(each.credit for each in changed.allocations) == 0
    for _ in range(3):
        decision = bench.dispatch.admit(bench.contact())
        assert decision is not None
        assert decision.picked == other.operator_id
    bench.dispatch.set_weight("telegram", other.operator_id, 0)
    bench.dispatch.set_weight("telegram", operator_id(3), 1)
    decision = bench.dispatch.admit(bench.contact())
    assert decision is not None
    assert decision.picked == operator_id(3)
    bench.dispatch.settle()
    assert sum(bench.credits("telegram")) == 0


def test_a_weight_of_what_is_not_there_is_refused_and_changes_nothing() -> None:
    bench = Bench([source([1, 1])], [operator(1), operator(2)])
    before = standing(bench)
    with pytest.raises(UnknownSource):
        bench.dispatch.set_weight("nowhere", operator_id(1), 1)
    with pytest.raises(UnknownOperator):
        bench.dispatch.set_weight("telegram", operator_id(9), 1)
    assert standing(bench) == before
