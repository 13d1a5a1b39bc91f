"""Group commit: registrations that arrive while a transaction runs share the next one."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from application.ports.failures import Overloaded, StorageUnavailable
from application.register_contacts import (
    Draft,
    Intake,
    Refused,
    RegisterContact,
    RegisterContactsHandler,
    Registered,
)
from application.worker import Worker
from domain.actor import Actor
from domain.errors import DomainError

MOST: Final = 128
"""Commands in one transaction: enough to share its cost, few enough to keep the wait short."""

MOST_WAITING: Final = 4096
"""Commands that wait; some two seconds of work. Whoever comes later is told so at once: an answer
that comes after the client has given up is work for nobody."""


class _Waiter(NamedTuple):
    """A contact to be registered, and who is to hear of it."""

    draft: Draft
    future: asyncio.Future[Any]
    answer: Callable[[Registered], Any]

    def hear(self, outcome: Registered | Refused) -> Any:
        """Return what to answer, or the error."""
        try:
            return self.answer(outcome) if isinstance(outcome, Registered) else outcome
        except Exception as defect:  # noqa: BLE001 -- of this one, which must harm no other
            return defect


def _as_it_is(registered: Registered) -> Registered:
    return registered


class GroupCommitIntake(Intake):
    """One transaction at a time; it takes what is waiting once it has begun, and waits for no more.

    What can take long, to wait for somebody else's transaction and for the disk, is done in a
    thread, so that the event loop stays free. A few milliseconds of Python are done on the loop:
    at every statement the driver lets go of the interpreter's lock, and a thread that wants it
    back waits for its turn each time. Measured at 32 connections, as parts of an empty POST's
    throughput: 0.43 with the whole transaction in the thread, 0.55 with its beginning and its end
    there, 0.78 with nothing there but the commit.

    Answers are made while the disk works, when the loop has little else to do, and all of a batch
    in one go: 1.10 to 1.13 times the registrations at 32 connections and 1.08 to 1.12 at 256, in
    turns with answers that each request made for itself.
    """

    def __init__(self, register: RegisterContactsHandler) -> None:
        self._register = register
        self._waiting: deque[_Waiter] = deque()
        self._writer: asyncio.Task[None] | None = None
        self._worker = Worker("intake")

    def submit(
        self,
        command: RegisterContact,
        actor: Actor,
        answer: Callable[[Registered], Any] = _as_it_is,
    ) -> Awaitable[Any]:
        """Put a command into the queue; see `Intake`."""
        if len(self._waiting) >= MOST_WAITING:
            raise Overloaded("too many registrations wait already.")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        (draft,) = self._register.draft([command], actor)
        if isinstance(draft, DomainError):
            future.set_exception(draft)
            return future
        self._waiting.append(_Waiter(draft, future, answer))
        if self._writer is None or self._writer.done():
            self._writer = loop.create_task(self._write())
        return future

    async def close(self) -> None:
        """Finish what was submitted."""
        if self._writer is not None:
            await self._writer
        self._worker.close()

    async def _write(self) -> None:
        while self._waiting:
            # Whoever is ready at this moment gets in; otherwise the first of several requests
            # that arrive together would get a transaction of its own.
            await asyncio.sleep(0)
            batch: list[_Waiter] = []
            try:
                answers = await self._carry_out(batch)
            except Exception as defect:  # noqa: BLE001 -- whoever waits must hear of it, and the next batch must run
                self._take(batch)
                answers = [defect] * len(batch)
            for waiter, answer in zip(batch, answers, strict=True):
                # A client that went away has cancelled its future; its contact is stored.
                if waiter.future.cancelled():
                    continue
                if isinstance(answer, Exception):
                    waiter.future.set_exception(answer)
                else:
                    waiter.future.set_result(answer)

    async def _carry_out(self, batch: list[_Waiter]) -> Sequence[Any]:
        """Register those who wait, put them into `batch`, and return what each is to hear."""
        loop, uow, answers = asyncio.get_running_loop(), self._register.unit_of_work(), list[Any]()

        def commit(outcomes: Sequence[Registered | Refused]) -> None:
            # The loop does this before it hears that the commit has ended.
            loop.call_soon_threadsafe(lambda: answers.extend(_answers(batch, outcomes)))
            uow.commit()

        def store() -> None:
            with uow:
                commit(self._register.within(uow, self._take(batch)))

        try:
            if uow.begin_at_once():
                with uow:
                    outcomes = self._register.within(uow, self._take(batch))
                    await self._worker.run(partial(commit, outcomes))
            else:
                await self._worker.run(store)
        except StorageUnavailable as failure:
            drafts = self._take(batch)
            outcomes = await self._worker.run(partial(self._register.after, failure, drafts))
            return _answers(batch, outcomes)
        return answers

    def _take(self, batch: list[_Waiter]) -> list[Draft]:
        """Fill a batch that is empty with those who have waited longest; returns what it holds.

        Only now that the transaction has begun, or has failed to: whoever came while it waited for
        its turn is in it. With three processes on one PostgreSQL, batches are twice as large.
        """
        if not batch:
            batch += [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
        return [each.draft for each in batch]


def _answers(batch: Sequence[_Waiter], outcomes: Sequence[Registered | Refused]) -> list[Any]:
    return [waiter.hear(outcome) for waiter, outcome in zip(batch, outcomes, strict=True)]
