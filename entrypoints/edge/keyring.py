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
"""Seconds for which what was read holds; after that it is read again beside the requests."""
_STALE: Final = 0.9
"""Seconds after which requests wait until it has been read again."""

_NOBODYS: Final = ApiKey("", secrets.token_bytes(32), Role.VIEWER, datetime.min.replace(tzinfo=UTC))
"""What a key that is nobody's is compared with, so that it takes as long as one that is known. No
text has this digest."""


class Keyring:
    """Every key that was ever made, as of a moment ago.

    Args:
        keys: where they are read.
        clock: tells which have expired.
        seconds: counts them, from wherever; a clock that is set must not keep a key alive.
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
        """See to it that what is known is no older than a second.

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
        """Return the key that somebody presents, if it opens anything now."""
        key = self._keys.get(prefix_of(presented) or "", _NOBODYS)
        return key if key.opens(presented, self._moment(key)) else None

    def valid(self, prefix: str) -> ApiKey | None:
        """Return a key by its prefix, if it still opens anything."""
        key = self._keys.get(prefix)
        return key if key is not None and key.valid(self._moment(key)) else None

    def has_ended(self, session: Session) -> bool:
        """Tell whether somebody has ended a session, here just now or anywhere a moment ago."""
        every = session.every(session.ends_at).name
        return any(
            session.name in ended or (every in ended and session.ends_at <= ended[every])
            for ended in (self._ended, self._ended_here)
        )

    def end(self, session: Session) -> None:
        """Let no more of a session in, from this moment on."""
        self._ended_here[session.name] = session.ends_at

    def actor(self, key: ApiKey) -> Actor:
        """Return who acts by a key that was found here; made once, since it takes 1 us."""
        return self._actors[key.prefix]

    def _moment(self, key: ApiKey) -> datetime:
        """Return the time it is, of a key that ends one day; to others any time is the same.

        To read the clock takes a sixth of what is done here for a call.
        """
        return key.created_at if key.expires_at is None else self._clock.now()

    def _age(self) -> float:
        return self._seconds() - self._read_at

    async def _read(self) -> None:
        began = self._seconds()
        # A thread of its own: those of the pool may all be held by slow lists.
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
    """Take note of a failure that nobody waits for: asyncio would log it as a defect.

    Requests hear of it as soon as what is known is too old, and the next one reads again. They are
    not told why: who has shown no key has no business with it.
    """
    error = None if reading.cancelled() else reading.exception()
    if error is not None:
        logger.warning("nobody can be let in, as keys cannot be read: %s", error)
