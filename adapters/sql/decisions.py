"""Decisions as bytes: a dozen bytes per operator, where JSON would take a few hundred.

A decision is stored in two parts. Its lineup is stored once for all decisions that share it, under
a digest of its bytes: version (1 byte, 2), then for each operator, in the order in which ties are
broken, the id (16 bytes), the weight and the capacity (4 each) and the availability (1: 0 inactive,
1 available). Version 1 knew no other availability; its bytes mean the same. The rest belongs to
the decision itself: version (1 byte, 1), strategy (1: 0 exact, 1 random), roll (8, -1 for none),
position of the picked operator (2), then all loads (4 each) and all credits (8 each). Numbers are
little-endian.
"""

import hashlib
import struct
import sys
from array import array
from collections.abc import Iterable
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from adapters.sql.reading import chunks
from adapters.sql.tables import LineupRow
from domain.availability import Availability
from domain.decision import Decision, Lineup
from domain.ids import ContactId, OperatorId
from domain.strategy import Strategy

_VERSION = 1
_LINEUP_VERSION = b"\x02"
_LINEUP_VERSIONS: Final = {b"\x01", _LINEUP_VERSION}
AVAILABILITY_NUMBERS: Final = {Availability.INACTIVE: 0, Availability.AVAILABLE: 1}
"""Written out: stored numbers must mean the same after an availability is added in between."""
_AVAILABILITIES: Final = {number: each for each, number in AVAILABILITY_NUMBERS.items()}
_NUMBERS: Final = {each: each.picker.number for each in Strategy}
_STRATEGIES: Final = {number: each for each, number in _NUMBERS.items()}
_head = struct.Struct("<BBqH")
_seat = struct.Struct("<16sIIB")
_lineups = select(LineupRow.digest, LineupRow.lineup).where(
    LineupRow.digest.in_(bindparam("digests", expanding=True))
)


class Encoded(NamedTuple):
    """Decisions ready to be stored.

    Attributes:
        lineups: (digest, bytes) of each new lineup.
        decisions: (contact, digest of the lineup, bytes) of each decision.
    """

    lineups: list[tuple[bytearray, bytes]]
    decisions: list[tuple[ContactId, bytearray, bytearray]]


def encode(
    decisions: Iterable[tuple[ContactId, Decision]], stored: dict[int, tuple[Lineup, bytearray]]
) -> Encoded:
    """Encode decisions, and those of their lineups that are new.

    Args:
        decisions: each with its contact.
        stored: lineups that need not be stored again, each with its digest; new ones are added.
            By object identity: decisions made in one go share the same object, and comparing a
            thousand operators each time would take longer than everything else.
    """
    lineups, rows = [], []
    for contact_id, decision in decisions:
        lineup = decision.lineup
        known = stored.get(id(lineup))
        if known is None:
            encoded = lineup_to_bytes(lineup)
            digest = bytearray(hashlib.blake2b(encoded, digest_size=16).digest())
            lineups.append((digest, encoded))
            known = stored[id(lineup)] = lineup, digest
        rows.append((contact_id, known[1], decision_to_bytes(decision)))
    return Encoded(lineups, rows)


def lineup_to_bytes(lineup: Lineup) -> bytes:
    """Encode a lineup."""
    seats = zip(
        lineup.operator_ids, lineup.weights, lineup.capacities, lineup.availabilities, strict=True
    )
    return _LINEUP_VERSION + b"".join(
        _seat.pack(operator_id.bytes, weight, capacity, AVAILABILITY_NUMBERS[availability])
        for operator_id, weight, capacity, availability in seats
    )


def lineup_from_bytes(encoded: bytes) -> Lineup:
    """Decode what `lineup_to_bytes` returned."""
    version, seats_encoded = encoded[:1], encoded[1:]
    if version not in _LINEUP_VERSIONS:
        raise ValueError(
            f"a lineup of version {version!r}; this release reads {_LINEUP_VERSIONS!r}"
        )
    seats = list(_seat.iter_unpack(seats_encoded))
    return Lineup(
        tuple(OperatorId(UUID(bytes=seat[0])) for seat in seats),
        tuple(seat[1] for seat in seats),
        tuple(seat[2] for seat in seats),
        tuple(_AVAILABILITIES[seat[3]] for seat in seats),
    )


def stored_lineups(connection: Connection, digests: Iterable[bytes]) -> dict[bytes, Lineup]:
    """Return lineups by digest, each decoded once for all decisions that share it."""
    return {
        row.digest: lineup_from_bytes(row.lineup)
        for some in chunks(list(set(digests)))
        for row in connection.execute(_lineups, {"digests": some})
    }


def decision_to_bytes(decision: Decision) -> bytearray:
    """Encode a decision without its lineup."""
    roll = -1 if decision.roll is None else decision.roll
    encoded = bytearray(_head.pack(_VERSION, _NUMBERS[decision.strategy], roll, decision.position))
    encoded += _little_endian(decision.loads)
    encoded += _little_endian(decision.credits)
    return encoded


def decision_from_bytes(encoded: bytes, lineup: Lineup) -> Decision:
    """Decode what `decision_to_bytes` returned."""
    version, strategy, roll, position = _head.unpack_from(encoded)
    if version != _VERSION:
        raise ValueError(f"a decision of version {version}; this release reads version {_VERSION}")
    loads, credits = array("I"), array("q")
    loads_end = _head.size + loads.itemsize * len(lineup.operator_ids)
    loads.frombytes(encoded[_head.size : loads_end])
    credits.frombytes(encoded[loads_end:])
    return Decision(
        _STRATEGIES[strategy],
        lineup,
        _little_endian(loads),
        _little_endian(credits),
        None if roll < 0 else roll,
        position,
    )


def _little_endian(numbers: "array[int]") -> "array[int]":
    """Turn numbers from this machine's byte order to the stored one, or back."""
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers
