"""Time, ids and randomness from the operating system."""

import secrets
import string
import time
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from uuid_utils import uuid7

from application.ports.system import Clock, Ids, Pause, Rolls, Secrets
from domain.picker import ROLLS

_PAUSE: Final = 0.05
"""Seconds. A process that finds SQLite locked retries after 1, 2, 5, 10, 15, ... ms, so it gets in
during this pause."""

_NAME_CHARACTERS: Final = string.ascii_lowercase + string.digits
_NAME_LENGTH: Final = 10


class SystemClock(Clock):
    """The machine's clock."""

    def now(self) -> datetime:
        # Whole milliseconds. This takes 0.4 us; truncating a datetime takes 1.2.
        return datetime.fromtimestamp(time.time_ns() // 1_000_000 / 1000, UTC)


class SystemIds(Ids):
    """UUIDs of version 7; within a process they only grow, even if the clock steps back."""

    def new(self) -> UUID:
        # uuid_utils.compat does the same in twice the time; a registration makes two ids.
        return UUID(int=uuid7().int)


class ClockIds(Ids):
    """UUIDs of version 7 that carry the time of a clock other than the machine's."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def new(self) -> UUID:
        # 48 bits of milliseconds and a 74-bit counter: the clock may stand still or step back.
        milliseconds = int(self._clock.now().timestamp() * 1000)
        self._last = max(self._last + 1, milliseconds << 74)
        millisecond, count = self._last >> 74, self._last & ((1 << 74) - 1)
        high, low = count >> 62, count & ((1 << 62) - 1)
        return UUID(int=millisecond << 80 | 7 << 76 | high << 64 | 2 << 62 | low)


class SystemRolls(Rolls):
    """Rolls that nobody can predict."""

    def __call__(self) -> int:
        return secrets.randbelow(ROLLS)


class SystemSecrets(Secrets):
    """Secrets from the operating system's source of randomness."""

    def new(self) -> tuple[str, str]:
        name = "".join(secrets.choice(_NAME_CHARACTERS) for _ in range(_NAME_LENGTH))
        return name, secrets.token_urlsafe(32)


class SystemPause(Pause):
    """A short sleep."""

    def __call__(self, most: float | None = None) -> None:
        time.sleep(_PAUSE if most is None else most * secrets.randbelow(1000) / 1000)
