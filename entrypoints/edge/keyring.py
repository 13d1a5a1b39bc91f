"""The keys in memory: no request waits for a query, and a revoked key dies within a second."""

import asyncio
import logging
import math
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from time import monotonic
from typing import Final

from anyio import CapacityLimiter, to_thread

from application.ports.keys import KeyReader
from application.ports.system import Clock
from domain.access import ApiKey, Role, Session, prefix_of
from domain.actor import Actor

logger = logging.getLogger(__name__)

_FRESH: Final = 0.4
"""Seconds for which the keys read are good; after that they are read again in the background."""
_STALE: Final = 0.9
"""Seconds after which requests wait until they have been read again."""

_NOBODYS: Final = ApiKey("", secrets.token_bytes(32), Role.VIEWER, datetime.min.replace(tzinfo=UTC))
"""What an unknown key is compared with, so that it takes as long as a known one. No text has this
digest."""


class Keyring:
    """Every key that was ever made, as of a moment ago.

    Args:
        keys: where they are read.
        clock: tells which have expired.
        seconds: counts seconds from any start; setting the clock must not keep a key alive.
    """

    def __init__(
        self, keys: KeyReader, clock: Clock, seconds: Callable[[], float] = monotonic
    ) -> None:
        self._reader = keys
        self._clock = clock
        self._seconds = seconds
        self._keys: dict[str, ApiKey] = {}
        self._actors: dict[str, Actor] = {}
        self._ended: Mapping[str, datetime] = {}
        self._ended_here: dict[str, datetime] = {}
        self._read_at = -math.inf
        self._reading: asyncio.Task[None] | None = None

    async def refresh(self) -> None:
        """Make sure that the keys known are no older than a second.

        Raises:
            StorageUnavailable: the keys cannot be read.
        """
        age = self._age()
        if age < _FRESH:
            return
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
            self._reading.add_done_callback(_look_at_error)
        if age >= _STALE:
            await asyncio.shield(self._reading)

    @property
    def stale(self) -> bool:
        """Whether a request has to wait until the keys have been read again."""
        return self._age() >= _STALE

    @property
    def empty(self) -> bool:
        """Whether no key was ever made."""
        return not self._keys

    def find(self, presented: str) -> ApiKey | None:
        """Return the key that a caller presents, if it opens anything now."""
        key = self._keys.get(prefix_of(presented) or "", _NOBODYS)
        return key if key.opens(presented, self._moment(key)) else None

    def valid(self, prefix: str) -> ApiKey | None:
        """Return a key by its prefix, if it still opens anything."""
        key = self._keys.get(prefix)
        return key if key is not None and key.valid(self._moment(key)) else None

    def has_ended(self, session: Session) -> bool:
        """Tell whether a session has been ended, here just now or anywhere a moment ago."""
        every = session.every(session.ends_at).name
        return any(
            session.name in ended or (every in ended and session.ends_at <= ended[every])
            for ended in (self._ended, self._ended_here)
        )

    def end(self, session: Session) -> None:
        """Let in nothing more of a session from now on."""
        self._ended_here[session.name] = session.ends_at

    def actor(self, key: ApiKey) -> Actor:
        """Return the actor of a key that was found here; made once, since that takes 1 us."""
        return self._actors[key.prefix]

    def _moment(self, key: ApiKey) -> datetime:
        """Return the current time for a key that expires; for others any time is as good.

        Reading the clock takes a sixth of the time that is spent here on a call.
        """
        return key.created_at if key.expires_at is None else self._clock.now()

    def _age(self) -> float:
        return self._seconds() - self._read_at

    async def _read(self) -> None:
        began = self._seconds()
        # A separate thread: slow lists may hold all threads of the pool.
        found, self._ended = await to_thread.run_sync(
            lambda: (self._reader.all(), self._reader.ended_sessions()),
            limiter=CapacityLimiter(1),
        )
        now = self._clock.now()
        self._ended_here = {each: end for each, end in self._ended_here.items() if end > now}
        self._actors = {each.prefix: Actor.holding(each) for each in found}
        self._keys = {each.prefix: each for each in found}
        self._read_at = began


def _look_at_error(reading: asyncio.Task[None]) -> None:
    """Log a failure that no request waits for: asyncio would log it as a defect.

    Requests fail as soon as the keys known are too old, and the next one reads again. They are not
    told why: that is not for a caller that has shown no key.
    """
    error = None if reading.cancelled() else reading.exception()
    if error is not None:
        logger.warning("callers cannot be let in, as keys cannot be read: %s", error)
