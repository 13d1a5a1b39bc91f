"""How fast rows are stored: as fast as possible alone, and with rests beside others."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from typing import Final

from application.ports.failures import StorageUnavailable
from application.ports.storage import Changes

_MANY: Final = 500
_FEW: Final = 100
"""Rows in a transaction: alone, and while others write, who wait for each to end."""
_REST: Final = 0.04
"""Seconds between two transactions while others write: as long as a service takes to answer some
dozens of calls and to be sent the next."""
_LATELY: Final = 1.0
"""Seconds since others were seen to write, for which they are taken to go on: while they wait for
an import, they write nothing."""


class Pace:
    """Lets others write in between, if there are any.

    One process writes at a time. An import that begins the next transaction as soon as one has
    ended would leave hardly a gap to the others.

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
        self._seen = -inf
        self.rows = _MANY

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Rest first, if others have written lately."""
        found = self._token()
        if None not in {found, self._left} and found != self._left:
            self._seen = self._now()
        beside_others = self._now() - self._seen < _LATELY
        self.rows = _FEW if beside_others else _MANY
        if beside_others:
            self._pause(_REST)
        yield
        self._left = self._token()

    def _token(self) -> object:
        try:
            return self._changes.token()
        except StorageUnavailable:
            # The transaction finds out, too, and can say which rows are not stored.
            return None
