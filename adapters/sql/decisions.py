"""Decisions as bytes: a few dozen bytes an operator, where JSON would take a few hundred.

Layout, little-endian: version (1 byte, 1), strategy (1 byte), roll (8 bytes, -1 for none),
position of the picked operator (2 bytes), then for each candidate its operator's id (16 bytes),
weight, load, capacity (4 bytes each), credit (8 bytes) and activity (1 byte).
"""

import struct
from uuid import UUID

from domain.decision import Candidate, Decision
from domain.ids import OperatorId
from domain.picker import Strategy

_VERSION = 1
_STRATEGIES = list(Strategy)
_NUMBERS = {strategy: number for number, strategy in enumerate(_STRATEGIES)}
_head = struct.Struct("<BBqH")
_candidate = struct.Struct("<16sIIIq?")


def decision_to_bytes(decision: Decision) -> bytes:
    """Encode a decision."""
    position = next(
        index
        for index, each in enumerate(decision.candidates)
        if each.operator_id == decision.picked
    )
    roll = -1 if decision.roll is None else decision.roll
    pack = _candidate.pack
    return _head.pack(_VERSION, _NUMBERS[decision.strategy], roll, position) + b"".join(
        pack(
            each.operator_id.bytes, each.weight, each.load, each.capacity, each.credit, each.active
        )
        for each in decision.candidates
    )


def decision_from_bytes(encoded: bytes) -> Decision:
    """Decode what `decision_to_bytes` gave."""
    version, strategy, roll, position = _head.unpack_from(encoded)
    if version != _VERSION:
        raise ValueError(f"a decision of version {version}; this release reads version {_VERSION}")
    candidates = [
        Candidate(OperatorId(UUID(bytes=operator_id)), weight, active, load, capacity, credit)
        for operator_id, weight, load, capacity, credit, active in _candidate.iter_unpack(
            memoryview(encoded)[_head.size :]
        )
    ]
    return Decision(
        _STRATEGIES[strategy],
        candidates,
        None if roll < 0 else roll,
        candidates[position].operator_id,
    )
