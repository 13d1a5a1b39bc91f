"""Group commit: commands of any kind that arrive while a transaction runs share the next one."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NamedTuple, TypeVar, overload

from application.ports.failures import Overloaded
from application.together import after
from application.transactions import Transactions
from application.use_case import Order, UseCase, carry_out
from domain.actor import Actor
from domain.errors import DomainError

MOST: Final = 128
"""Commands in one transaction: enough to share its cost, few enough to keep the wait short."""

MOST_WAITING: Final = 4096
"""Commands that may wait: about two seconds of work. Later ones are refused at once: an answer that
comes after the client has given up is wasted work."""

Command = TypeVar("Command")
View = TypeVar("View")
Answered = TypeVar("Answered")


class _Waiter(NamedTuple):
    """An order, and where its answer goes."""

    order: Order
    future: asyncio.Future[Any]
    answer: Callable[[Any], Any] | None

    def hear(self, outcome: Any) -> Any:
        """Return what to answer, or the error."""
        if self.answer is None or isinstance(outcome, Exception):
            return outcome
        try:
            return self.answer(outcome)
        except Exception as defect:  # noqa: BLE001 -- one answer that fails must harm no other
            return defect


class Intake:
    """One transaction at a time; it takes what is waiting once it has begun, and waits for no more.

    What can take long (waiting for another transaction or for the disk) is done in a thread, so the
    event loop stays free. A few milliseconds of Python are done on the loop: the driver releases
    the interpreter's lock at every statement, and a thread that wants it back has to wait for its
    turn each time. Measured at 32 connections, as fractions of an empty POST's throughput: 0.43
    with the whole transaction in the thread, 0.55 with its beginning and its end there, 0.78 with
    only the commit there. So short commands are decided on the loop. Any other may take long, so a
    transaction with such a command runs in the thread, and holds up everybody for some 70 ms.

    Answers are made while the disk works, when the loop has little else to do, and for a whole
    batch in one go. Compared in alternating rounds with answers that each request made for itself,
    this gives 1.10 to 1.13 times the registrations at 32 connections and 1.08 to 1.12 at 256.

    An intake belongs to one event loop.
    """

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._waiting: deque[_Waiter] = deque()
        self._writer: asyncio.Task[None] | None = None
        self._closing = False
        self._goes_on = False
        self._thread = ThreadPoolExecutor(1, "intake")

    @overload
    def submit(
        self, use_case: UseCase[Command, View], command: Command, actor: Actor
    ) -> Awaitable[View]: ...

    @overload
    def submit(
        self,
        use_case: UseCase[Command, View],
        command: Command,
        actor: Actor,
        answer: Callable[[View], Answered],
    ) -> Awaitable[Answered]: ...

    def submit(
        self,
        use_case: UseCase[Any, Any],
        command: Any,
        actor: Actor,
        answer: Callable[[Any], Any] | None = None,
    ) -> Awaitable[Any]:
        """Put a command into the queue; it is carried out even if nobody awaits the result.

        Args:
            use_case: what is asked for.
            command: its command.
            actor: who sends it.
            answer: turns the result into what the caller awaits, usually while the transaction is
                on its way to the disk, when there is time. The caller gets it only once the
                transaction is there. If the transaction fails, `answer` may have been called in
                vain, and may be called again.

        Raises:
            Overloaded: the queue is full; the command was not taken.

        Raises, when awaited:
            DomainError: the command is refused.
            StorageUnavailable: nothing has changed, unless it is OutcomeUnknown.
        """
        if len(self._waiting) >= MOST_WAITING:
            raise Overloaded("too many changes are waiting already.")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        try:
            order = use_case.order(command, actor)
        except DomainError as refusal:
            future.set_exception(refusal)
            return future
        self._waiting.append(_Waiter(order, future, answer))
        if self._writer is None or self._writer.done():
            self._writer = loop.create_task(self._write())
        return future

    async def close(self) -> None:
        """Finish what was submitted; slices of longer work are left to the next process."""
        self._closing = True
        if self._writer is not None:
            await self._writer
        self._thread.shutdown()
        # An application may be started again.
        self._thread = ThreadPoolExecutor(1, "intake")
        self._closing = False

    async def _write(self) -> None:
        while self._waiting or (self._goes_on and not self._closing):
            # Let in every request that is ready now; otherwise the first of several that arrive
            # together would get a transaction to itself.
            await asyncio.sleep(0)
            batch: list[_Waiter] = []
            try:
                answers = await self._carry_out(batch)
            except Exception as defect:  # noqa: BLE001 -- those who wait must get it, and the next batch must run
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
        """Carry out the waiting orders, which go into `batch`; return the answer to each."""
        loop, answers = asyncio.get_running_loop(), list[Any]()
        uow, timers = self._transactions.begin(), self._transactions.timers
        self._goes_on = False

        def decide() -> Sequence[Any]:
            timers.settle(uow)
            outcomes = carry_out(uow, self._take(batch))
            self._goes_on = timers.leaves_some(uow)
            return outcomes

        def commit(outcomes: Sequence[Any]) -> None:
            # The loop runs this before it learns that the commit has ended.
            loop.call_soon_threadsafe(lambda: answers.extend(_answers(batch, outcomes)))
            uow.commit()

        def store() -> None:
            with uow:
                commit(decide())

        try:
            if self._is_short() and uow.begin_at_once():
                with uow:
                    await loop.run_in_executor(self._thread, commit, decide())
            else:
                await loop.run_in_executor(self._thread, store)
        except Exception as failure:  # noqa: BLE001 -- each is tried by itself, and gets its own
            orders = self._take(batch)
            outcomes = await loop.run_in_executor(
                self._thread, after, failure, self._transactions, orders
            )
            return _answers(batch, outcomes)
        return answers

    def _is_short(self) -> bool:
        """Whether the next transaction keeps the loop no longer than a few milliseconds."""
        return all(
            self._waiting[each].order.use_case.short
            for each in range(min(MOST, len(self._waiting)))
        )

    def _take(self, batch: list[_Waiter]) -> list[Order]:
        """Fill an empty batch with the orders that have waited longest; return the orders in it.

        This happens only once the transaction has begun, or has failed to: orders that came while
        it waited for its turn are included. With three processes on one PostgreSQL, this makes
        batches twice as large.
        """
        if not batch:
            batch += [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
        return [each.order for each in batch]


def _answers(batch: Sequence[_Waiter], outcomes: Sequence[Any]) -> list[Any]:
    return [waiter.hear(outcome) for waiter, outcome in zip(batch, outcomes, strict=True)]
