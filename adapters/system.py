"""Time, ids and chance, as the operating system gives them."""

import secrets
from datetime import UTC, datetime
from uuid import UUID

import uuid_utils.compat as uuid_utils

from application.ports import Clock, Ids, Rolls
from domain.picker import ROLLS


class SystemClock(Clock):
    """The machine's clock."""

    def now(self) -> datetime:
        moment = datetime.now(UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class SystemIds(Ids):
    """UUIDs of version 7; within a process they only grow, also when the clock steps back."""

    def new(self) -> UUID:
        return uuid_utils.uuid7()


class ClockIds(Ids):
    """UUIDs of version 7 that carry the time of a clock other than the machine's."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def new(self) -> UUID:
        return uuid_utils.uuid7(nanoseconds=int(self._clock.now().timestamp() * 1000) * 1_000_000)


class SystemRolls(Rolls):
    """Chance that nobody can foresee."""

    def __call__(self) -> int:
        return secrets.randbelow(ROLLS)
