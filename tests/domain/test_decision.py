"""A decision: who is eligible, who is not and why, and that it can be recomputed."""

import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.availability import Obstacle
from domain.decision import Candidate, Pool
from domain.ids import OperatorId
from domain.picker import CONTACT, ROLLS
from domain.strategy import Strategy
from tests.domain.samples import candidate, operator_id
from tests.support import decision_of

NOTED = {Obstacle.AT_CAPACITY: "while_full", Obstacle.INACTIVE: "while_unavailable"}


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (candidate(1), None),
        (candidate(1, active=False), Obstacle.INACTIVE),
        (candidate(1, weight=0), Obstacle.ZERO_WEIGHT),
        (candidate(1, load=2, capacity=2), Obstacle.AT_CAPACITY),
        (candidate(1, load=3, capacity=2), Obstacle.AT_CAPACITY),
        (candidate(1, load=1, capacity=2), None),
        (candidate(1, capacity=0), Obstacle.AT_CAPACITY),
        (candidate(1, weight=0, active=False, capacity=0), Obstacle.INACTIVE),
        (candidate(1, weight=0, capacity=0), Obstacle.ZERO_WEIGHT),
    ],
)
def test_whoever_is_not_eligible_has_an_obstacle(one: Candidate, expected: Obstacle | None) -> None:
    assert one.obstacle is expected
    for strategy in Strategy:
        assert (Pool(strategy, [one]).pick(0) is None) == (expected is not None)


@pytest.mark.parametrize("strategy", Strategy)
def test_nobody_eligible_is_a_result(strategy: Strategy) -> None:
    assert Pool(strategy, []).pick(0) is None
    pool = Pool(strategy, [candidate(1, active=False), candidate(2, weight=0)])
    assert pool.pick(0) is None


@pytest.mark.parametrize("strategy", Strategy)
def test_the_eligible_one_gets_it_wherever_it_stands(strategy: Strategy) -> None:
    for place in range(4):
        candidates = [candidate(number, active=number == place) for number in range(4)]
        pool = Pool(strategy, candidates)
        decision = pool.pick(ROLLS // 2)
        assert decision is not None
        assert decision.picked == operator_id(place)
        assert pool.eligible == [place]
        assert [each.operator_id for each in decision.eligible] == [operator_id(place)]


def test_an_operator_that_is_not_eligible_keeps_its_credit() -> None:
    candidates = [
        candidate(1, 1, credit=5),
        candidate(2, 1, active=False, credit=-7),
        candidate(3, 1, credit=2),
    ]
    pool = Pool(Strategy.EXACT, candidates)
    assert pool.pick(None) is not None
    assert pool.credits[1] == -7
    assert sum(pool.credits) == 0
    assert pool.credits[0] != 5


def test_a_decision_recomputes_to_whom_it_picked() -> None:
    candidates = [candidate(1, 3, credit=CONTACT // 4), candidate(2, 1, credit=-CONTACT // 4)]
    decision = Pool(Strategy.EXACT, candidates).pick(None)
    assert decision is not None
    assert decision.candidates == candidates
    assert decision.recompute() == decision.picked == operator_id(1)


def test_a_random_decision_recomputes_from_its_roll() -> None:
    candidates = [candidate(number, 1) for number in (1, 2, 3)]
    for roll in (0, ROLLS // 2, ROLLS - 1):
        decision = Pool(Strategy.RANDOM, candidates).pick(roll)
        assert decision is not None
        assert decision.roll == roll
        assert decision.recompute() == decision.picked
        other = replace(decision, roll=(roll + ROLLS // 2) % ROLLS)
        assert other.recompute() != other.picked


def test_a_decision_that_picked_somebody_else_does_not_recompute() -> None:
    candidates = [candidate(1, 3), candidate(2, 1)]
    decision = decision_of(Strategy.EXACT, candidates, None, operator_id(2))
    assert decision.recompute() == operator_id(1)


def test_a_decision_for_somebody_who_was_not_eligible_does_not_recompute() -> None:
    decision = decision_of(Strategy.EXACT, [candidate(1, capacity=0)], None, operator_id(1))
    assert decision.recompute() is None


@pytest.mark.parametrize("strategy", Strategy)
def test_a_pool_that_is_kept_up_to_date_picks_like_one_made_anew(strategy: Strategy) -> None:
    """Loads move while the pool is in use; no operator is picked past capacity or forgotten."""
    chance = random.Random(7)
    kept = Pool(strategy, [candidate(number, number + 1, capacity=3) for number in range(5)])
    for _ in range(500):
        position = chance.randrange(5)
        load = kept.loads[position]
        kept.move_load(position, -1 if load and chance.random() < 0.6 else int(load < 3))
        anew = Pool(
            strategy,
            [
                candidate(number, number + 1, capacity=3, load=load, credit=credit)
                for number, (load, credit) in enumerate(zip(kept.loads, kept.credits, strict=True))
            ],
        )
        assert kept.eligible == anew.eligible
        roll = chance.randrange(ROLLS)
        assert kept.pick(roll) == anew.pick(roll)
        assert kept.credits == anew.credits


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(0, 2), st.integers(0, 3)), min_size=2, max_size=4
    ),
    st.lists(
        st.one_of(st.none(), st.tuples(st.integers(0, 3), st.sampled_from([1, 1, -1]))),
        min_size=5,
        max_size=40,
    ),
    st.sampled_from(Strategy),
)
def test_a_pool_notes_exactly_what_moves_accounts(
    operators: list[tuple[bool, int, int]],
    acts: list[tuple[int, int] | None],
    strategy: Strategy,
) -> None:
    """Picks, slots that are taken and freed meanwhile, and now and then a settlement."""
    pool = Pool(
        strategy,
        [
            candidate(number, weight, active=active, load=load, capacity=2)
            for number, (active, weight, load) in enumerate(operators)
        ],
    )
    counted: Counter[tuple[OperatorId, str]] = Counter()
    noted: Counter[tuple[OperatorId, str]] = Counter()
    for number, act in enumerate(acts):
        if act is None:
            decision = pool.pick(number * 2**40)
            for each in decision.candidates if decision else ():
                if each.weight and each.obstacle is not None:
                    counted[each.operator_id, NOTED[each.obstacle]] += 1
        elif act[0] < len(operators) and pool.loads[act[0]] + act[1] >= 0:
            # It takes a slot or frees one, here or on another source.
            pool.move_load(*act)
        if number % 7 == 6 or number == len(acts) - 1:
            for position, moved in pool.take_moved().items():
                for name in NOTED.values():
                    noted[pool.lineup.operator_ids[position], name] += getattr(moved, name)
    assert +noted == counted
