"""A decision: who is eligible, who is not and why, and that it can be recomputed."""

from dataclasses import replace

import pytest

from domain.decision import Candidate, Decision, Refusal, decide
from domain.picker import CONTACT, ROLLS, Strategy
from tests.domain.samples import candidate, operator_id


@pytest.mark.parametrize(
    ("one", "refusal"),
    [
        (candidate(1), None),
        (candidate(1, active=False), Refusal.INACTIVE),
        (candidate(1, weight=0), Refusal.ZERO_WEIGHT),
        (candidate(1, load=2, capacity=2), Refusal.AT_CAPACITY),
        (candidate(1, load=3, capacity=2), Refusal.AT_CAPACITY),
        (candidate(1, load=1, capacity=2), None),
        (candidate(1, capacity=0), Refusal.AT_CAPACITY),
        (candidate(1, weight=0, active=False, capacity=0), Refusal.INACTIVE),
        (candidate(1, weight=0, capacity=0), Refusal.ZERO_WEIGHT),
    ],
)
def test_a_refusal_has_its_reason(one: Candidate, refusal: Refusal | None) -> None:
    assert one.refusal is refusal
    for strategy in Strategy:
        assert (decide(strategy, [one], 0) is None) == (refusal is not None)


@pytest.mark.parametrize("strategy", Strategy)
def test_nobody_eligible_is_a_result(strategy: Strategy) -> None:
    assert decide(strategy, [], 0) is None
    assert decide(strategy, [candidate(1, active=False), candidate(2, weight=0)], 0) is None


@pytest.mark.parametrize("strategy", Strategy)
def test_the_eligible_one_gets_it_wherever_it_stands(strategy: Strategy) -> None:
    for place in range(4):
        candidates = [candidate(number, active=number == place) for number in range(4)]
        outcome = decide(strategy, candidates, ROLLS // 2)
        assert outcome is not None
        assert outcome.decision.picked == operator_id(place)
        assert [position for position, _ in outcome.credits] == [place]


def test_an_operator_that_is_not_eligible_keeps_its_credit() -> None:
    candidates = [
        candidate(1, 1, credit=5),
        candidate(2, 1, active=False, credit=-7),
        candidate(3, 1, credit=2),
    ]
    outcome = decide(Strategy.EXACT, candidates, None)
    assert outcome is not None
    credits = dict(outcome.credits)
    assert credits.keys() == {0, 2}
    assert sum(credits.values()) == 7


def test_a_decision_recomputes_to_whom_it_picked() -> None:
    candidates = [candidate(1, 3, credit=CONTACT // 4), candidate(2, 1, credit=-CONTACT // 4)]
    outcome = decide(Strategy.EXACT, candidates, None)
    assert outcome is not None
    assert outcome.decision.recompute() == outcome.decision.picked == operator_id(1)


def test_a_random_decision_recomputes_from_its_roll() -> None:
    candidates = [candidate(number, 1) for number in (1, 2, 3)]
    for roll in (0, ROLLS // 2, ROLLS - 1):
        outcome = decide(Strategy.RANDOM, candidates, roll)
        assert outcome is not None
        assert outcome.decision.roll == roll
        assert outcome.decision.recompute() == outcome.decision.picked
        other = replace(outcome.decision, roll=(roll + ROLLS // 2) % ROLLS)
        assert other.recompute() != other.picked


def test_a_decision_that_picked_somebody_else_does_not_recompute() -> None:
    candidates = [candidate(1, 3), candidate(2, 1)]
    decision = Decision(Strategy.EXACT, candidates, None, operator_id(2))
    assert decision.recompute() == operator_id(1)


def test_a_decision_for_somebody_who_was_not_eligible_does_not_recompute() -> None:
    decision = Decision(Strategy.EXACT, [candidate(1, capacity=0)], None, operator_id(1))
    assert decision.recompute() is None
