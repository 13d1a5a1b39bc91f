"""The one clock: what falls due by itself, and when that is done.

Each thing that falls due is a row. Every transaction first settles what is due by then, in order of
time, within itself, so every decision is made on a world in which time has passed. Nothing depends
on the alarm: it only makes time pass when nobody calls. Processes may die, clocks may step, and
several processes may wake at once.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final, Protocol

from application.ports.due import DueItem, DueReader
from application.ports.failures import StorageUnavailable
from application.ports.system import Clock
from application.ports.unit_of_work import UnitOfWork
from domain.actor import TIMER

logger = logging.getLogger(__name__)

AT_ONCE: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""When an item is due that the next transaction must settle, whatever its clock says."""
_LOOK: Final = 1.0
_REST: Final = 0.02
"""Seconds between two looks at what falls due: at most, and at least."""
_PLAN: Final = 3600.0
"""Seconds after which the alarm wakes in any case."""
_MOST_REST: Final = 60.0
"""The most seconds that the alarm rests after it could not wake; the rest doubles each time."""
_PUT_OFF: Final = timedelta(minutes=1)
"""How long an item that could not be settled is put off."""


class Timer(Protocol):
    """Makes one kind of thing happen when it is due."""

    def __call__(self, uow: UnitOfWork, item: DueItem) -> Sequence[DueItem]:
        """Make it happen, in a transaction shared with others; the item is already removed.

        Work that takes more than about 25 ms is done in slices.

        Returns:
            Items that stand for the rest; they are stored once everything due is settled.
        """
        ...


class Unsettled(Exception):
    """An item could not be settled; the transaction must be rolled back and the item put off."""

    def __init__(self, item: DueItem) -> None:
        super().__init__(f"{item.kind} {item.subject!r} was due and could not be settled")
        self.item = item


@dataclass(frozen=True, slots=True)
class Timers:
    """Every timer of this process, by kind. Items of other kinds are left to other processes."""

    clock: Clock
    by_kind: Mapping[str, Timer]

    def settle(self, uow: UnitOfWork) -> None:
        """Settle what is due, in order of time.

        Raises:
            Unsettled: a timer failed.
        """
        kinds = self.by_kind.keys()
        if not kinds:
            return
        now = self.clock.now()
        earliest = uow.due.earliest(kinds)
        if earliest is None or earliest > now:
            return
        rest: list[DueItem] = []
        uow.actor = TIMER.name
        while (item := uow.due.take(kinds, now)) is not None:
            try:
                rest += self.by_kind[item.kind](uow, item)
            except StorageUnavailable:
                raise
            except Exception as error:
                raise Unsettled(item) from error
        for item in rest:
            uow.due.put(item)

    def leaves_some(self, uow: UnitOfWork) -> bool:
        """Tell whether something is due in the very next transaction."""
        return uow.due.earliest(self.by_kind.keys()) == AT_ONCE

    def put_off(self, uow: UnitOfWork, item: DueItem) -> None:
        """Put off an item that could not be settled: nothing else must wait for it."""
        uow.due.put(item._replace(at=self.clock.now() + _PUT_OFF))


class Alarm:
    """Makes time pass when nobody calls; one per process, on its event loop.

    It looks once a second: another process may have stored something that is due earlier, and a
    clock may have stepped. It also wakes at the start, after a jump of the clock and once an hour,
    to put right what a wrong clock has left.
    """

    def __init__(
        self, timers: Timers, items: DueReader, wake: Callable[[], Awaitable[object]]
    ) -> None:
        """Take what the alarm works with.

        Args:
            timers: those of this process.
            items: tells when the first is due.
            wake: puts right what a wrong clock has left, in transactions, which settle what is due.
        """
        self._timers = timers
        self._items = items
        self._wake = wake

    async def run(self) -> None:
        """Wake again and again, until cancelled."""
        kinds, clock = self._timers.by_kind.keys(), self._timers.clock
        woke, jumps, failed = monotonic() - _PLAN, 0, 0
        while kinds:
            left, failed = _LOOK, failed + 1
            try:
                earliest = await asyncio.to_thread(self._items.earliest, kinds)
                # Also if nothing is due: that is how a jump is found.
                now = clock.now()
                if earliest is not None:
                    left = (earliest - now).total_seconds()
                if left <= 0 or clock.jumps != jumps or monotonic() - woke >= _PLAN:
                    seen = clock.jumps
                    await self._wake()
                    woke, jumps = monotonic(), seen
                failed = 0
            except StorageUnavailable:
                """Callers are told; the alarm asks again."""
            except Exception:
                logger.exception("the alarm could not wake; it tries again")
            if failed:
                # A database that can only be read is not asked every second: each time is a line
                # in the log.
                left = min(_LOOK * 2 ** (failed - 1), _MOST_REST)
            else:
                left = min(max(left, _REST), _LOOK)
            await asyncio.sleep(left)
