"""Decisions as bytes."""

import struct
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sql.decisions import (
    decision_from_bytes,
    decision_to_bytes,
    encode,
    lineup_from_bytes,
    lineup_to_bytes,
)
from domain import limits
from domain.availability import Availability
from domain.decision import Candidate, Decision, Pool
from domain.ids import ContactId, OperatorId
from domain.picker import ROLLS
from domain.strategy import Strategy
from tests.support import decision_of

HERE = Availability.AVAILABLE

candidates = st.builds(
    Candidate,
    operator_id=st.uuids().map(OperatorId),
    weight=st.integers(0, limits.MAX_WEIGHT),
    availability=st.sampled_from(Availability),
    # Lowering a capacity below the load leaves the load as it is.
    load=st.integers(0, 2 * limits.MAX_CAPACITY),
    capacity=st.integers(0, limits.MAX_CAPACITY),
    credit=st.integers(-(10**15), 10**15),
)


@st.composite
def decisions(draw: st.DrawFn) -> Decision:
    among = draw(st.lists(candidates, min_size=1, max_size=40, unique_by=lambda each: each[0]))
    return decision_of(
        draw(st.sampled_from(Strategy)),
        among,
        draw(st.none() | st.integers(0, ROLLS - 1)),
        draw(st.sampled_from(among)).operator_id,
    )


@given(decisions())
def test_what_is_decoded_is_what_was_encoded(decision: Decision) -> None:
    decoded = again(decision)
    assert decoded == decision
    assert [type(each) for each in decoded.candidates] == [Candidate] * len(decision.candidates)
    assert {type(each.availability) for each in decoded.candidates} <= {Availability}


@given(decisions(), st.integers(0, ROLLS - 1))
def test_what_is_decoded_recomputes_to_the_same(decision: Decision, roll: int) -> None:
    made = Pool(decision.strategy, decision.candidates).pick(roll)
    if made is not None:
        assert again(made).recompute() == made.picked


def test_the_last_of_a_thousand_can_be_the_one_picked() -> None:
    among = [
        Candidate(OperatorId(UUID(int=number)), 1, HERE, 0, 1, 0)
        for number in range(limits.MAX_ALLOCATIONS)
    ]
    decision = decision_of(Strategy.EXACT, among, None, among[-1].operator_id)
    assert again(decision) == decision


def test_a_decision_takes_a_dozen_bytes_an_operator() -> None:
    among = [Candidate(OperatorId(UUID(int=number)), 1, HERE, 0, 1, 0) for number in range(10)]
    encoded = decision_to_bytes(decision_of(Strategy.EXACT, among, None, among[0].operator_id))
    assert len(encoded) == 12 + 10 * 12


def test_a_lineup_is_stored_once_for_all_decisions_that_share_it() -> None:
    pool = Pool(Strategy.EXACT, [Candidate(OperatorId(UUID(int=1)), 1, HERE, 0, 9, 0)])
    other = Pool(Strategy.EXACT, [Candidate(OperatorId(UUID(int=1)), 2, HERE, 0, 9, 0)])
    made = [pool.pick(None), pool.pick(None), other.pick(None)]
    decisions_of = [(ContactId(UUID(int=number)), each) for number, each in enumerate(made) if each]
    encoded = encode(decisions_of, {})
    digests = [digest for _, digest, _ in encoded.decisions]
    assert digests[0] == digests[1] != digests[2]
    assert [digest for digest, _ in encoded.lineups] == [digests[0], digests[2]]


@pytest.mark.parametrize("version", [0, 2, 255])
def test_a_version_of_the_future_is_refused_by_its_number(version: int) -> None:
    decision = decision_of(
        Strategy.EXACT,
        [Candidate(OperatorId(UUID(int=1)), 1, HERE, 0, 1, 0)],
        None,
        OperatorId(UUID(int=1)),
    )
    encoded = struct.pack("<B", version) + decision_to_bytes(decision)[1:]
    with pytest.raises(ValueError, match=f"version {version}"):
        decision_from_bytes(encoded, decision.lineup)


def test_the_layout_stays_as_it_was_first_written() -> None:
    """Every later release must read the decisions that are stored."""
    lineup = bytes.fromhex(
        "02"
        "00000000000000000000000000000001"
        "03000000"
        "05000000"
        "00"
        "00000000000000000000000000000002"
        "40420f00"
        "01000000"
        "01"
    )
    encoded = bytes.fromhex(
        "0101ffffffffffff1f0001000400000000000000fbffffffffffffff0500000000000000"
    )
    decision = decision_of(
        Strategy.RANDOM,
        [
            Candidate(OperatorId(UUID(int=1)), 3, Availability.INACTIVE, 4, 5, -5),
            Candidate(OperatorId(UUID(int=2)), 1_000_000, HERE, 0, 1, 5),
        ],
        ROLLS - 1,
        OperatorId(UUID(int=2)),
    )
    assert lineup_to_bytes(decision.lineup) == lineup
    with pytest.raises(ValueError, match="a lineup of version"):
        lineup_from_bytes(b"\x03" + lineup[1:])
    first_written = b"\x01" + lineup[1:]
    assert lineup_from_bytes(first_written) == decision.lineup
    assert decision_to_bytes(decision) == encoded
    assert decision_from_bytes(encoded, lineup_from_bytes(lineup)) == decision


def again(decision: Decision) -> Decision:
    """Encode and decode."""
    lineup = lineup_from_bytes(lineup_to_bytes(decision.lineup))
    return decision_from_bytes(bytes(decision_to_bytes(decision)), lineup)
