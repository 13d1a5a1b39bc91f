"""Decisions as bytes."""

import struct
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sql.decisions import decision_from_bytes, decision_to_bytes
from domain import limits
from domain.decision import Candidate, Decision, decide
from domain.ids import OperatorId
from domain.picker import ROLLS, Strategy

candidates = st.builds(
    Candidate,
    operator_id=st.uuids().map(OperatorId),
    weight=st.integers(0, limits.MAX_WEIGHT),
    active=st.booleans(),
    # A capacity may be lowered below the load, which stays as it is then.
    load=st.integers(0, 2 * limits.MAX_CAPACITY),
    capacity=st.integers(0, limits.MAX_CAPACITY),
    credit=st.integers(-(10**15), 10**15),
)


@st.composite
def decisions(draw: st.DrawFn) -> Decision:
    among = draw(st.lists(candidates, min_size=1, max_size=40, unique_by=lambda each: each[0]))
    return Decision(
        draw(st.sampled_from(Strategy)),
        among,
        draw(st.none() | st.integers(0, ROLLS - 1)),
        draw(st.sampled_from(among)).operator_id,
    )


@given(decisions())
def test_what_is_decoded_is_what_was_encoded(decision: Decision) -> None:
    decoded = decision_from_bytes(decision_to_bytes(decision))
    assert decoded == decision
    assert [type(each) for each in decoded.candidates] == [Candidate] * len(decision.candidates)
    assert [type(each.active) for each in decoded.candidates] == [bool] * len(decision.candidates)


@given(decisions(), st.integers(0, ROLLS - 1))
def test_what_is_decoded_recomputes_to_the_same(decision: Decision, roll: int) -> None:
    outcome = decide(decision.strategy, decision.candidates, roll)
    if outcome is not None:
        decoded = decision_from_bytes(decision_to_bytes(outcome.decision))
        assert decoded.recompute() == outcome.decision.picked


def test_the_last_of_a_thousand_can_be_the_one_picked() -> None:
    among = [
        Candidate(OperatorId(UUID(int=number)), 1, True, 0, 1, 0)
        for number in range(limits.MAX_ALLOCATIONS)
    ]
    decision = Decision(Strategy.EXACT, among, None, among[-1].operator_id)
    assert decision_from_bytes(decision_to_bytes(decision)) == decision


def test_a_decision_takes_a_few_dozen_bytes_an_operator() -> None:
    among = [Candidate(OperatorId(UUID(int=number)), 1, True, 0, 1, 0) for number in range(10)]
    encoded = decision_to_bytes(Decision(Strategy.EXACT, among, None, among[0].operator_id))
    assert len(encoded) <= 12 + 10 * 40


@pytest.mark.parametrize("version", [0, 2, 255])
def test_a_version_of_the_future_is_refused_by_its_number(version: int) -> None:
    decision = Decision(
        Strategy.EXACT,
        [Candidate(OperatorId(UUID(int=1)), 1, True, 0, 1, 0)],
        None,
        OperatorId(UUID(int=1)),
    )
    encoded = struct.pack("<B", version) + decision_to_bytes(decision)[1:]
    with pytest.raises(ValueError, match=f"version {version}"):
        decision_from_bytes(encoded)


def test_the_layout_stays_as_it_was_first_written() -> None:
    """Stored decisions are read by every later release."""
    encoded = bytes.fromhex(
        "01"
        "01"
        "ffffffffffff1f00"
        "0100"
        "00000000000000000000000000000001"
        "03000000"
        "04000000"
        "05000000"
        "fbffffffffffffff"
        "00"
        "00000000000000000000000000000002"
        "40420f00"
        "00000000"
        "01000000"
        "0500000000000000"
        "01"
    )
    decision = Decision(
        Strategy.RANDOM,
        [
            Candidate(OperatorId(UUID(int=1)), 3, False, 4, 5, -5),
            Candidate(OperatorId(UUID(int=2)), 1_000_000, True, 0, 1, 5),
        ],
        ROLLS - 1,
        OperatorId(UUID(int=2)),
    )
    assert decision_to_bytes(decision) == encoded
    assert decision_from_bytes(encoded) == decision
