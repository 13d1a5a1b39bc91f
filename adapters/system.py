"""Time, ids and randomness from the operating system."""

import logging
import secrets
import string
import threading
import time
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Final
from uuid import UUID

from uuid_utils import uuid7

from application.ports.system import Clock, Ids, Pause, Rolls, Secrets
from domain.picker import ROLLS

logger = logging.getLogger(__name__)

_PAUSE: Final = 0.015
"""Seconds, in which every process that waits to write gets its turn: it looks every millisecond."""

_JUMP: Final = 1_000_000_000
"""Nanoseconds by which a clock that is set moves at once; to slow it down or speed it up by as much
takes half an hour."""
_COUNTED: Final = 74
"""Bits of a UUIDv7 that count what is made in a millisecond."""

_NAME_CHARACTERS: Final = string.ascii_lowercase + string.digits
_NAME_LENGTH: Final = 10


class SystemClock(Clock):
    """The machine's clock, held against one that nobody sets."""

    def __init__(
        self,
        wall: Callable[[], int] = time.time_ns,
        steady: Callable[[], int] | None = None,
    ) -> None:
        """Take the clock, and one that nobody sets; both in nanoseconds."""
        self._wall = wall
        self._steady = steady or _steady()
        self._apart = wall() - self._steady()
        self._ahead = 0
        self._looking = threading.Lock()

    def now(self) -> datetime:
        wall = self._wall()
        apart = wall - self._steady()
        if -_JUMP < apart - self._apart < _JUMP:
            self._apart = apart
        else:
            self._jumped(apart)
        # Whole milliseconds. This takes 0.4 us; truncating a datetime takes 1.2.
        return datetime.fromtimestamp(wall // 1_000_000 / 1000, UTC)

    def _jumped(self, apart: int) -> None:
        with self._looking:
            moved, self._apart = apart - self._apart, apart
            if -_JUMP < moved < _JUMP:
                # Another thread has seen it, too.
                return
            self.jumps += 1
            ahead, self._ahead = self._ahead, max(self._ahead + moved, 0)
            self.corrections += ahead > 0 > moved
        direction = "forward" if moved > 0 else "back"
        logger.warning("this machine's clock jumped %s by %.1f s", direction, abs(moved) / 1e9)
        if ahead > 0 > moved:
            logger.warning(
                "it had been ahead: what came in meanwhile carries a time that is still to come"
            )


def _steady() -> Callable[[], int]:
    """Return a clock that nobody sets; where there is one, it goes on while the machine sleeps."""
    try:
        boot_time = partial(time.clock_gettime_ns, time.CLOCK_BOOTTIME)
        boot_time()
    # Python may know it and the system not: a sandbox, or another kernel behind Linux's calls.
    except (AttributeError, OSError):
        return time.monotonic_ns
    return boot_time


class SystemIds(Ids):
    """UUIDs of version 7; within a process they only grow, even if the clock steps back.

    Only if the clock had jumped forward before, they begin anew: for a clock that was a day ahead,
    everything would otherwise be dated tomorrow for another day.
    """

    def __init__(self, clock: Clock) -> None:
        """Take the machine's clock."""
        self._clock = clock
        self._anew = ClockIds(clock, partial(secrets.randbits, _COUNTED - 1))

    def new(self) -> UUID:
        if self._clock.corrections:
            return self._anew.new()
        # uuid_utils.compat does the same in twice the time; a registration makes two ids.
        return UUID(int=uuid7().int)


class ClockIds(Ids):
    """UUIDs of version 7 that carry the time of a clock.

    Args:
        clock: it may stand still or step back.
        chance: where to begin to count in a millisecond, below half of what can be counted. By
            default, always at 0, which is for ids of one process alone.
    """

    def __init__(self, clock: Clock, chance: Callable[[], int] = lambda: 0) -> None:
        self._clock = clock
        self._chance = chance
        self._corrections = clock.corrections
        self._last = 0
        self._turn = threading.Lock()

    def new(self) -> UUID:
        milliseconds = int(self._clock.now().timestamp() * 1000)
        with self._turn:
            if self._corrections != self._clock.corrections:
                self._corrections, self._last = self._clock.corrections, 0
            last = self._last = max(self._last + 1, milliseconds << _COUNTED | self._chance())
        millisecond, count = last >> _COUNTED, last & ((1 << _COUNTED) - 1)
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

    def signing(self) -> str:
        return f"whsec_{b64encode(secrets.token_bytes(32)).decode()}"


class SystemPause(Pause):
    """A short sleep."""

    def __call__(self, most: float | None = None) -> None:
        time.sleep(_PAUSE if most is None else most * secrets.randbelow(1000) / 1000)
