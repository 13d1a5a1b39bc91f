"""Delivers events to endpoints: at least once, in order for each subject, whatever fails.

One process at a time delivers to an endpoint. It takes events from the log into a window in memory,
sends several at once, one at a time for each subject, and stores what came of it a few times a
second: the cursor, which follows the first event that is not settled, and a row for everything that
failed or stands behind something that did. What succeeds leaves no row. Whatever is in the window
when the process dies comes after the cursor, or is a row, and is delivered again.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Final
from uuid import UUID

from application.delivering import (
    LEASE,
    LeaseEndpoint,
    LeaseEndpointHandler,
    RecordDeliveries,
    RecordDeliveriesHandler,
)
from application.intake import Intake
from application.ports.endpoints import EndpointReader
from application.ports.events import EventReader, LoggedEvent, wanted_by
from application.ports.failures import StorageUnavailable
from application.ports.sender import Message, Receipt, Sender
from application.ports.system import Clock, Rolls
from domain.actor import TIMER
from domain.endpoint import Delivery, Endpoint, EndpointState, next_attempt
from domain.errors import UnknownEndpoint
from domain.ids import EndpointId
from domain.picker import ROLLS

logger = logging.getLogger(__name__)

Looking = Callable[[], AbstractAsyncContextManager[Callable[[float], Awaitable[bool]]]]

_LOOK: Final = 1.0
"""Seconds between two looks for work, if nothing changes."""
_REST: Final = 0.05
_WINDOW: Final = 256
"""Events in memory for one endpoint."""
_PARALLEL: Final = 16
"""Messages on their way to one endpoint."""
_STORE: Final = 0.25
"""Seconds after which what came of attempts is stored."""
_SLOW: Final = 1.0
"""Seconds after which the cursor does not wait for an attempt: a row takes its place."""
_FAILING: Final = 20
"""Failures in a row after which an endpoint is only probed."""
_MOST_QUIET: Final = 60.0
"""The most seconds between two probes; they double from one on."""
_MOST_ASKED: Final = 3600.0
"""The most seconds for which a receiver that is busy is left alone because it asks for that."""
_SUBJECT: Final = 50
"""Deliveries of one subject that are tried again in one go."""
_GONE: Final = 410
_BUSY: Final = frozenset({429, 503})


@dataclass(slots=True)
class _Health:
    """What a process knows of an endpoint from one round to the next.

    Attributes:
        url: where the endpoint was; what is known of one URL says nothing of another.
        failures: attempts that have failed in a row.
        quiet: seconds between its last two probes.
        quiet_until: when it may be tried next, by a clock that nobody sets.
        busy_until: until when its receiver wants to be left alone, by the same clock.
        leased_until: until when this process may deliver, by the same clock.
        cursor: as this process has last stored it.
    """

    url: str
    failures: int = 0
    quiet: float = 0.0
    quiet_until: float = 0.0
    busy_until: float = 0.0
    leased_until: float = 0.0
    cursor: int = 0

    def meet(self, url: str) -> None:
        """Begin anew if this is another URL: somebody has moved it because it failed."""
        if self.url != url:
            self.url, self.failures = url, 0
            self.quiet = self.quiet_until = self.busy_until = 0.0

    def is_quiet(self, now: float) -> bool:
        """Tell whether nothing may be sent now."""
        return now < self.quiet_until or now < self.busy_until


@dataclass(slots=True, eq=False)
class _Item:
    """An event on its way.

    Attributes:
        attempts: how many have failed.
        stored: whether there is a row for it.
        began: when the attempt began that is under way; None if there is none.
        done: whether nothing is left to do here: it is delivered, or a row will see to it.
    """

    event: LoggedEvent
    attempts: int = 0
    stored: bool = False
    began: float | None = None
    done: bool = False


@dataclass(slots=True)
class _Outcome:
    """What came of attempts since that was last stored; see `RecordDeliveries`.

    Attributes:
        touched: subjects whose rows are no longer what is stored.
        look_again: whether a subject may have nothing pending any more.
    """

    deliveries: dict[int, Delivery] = field(default_factory=dict)
    settled: list[int] = field(default_factory=list)
    error: str | None = None
    succeeded: bool = False
    recovered: bool = False
    gone: bool = False
    touched: set[str] = field(default_factory=set)
    look_again: bool = False


@dataclass(frozen=True, slots=True)
class Courier:
    """Delivers to all endpoints that no other process delivers to.

    Attributes:
        holder: the name of this process.
        looking: watches the storage; see `entrypoints.edge.live.Live.looking`.
        body: writes the body of a message.
        steady: a clock that nobody sets, in seconds.
    """

    events: EventReader
    endpoints: EndpointReader
    intake: Intake
    lease: LeaseEndpointHandler
    record: RecordDeliveriesHandler
    sender: Sender
    clock: Clock
    rolls: Rolls
    holder: str
    looking: Looking
    body: Callable[[LoggedEvent, Endpoint], Awaitable[bytes]]
    steady: Callable[[], float] = monotonic
    health: dict[EndpointId, _Health] = field(default_factory=dict)

    async def run(self) -> None:
        """Deliver until cancelled; then let other processes take over at once."""
        rounds: dict[EndpointId, asyncio.Task[None]] = {}
        self.sender.open()
        try:
            async with self.looking() as changes:
                while True:
                    for each in await self._at_work():
                        if each.id not in rounds or rounds[each.id].done():
                            rounds[each.id] = asyncio.create_task(self._deliver(each))
                    await changes(_LOOK)
                    await asyncio.sleep(_REST)
        finally:
            for task in rounds.values():
                task.cancel()
            await asyncio.gather(*rounds.values(), return_exceptions=True)
            await self._let_go()
            await self.sender.close()

    async def try_out(self, endpoint_id: EndpointId, body: bytes, message_id: UUID) -> Receipt:
        """Send a message at once, whatever the state of the endpoint, and store nothing.

        Raises:
            UnknownEndpoint: it does not exist.
        """
        endpoint = await asyncio.to_thread(self.endpoints.whole, endpoint_id)
        now = self.clock.now()
        message = Message(message_id, now, body, endpoint.secrets(now))
        return await self.sender.send(endpoint.url, message)

    async def _let_go(self) -> None:
        """Let other processes deliver."""
        for endpoint_id, health in self.health.items():
            if health.leased_until > self.steady():
                command = RecordDeliveries(endpoint_id, self.holder, cursor=0, leaves=True)
                with suppress(StorageUnavailable):
                    await self.intake.submit(self.record, command, TIMER)

    async def _at_work(self) -> list[Endpoint]:
        now = self.clock.now()
        try:
            found = await asyncio.to_thread(self.endpoints.at_work, now)
        except StorageUnavailable:
            return []
        except Exception:
            # Nothing else would ever be delivered, and nobody would notice.
            logger.exception("it could not be read what is to be delivered; it is tried again")
            return []
        return [
            each
            for each in found
            if each.is_free(self.holder, now) and not self._health_of(each).is_quiet(self.steady())
        ]

    def _health_of(self, endpoint: Endpoint) -> _Health:
        """Return what is known of an endpoint: nothing, if it has a new URL."""
        known = self.health.setdefault(endpoint.id, _Health(endpoint.url))
        known.meet(endpoint.url)
        return known

    async def _deliver(self, endpoint: Endpoint) -> None:
        health = self._health_of(endpoint)
        try:
            if health.leased_until - self.steady() < LEASE.total_seconds() / 2:
                command = LeaseEndpoint(endpoint.id, self.holder)
                leased = await self.intake.submit(self.lease, command, TIMER)
                if leased is None:
                    return
                endpoint = leased
                health.leased_until = self.steady() + LEASE.total_seconds()
            else:
                # It may have been read before the last round had ended.
                endpoint = await asyncio.to_thread(self.endpoints.whole, endpoint.id)
            await _Round(self, endpoint, health).run()
        except StorageUnavailable:
            """What is not stored is delivered again, once the storage is back."""
        except UnknownEndpoint:
            """Somebody has deleted it."""
        except Exception:
            logger.exception("deliveries to endpoint %s failed; they are tried again", endpoint.id)
            await asyncio.sleep(_LOOK)


class _Round:
    """Deliveries to one endpoint, until there is nothing left to do at this moment."""

    def __init__(self, courier: Courier, endpoint: Endpoint, health: _Health) -> None:
        self._courier, self._steady = courier, courier.steady
        self._endpoint = endpoint
        self._health = health
        # As it is stored, though this process may have seen a later one: if a replica has taken
        # over without the last moments, their numbers come again for other events.
        self._reached = health.cursor = endpoint.cursor
        self._ended = False
        self._window: dict[int, _Item] = {}
        self._queues: dict[str, deque[_Item]] = {}
        self._ready: deque[_Item] = deque()
        self._held_up: set[str] = set()
        self._workers: set[asyncio.Task[None]] = set()
        self._hungry = asyncio.Event()
        self._stored_at = self._looked_at = self._steady()
        self._storing: asyncio.Future[Endpoint | None] | None = None
        self._outcome = _Outcome()

    async def run(self) -> None:
        """Deliver what there is.

        Raises:
            StorageUnavailable: what came of the last attempts could not be stored.
        """
        courier, endpoint = self._courier, self._endpoint
        try:
            self._held_up = await asyncio.to_thread(courier.endpoints.held_up, endpoint.id)
            while True:
                self._hungry.clear()
                await self._fill()
                while self._ready and len(self._workers) < self._most():
                    worker = asyncio.create_task(self._work())
                    self._workers.add(worker)
                    worker.add_done_callback(self._workers.discard)
                    # It takes its item when it first runs.
                    await asyncio.sleep(0)
                if self._workers or self._ready:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(_STORE):
                            await self._hungry.wait()
                idle = not self._workers and not self._ready
                if idle or self._steady() - self._stored_at >= _STORE:
                    if not await self._store():
                        return
                    if idle and self._ended:
                        return
        except asyncio.CancelledError:
            with suppress(StorageUnavailable):
                if self._storing is not None:
                    # The cursor that follows builds on its rows.
                    await self._storing
                await self._store()
            raise
        finally:
            for worker in self._workers:
                worker.cancel()
            await asyncio.gather(*self._workers, return_exceptions=True)

    def _most(self) -> int:
        """Return how many messages may be on their way now."""
        if self._health.is_quiet(self._steady()):
            return 0
        return 1 if self._health.failures >= _FAILING else _PARALLEL

    async def _fill(self) -> None:
        """Take what follows in the log, and what is due to be tried again."""
        courier, endpoint = self._courier, self._endpoint
        self._ended = True
        if self._steady() - self._looked_at >= _LOOK:
            # Somebody may have changed or deleted it, or want something delivered again.
            self._endpoint = endpoint = await asyncio.to_thread(
                courier.endpoints.whole, endpoint.id
            )
            await self._look_again()
        if self._health.is_quiet(self._steady()):
            return
        failing = self._health.failures >= _FAILING
        if self._held_up:
            limit = 1 if failing else _PARALLEL
            busy = self._queues.keys() | self._outcome.touched
            due = await asyncio.to_thread(
                courier.endpoints.due, endpoint.id, courier.clock.now(), limit + len(busy)
            )
            busy |= self._queues.keys() | self._outcome.touched
            for head in [each for each in due if each.subject not in busy][:limit]:
                await self._take_up(head.subject)
        under_way = sum(map(len, self._queues.values()))
        # Of one that fails, one event at a time.
        room, least = (1 - under_way, 1) if failing else (_WINDOW - under_way, _WINDOW // 2)
        if room < least:
            self._ended = False
            return
        page = await asyncio.to_thread(
            courier.events.events, after=self._reached, limit=room, where=wanted_by(endpoint)
        )
        self._reached = page.reached
        self._ended = failing or page.reached >= page.last
        for event in page.items:
            item = self._window[event.seq] = _Item(event)
            subject = event.subject_key
            if subject in self._held_up:
                self._park([item])
            else:
                self._enqueue(subject, item)

    async def _take_up(self, subject: str) -> None:
        """Try what is pending of a subject again."""
        courier = self._courier
        rows = await asyncio.to_thread(
            courier.endpoints.of_subject, self._endpoint.id, subject, _SUBJECT
        )
        items = []
        for row in rows:
            page = await asyncio.to_thread(courier.events.events, after=row.seq - 1, limit=1)
            if page.items and page.items[0].seq == row.seq:
                items.append(_Item(page.items[0], row.attempts, stored=True))
            else:
                # A storage restored from a backup does not have it.
                self._outcome.settled.append(row.seq)
                self._outcome.look_again = True
        # All at once: the first may fail before the second is read.
        for item in items:
            self._enqueue(subject, item)

    def _enqueue(self, subject: str, item: _Item) -> None:
        queue = self._queues.setdefault(subject, deque())
        queue.append(item)
        if len(queue) == 1:
            self._ready.append(item)

    async def _work(self) -> None:
        """Send one message after another."""
        while self._ready and len(self._workers) <= self._most():
            item = self._ready.popleft()
            item.began = self._steady()
            receipt = await self._attempt(item.event)
            item.began = None
            if receipt.error is None:
                self._succeeded(item)
            else:
                self._failed(item, receipt, receipt.error)
        self._hungry.set()

    async def _attempt(self, event: LoggedEvent) -> Receipt:
        courier, endpoint = self._courier, self._endpoint
        try:
            body = await courier.body(event, endpoint)
            now = courier.clock.now()
            message = Message(event.id, now, body, endpoint.secrets(now))
            return await courier.sender.send(endpoint.url, message)
        except StorageUnavailable:
            return Receipt(None, "the contact could not be read.")
        except Exception:
            # It must not stop all others.
            logger.exception("event %s could not be sent", event.seq)
            return Receipt(None, "a defect in the service; its log says more.")

    def _succeeded(self, item: _Item) -> None:
        health = self._health
        self._outcome.recovered |= health.failures >= _FAILING
        health.failures, health.quiet, health.quiet_until = 0, 0.0, 0.0
        self._outcome.succeeded, self._outcome.error = True, None
        item.done = True
        if item.stored:
            self._outcome.settled.append(item.event.seq)
            self._outcome.touched.add(item.event.subject_key)
            self._outcome.deliveries.pop(item.event.seq, None)
        self._next(item.event.subject_key)

    def _failed(self, item: _Item, receipt: Receipt, error: str) -> None:
        health, now = self._health, self._courier.clock.now()
        health.failures += 1
        if health.failures >= _FAILING and self._steady() >= health.quiet_until:
            health.quiet = min(max(1.0, 2 * health.quiet), _MOST_QUIET)
            health.quiet_until = self._steady() + health.quiet
        if receipt.status in _BUSY and receipt.retry_after is not None:
            quiet = min(receipt.retry_after.total_seconds(), _MOST_ASKED)
            # Not `quiet_until`: what was on its way already may still succeed, and means nothing.
            health.busy_until = max(health.busy_until, self._steady() + quiet)
        self._outcome.error = error
        self._outcome.gone |= receipt.status == _GONE
        item.attempts += 1
        chance = self._courier.rolls() / ROLLS
        at = next_attempt(item.attempts, now, chance, receipt.retry_after)
        self._put(item, at, error)
        item.done = True
        subject = item.event.subject_key
        if at is None:
            # It is dead; what stands behind it goes on.
            self._next(subject)
            return
        queue = self._queues.pop(subject)
        queue.popleft()
        self._held_up.add(subject)
        self._park(each for each in queue if not each.stored)

    def _next(self, subject: str) -> None:
        queue = self._queues[subject]
        queue.popleft()
        if queue:
            self._ready.append(queue[0])
        else:
            del self._queues[subject]
            self._outcome.look_again |= subject in self._held_up

    def _park(self, items: Iterable[_Item]) -> None:
        """Let items wait for others of their subject, in rows."""
        for each in items:
            self._put(each, self._courier.clock.now(), None)
            each.done = True

    def _put(self, item: _Item, at: datetime | None, error: str | None) -> None:
        seq, subject = item.event.seq, item.event.subject_key
        self._outcome.deliveries[seq] = Delivery(seq, subject, item.attempts, at, error)
        self._outcome.touched.add(subject)
        item.stored = True

    async def _store(self) -> bool:
        """Store what came of the attempts; tell whether this process may go on."""
        self._pass_slow_ones()
        window = self._window
        while window and next(iter(window.values())).done:
            del window[next(iter(window))]
        cursor = next(iter(window)) - 1 if window else self._reached
        outcome = self._outcome
        command = RecordDeliveries(
            self._endpoint.id,
            self._courier.holder,
            cursor,
            list(outcome.deliveries.values()),
            outcome.settled,
            outcome.error,
            outcome.succeeded,
            outcome.recovered,
            outcome.gone,
        )
        changed = bool(
            cursor > self._health.cursor
            or command.deliveries
            or command.settled
            or command.error
            or command.succeeded
        )
        old = self._health.leased_until - self._steady() < LEASE.total_seconds() / 2
        self._stored_at = self._steady()
        if not changed and not (old and (self._workers or self._ready)):
            return True
        self._outcome = _Outcome()
        self._storing = asyncio.ensure_future(
            self._courier.intake.submit(self._courier.record, command, TIMER)
        )
        endpoint = await asyncio.shield(self._storing)
        if endpoint is None or endpoint.state is not EndpointState.ENABLED:
            # Whoever enables it again wants it tried at once.
            self._courier.health.pop(self._endpoint.id, None)
            return False
        self._endpoint, self._health.cursor = endpoint, endpoint.cursor
        self._health.leased_until = self._steady() + LEASE.total_seconds()
        if outcome.look_again:
            await self._look_again()
        return True

    async def _look_again(self) -> None:
        """Look which subjects have something pending now."""
        self._looked_at = self._steady()
        found = await asyncio.to_thread(self._courier.endpoints.held_up, self._endpoint.id)
        # What has failed meanwhile is not stored yet.
        self._held_up = found | {each.subject for each in self._outcome.deliveries.values()}

    def _pass_slow_ones(self) -> None:
        """Put down what has been under way for long, so that the cursor need not wait for it."""
        now = self._steady()
        for subject, (head, *behind) in self._queues.items():
            if head.began is not None and now - head.began > _SLOW and not head.stored:
                again = self._courier.clock.now() + LEASE
                self._put(head, again, None)
                head.done = True
                self._park(behind)
                self._held_up.add(subject)
