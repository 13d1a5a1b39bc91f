"""How work is done in transactions: lost ones are retried, here and nowhere else."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from application.due import Timers, Unsettled
from application.ports.failures import StorageUnavailable, TransactionLost
from application.ports.system import Pause
from application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

_ATTEMPTS: Final = 4
_MOST_PAUSE: Final = 0.1
"""The most seconds before the second attempt; twice as many before each later one."""


@dataclass(frozen=True, slots=True)
class Transactions:
    """Does work in transactions, each of which first settles what is due."""

    begin: UnitOfWorkFactory
    pause: Pause
    timers: Timers

    def __call__(self, work: Callable[[UnitOfWork], Result]) -> Result:
        """Do some work in a transaction, which is committed if the work raises nothing.

        A lost transaction is retried after a random pause: after a fixed one, transactions that
        were in each other's way would meet again.

        Raises:
            StorageUnavailable: nothing has changed, unless it is OutcomeUnknown.
        """
        attempt = 1
        while True:
            try:
                return self.once(work)
            except Unsettled as failure:
                self.put_off(failure)
            except TransactionLost:
                if attempt == _ATTEMPTS:
                    raise
                self.pause(_MOST_PAUSE * 2 ** (attempt - 1))
                attempt += 1

    def to_the_end(self, work: Callable[[UnitOfWork], Result]) -> Result:
        """Do some work, and then whatever slices it has left; see `Timer`.

        Raises:
            StorageUnavailable: nothing has changed, unless it is OutcomeUnknown.
        """
        result, more = self(lambda uow: (work(uow), self.timers.leaves_some(uow)))
        while more:
            try:
                more = self(self.timers.leaves_some)
            except StorageUnavailable:
                # The work is done, and the rest is stored as due: any other transaction goes on.
                break
        return result

    def once(self, work: Callable[[UnitOfWork], Result]) -> Result:
        """Do some work in one transaction, without retrying it."""
        with self.begin() as uow:
            self.timers.settle(uow)
            return work(uow)

    def put_off(self, failure: Unsettled) -> None:
        """Put off an item that could not be settled, and log why."""
        logger.error("%s; it is put off", failure, exc_info=failure)
        with self.begin() as uow:
            self.timers.put_off(uow, failure.item)
