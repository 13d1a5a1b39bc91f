"""The keys in memory: no request waits for a query, and a revoked key dies within a second."""

import asyncio
from time import monotonic
from typing import Final

from anyio import to_thread

from application.ports import Clock, KeyReader
from domain.access import ApiKey, prefix_of

_FRESH: Final = 0.4
"""Seconds for which what was read holds; after that it is read again beside the requests."""
_STALE: Final = 0.9
"""Seconds after which requests wait until it has been read again."""


class Keyring:
    """Every key that was ever made, as of a moment ago."""

    def __init__(self, keys: KeyReader, clock: Clock) -> None:
        self._reader = keys
        self._clock = clock
        self._keys: dict[str, ApiKey] = {}
        self._read_at = -_STALE
        self._reading: asyncio.Task[None] | None = None

    async def refresh(self) -> None:
        """See to it that what is known is no older than a second.

        Raises:
            StorageUnavailable: the keys cannot be read.
        """
        age = monotonic() - self._read_at
        if age < _FRESH:
            return
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
        if age >= _STALE:
            await asyncio.shield(self._reading)

    @property
    def empty(self) -> bool:
        """Whether no key was ever made."""
        return not self._keys

    def find(self, presented: str) -> ApiKey | None:
        """Return the key that somebody presents, if it opens anything now."""
        key = self._keys.get(prefix_of(presented) or "")
        return key if key is not None and key.opens(presented, self._clock.now()) else None

    def valid(self, prefix: str) -> ApiKey | None:
        """Return a key by its prefix, if it still opens anything."""
        key = self._keys.get(prefix)
        return key if key is not None and key.valid(self._clock.now()) else None

    async def _read(self) -> None:
        began = monotonic()
        found = await to_thread.run_sync(self._reader.all)
        self._keys = {each.prefix: each for each in found}
        self._read_at = began
