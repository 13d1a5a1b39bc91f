"""How fast rows are stored: as fast as possible alone, and half of the time beside others."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from application.ports.failures import StorageUnavailable
from application.ports.storage import Changes

_MANY: Final = 500
_FEW: Final = 100
"""Rows in a transaction: alone, and while others write, who wait for each to end."""


class Pace:
    """Lets others write in between, if there are any.

    One process writes at a time. An import that begins the next transaction as soon as one has
    ended leaves hardly a gap to the others, who may be looking for one only now and then.

    Attributes:
        rows: to be stored in the next transaction.
    """

    def __init__(
        self,
        changes: Changes,
        now: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take what tells whether anybody has written, a clock and what waits, in seconds."""
        self._changes = changes
        self._now = now
        self._pause = pause
        self._left: object = None
        self._took = 0.0
        self.rows = _MANY

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Wait for as long as the last one took, if others have written since then."""
        found = self._token()
        beside_others = None not in {found, self._left} and found != self._left
        self.rows = _FEW if beside_others else _MANY
        if beside_others:
            self._pause(self._took)
        began = self._now()
        yield
        self._took = self._now() - began
        self._left = self._token()

    def _token(self) -> object:
        try:
            return self._changes.token()
        except StorageUnavailable:
            # The transaction finds out, too, and can say which rows are not stored.
            return None
