"""How work is done in transactions: what was lost is tried again, here and nowhere else."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from application.due import Timers, Unsettled
from application.ports.failures import TransactionLost
from application.ports.system import Pause
from application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

_ATTEMPTS: Final = 4
_MOST_PAUSE: Final = 0.1
"""Seconds before the second attempt; twice as many before each later one."""


@dataclass(frozen=True, slots=True)
class Transactions:
    """Does work in transactions, each of which settles first what is due."""

    begin: UnitOfWorkFactory
    pause: Pause
    timers: Timers

    def __call__(self, work: Callable[[UnitOfWork], Result]) -> Result:
        """Do some work in a transaction, which is committed if it raises nothing.

        One that was lost is tried again, at a moment that chance picks: whoever was in each other's
        way would meet again.

        Raises:
            StorageUnavailable: nothing has changed, but for OutcomeUnknown.
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

    def once(self, work: Callable[[UnitOfWork], Result]) -> Result:
        """Do some work in one transaction, whatever becomes of it."""
        with self.begin() as uow:
            self.timers.settle(uow)
            return work(uow)

    def put_off(self, failure: Unsettled) -> None:
        """Let an item rest that could not be settled, and say why."""
        logger.error("%s; it is put off", failure, exc_info=failure)
        with self.begin() as uow:
            self.timers.put_off(uow, failure.item)
